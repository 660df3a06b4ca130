package p2p

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/host/autonat"
	"github.com/libp2p/go-libp2p/p2p/host/autorelay"
	basichost "github.com/libp2p/go-libp2p/p2p/host/basic"
	"github.com/libp2p/go-libp2p/p2p/host/eventbus"
	"github.com/libp2p/go-libp2p/p2p/host/observedaddrs"
	"github.com/libp2p/go-libp2p/p2p/host/peerstore/pstoremem"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	circuit "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/proto"
	relay "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// relaysWanted is how many relays a host that cannot be reached keeps a reservation with.
const relaysWanted = 2

// observe has the host learn from its peers what its addresses look like from outside.
func observe(bus event.Bus, network *swarm.Swarm) (*observedaddrs.Manager, error) {
	observed, err := observedaddrs.NewManager(bus, network)
	if err != nil {
		return nil, fmt.Errorf("p2p: observed addresses: %w", err)
	}
	observed.Start(network)
	return observed, nil
}

// traverse makes a host reachable through NATs, as far as peers help: AutoNAT finds out
// whether it can be reached, and if not, it reserves a place with relays, over which a
// direct connection is then agreed on by hole punching.
func traverse(config *resolved, parts Parts, host *basichost.BasicHost, volume *volume) (closers, error) {
	var opened closers
	if err := circuit.AddTransport(host, parts.Upgrader); err != nil {
		return opened, fmt.Errorf("p2p: relay client: %w", err)
	}
	relays, err := autorelay.NewAutoRelay(host, autorelay.WithPeerSource(relaysKnown(host)),
		autorelay.WithNumRelays(relaysWanted), autorelay.WithMinCandidates(1))
	if err != nil {
		return opened, fmt.Errorf("p2p: relay client: %w", err)
	}
	relays.Start()
	opened = append(opened, relays.Close)
	options := []autonat.Option{autonat.UsingAddresses(func() []multiaddr.Multiaddr {
		return slices.DeleteFunc(host.AllAddrs(), func(a multiaddr.Multiaddr) bool { return !manet.IsPublicAddr(a) })
	})}
	if config.Reachability != network.ReachabilityUnknown {
		options = append(options, autonat.WithReachability(config.Reachability))
	}
	if config.Serve {
		dialer, closeDialer, err := newDialer(config, parts, volume)
		opened = append(opened, closeDialer.close)
		if err != nil {
			return opened, err
		}
		options = append(options, autonat.EnableService(dialer))
	}
	reachability, err := autonat.New(host, options...)
	if err != nil {
		return opened, fmt.Errorf("p2p: autonat: %w", err)
	}
	return append(opened, reachability.Close), nil
}

// newDialer is what AutoNAT dials back with, under an identity of its own, so that no
// connection that stands is taken for an answer.
func newDialer(config *resolved, parts Parts, volume *volume) (*swarm.Swarm, closers, error) {
	var opened closers
	apart := *config
	apart.Transports = nil
	var err error
	if apart.Key, _, err = crypto.GenerateEd25519Key(rand.Reader); err != nil {
		return nil, opened, fmt.Errorf("p2p: autonat: %w", err)
	}
	peers, err := pstoremem.NewPeerstore()
	if err != nil {
		return nil, opened, fmt.Errorf("p2p: autonat: %w", err)
	}
	opened = append(opened, peers.Close)
	dialer, err := newSwarm(&apart, peers, eventbus.NewBus(), parts.Gater, parts.Resources, nil)
	if err != nil {
		return nil, opened, err
	}
	opened = append(opened, dialer.Close)
	own, err := addTransports(&apart, dialer, parts.Gater, parts.Resources, volume)
	if own.QUIC != nil {
		opened = append(opened, own.QUIC.Close)
	}
	return dialer, opened, err
}

// relayOptions bound what a host that peers can reach relays. A host whose owner says that
// it can be reached relays on networks that have no public addresses, too.
func (c *resolved) relayOptions() []relay.Option {
	resources := relay.DefaultResources()
	resources.MaxReservations = c.Limits.RelayedPeers
	resources.MaxReservationsPerIP = c.Limits.ConnectionsPerSubnet
	resources.MaxReservationsPerASN = c.Limits.RelayedPeers
	resources.Limit = &relay.RelayLimit{Duration: relayedFor, Data: c.Limits.RelayedBytes}
	options := []relay.Option{relay.WithResources(resources)}
	if c.Reachability == network.ReachabilityPublic {
		options = append(options, relay.WithReservationAddressFilter(func(multiaddr.Multiaddr) bool { return true }))
	}
	return options
}

// relaysKnown offers connected peers that say they relay, those that stand and those to come.
func relaysKnown(host *basichost.BasicHost) autorelay.PeerSource {
	return func(ctx context.Context, most int) <-chan peer.AddrInfo {
		found := make(chan peer.AddrInfo, most)
		go func() {
			defer close(found)
			offerRelays(ctx, host, most, found)
		}()
		return found
	}
}

// offerRelays sends at most so many peers, until the context ends.
func offerRelays(ctx context.Context, host *basichost.BasicHost, most int, found chan<- peer.AddrInfo) {
	identified, err := host.EventBus().Subscribe(new(event.EvtPeerIdentificationCompleted), eventbus.Name("relays"))
	if err != nil {
		return
	}
	defer func() { _ = identified.Close() }() // it closes nothing that can fail
	offered := map[peer.ID]bool{}
	offer := func(id peer.ID) {
		if speaks, err := host.Peerstore().SupportsProtocols(id, proto.ProtoIDv2Hop); err == nil && len(speaks) > 0 && !offered[id] {
			offered[id] = true
			found <- peer.AddrInfo{ID: id, Addrs: host.Peerstore().Addrs(id)}
		}
	}
	for _, id := range host.Network().Peers() {
		if len(offered) < most {
			offer(id)
		}
	}
	for len(offered) < most {
		select {
		case <-ctx.Done():
			return
		case e, open := <-identified.Out():
			if !open {
				return
			}
			offer(e.(event.EvtPeerIdentificationCompleted).Peer)
		}
	}
}
