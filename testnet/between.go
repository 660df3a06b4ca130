package testnet

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
)

// way returns the address by which one node reaches a port of another: a relay's where the
// network has a link, a new one for each pair, so that each has losses of its own.
func (n *Network) way(port int) (string, error) {
	if n.config.Link == nil {
		return hostPort(port), nil
	}
	relayed, err := n.ports.Take()
	if err != nil {
		return "", err
	}
	relay, err := NewRelay(context.Background(), hostPort(relayed), hostPort(port), *n.config.Link, rand.Uint64())
	if err != nil {
		return "", err
	}
	n.mu.Lock()
	n.relays = append(n.relays, relay)
	n.mu.Unlock()
	go func() {
		if err := relay.Run(); err != nil {
			n.fail(err)
		}
	}()
	return hostPort(relayed), nil
}

// PeerAddress returns a multiaddress by which another node reaches a full node: its own or,
// where the network has a link, that of a relay of its own.
func (n *Network) PeerAddress(node *FullNode) (string, error) {
	address, err := n.way(node.libp2p)
	if err != nil {
		return "", err
	}
	_, id, _ := strings.Cut(node.Peer, "/p2p/")
	host, port, _ := strings.Cut(address, ":")
	return fmt.Sprintf("/ip4/%s/tcp/%s/p2p/%s", host, port, id), nil
}

// instruments are the settings that have a node say what takes its time. Where there is a
// link, nodes that are told of each other's own addresses would go round it.
func (n *Network) instruments(node *FullNode) Settings {
	settings := Settings{}
	if n.config.Measure {
		settings["instrumentation.prometheus"] = "true"
		settings["instrumentation.prometheus_listen_addr"] = quote(hostPort(node.metrics))
		settings["rpc.pprof_laddr"] = quote(hostPort(node.profile))
	}
	if n.config.Link != nil {
		settings["p2p.pex"] = "false"
	}
	return settings
}
