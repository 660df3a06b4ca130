package p2p

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"net"
	"slices"

	"github.com/libp2p/go-libp2p/core/connmgr"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/event"
	bandwidth "github.com/libp2p/go-libp2p/core/metrics"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/peerstore"
	"github.com/libp2p/go-libp2p/core/sec"
	"github.com/libp2p/go-libp2p/core/transport"
	basichost "github.com/libp2p/go-libp2p/p2p/host/basic"
	"github.com/libp2p/go-libp2p/p2p/host/eventbus"
	"github.com/libp2p/go-libp2p/p2p/host/peerstore/pstoremem"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	trimming "github.com/libp2p/go-libp2p/p2p/net/connmgr"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	"github.com/libp2p/go-libp2p/p2p/net/upgrader"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	libp2ptls "github.com/libp2p/go-libp2p/p2p/security/tls"
	libp2pquic "github.com/libp2p/go-libp2p/p2p/transport/quic"
	"github.com/libp2p/go-libp2p/p2p/transport/quicreuse"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	"github.com/quic-go/quic-go"
)

// closers are what a host is made of, closed in reverse.
type closers []func() error

func (c closers) close() error {
	var first error
	for i := len(c) - 1; i >= 0; i-- {
		if err := c[i](); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// compose builds a libp2p host piece by piece. The root libp2p package would do it too,
// but it links WebRTC whatever its options say. The closers are valid on error as well.
func compose(config *resolved, gate *gater, counted *metrics, volume *volume) (*basichost.BasicHost, closers, error) {
	var opened closers
	peers, err := pstoremem.NewPeerstore()
	if err != nil {
		return nil, opened, fmt.Errorf("p2p: peerstore: %w", err)
	}
	opened = append(opened, peers.Close)
	resources, err := newResources(config, refusals{counted.refused})
	if err != nil {
		return nil, opened, err
	}
	opened = append(opened, resources.Close)
	bus := eventbus.NewBus()
	network, err := newSwarm(config, peers, bus, gate, resources, traffic{counted.bytes, volume, Cells.on(config.ChainID)})
	if err != nil {
		return nil, opened, err
	}
	opened = append(opened, network.Close)
	parts, err := addTransports(config, network, gate, resources, volume)
	if parts.QUIC != nil {
		opened = append(opened, parts.QUIC.Close)
	}
	if err != nil {
		return nil, opened, err
	}
	observed, err := observe(bus, network)
	if err != nil {
		return nil, opened, err
	}
	opened = append(opened, observed.Close)
	host, err := newBasicHost(config, network, bus, observed)
	if err != nil {
		return nil, opened, err
	}
	opened = append(opened, host.Close)
	traversal, err := traverse(config, parts, host, volume)
	return host, append(opened, traversal...), err
}

func newSwarm(config *resolved, peers peerstore.Peerstore, bus event.Bus, gate connmgr.ConnectionGater, resources network.ResourceManager, bytes bandwidth.Reporter) (*swarm.Swarm, error) {
	self, err := peer.IDFromPrivateKey(config.Key)
	if err != nil {
		return nil, fmt.Errorf("p2p: node key: %w", err)
	}
	if err := peers.AddPrivKey(self, config.Key); err != nil {
		return nil, fmt.Errorf("p2p: node key: %w", err)
	}
	if err := peers.AddPubKey(self, config.Key.GetPublic()); err != nil {
		return nil, fmt.Errorf("p2p: node key: %w", err)
	}
	options := []swarm.Option{swarm.WithConnectionGater(gate), swarm.WithResourceManager(resources)}
	if bytes != nil {
		options = append(options, swarm.WithMetrics(bytes))
	}
	network, err := swarm.NewSwarm(self, peers, bus, options...)
	if err != nil {
		return nil, fmt.Errorf("p2p: swarm: %w", err)
	}
	return network, nil
}

func newBasicHost(config *resolved, network *swarm.Swarm, bus event.Bus, observed basichost.ObservedAddrsManager) (*basichost.BasicHost, error) {
	connections, err := trimming.NewConnManager(config.Limits.LowPeers, config.Limits.HighPeers)
	if err != nil {
		return nil, fmt.Errorf("p2p: connection manager: %w", err)
	}
	host, err := basichost.NewHost(network, &basichost.HostOpts{
		EventBus:             bus,
		ConnManager:          connections,
		UserAgent:            serviceName,
		ProtocolVersion:      protocolRoot + config.ChainID,
		EnablePing:           true,
		ObservedAddrsManager: observed,
		EnableHolePunching:   true,
		EnableRelayService:   config.Relay,
		RelayServiceOpts:     config.relayOptions(),
	})
	if err != nil {
		return nil, fmt.Errorf("p2p: host: %w", err)
	}
	return host, nil
}

// addTransports gives the swarm TCP, QUIC and what the Config adds, and returns what it
// built them from, of which QUIC is the caller's to close, on error as well.
func addTransports(config *resolved, network *swarm.Swarm, gate connmgr.ConnectionGater, resources network.ResourceManager, volume *volume) (parts Parts, err error) {
	parts = Parts{Key: config.Key, Gater: gate, Resources: resources}
	if parts.Upgrader, err = newUpgrader(config.Key, gate, resources, volume); err != nil {
		return parts, err
	}
	if parts.QUIC, err = newQUIC(config, resources); err != nil {
		return parts, err
	}
	for _, build := range append([]func(Parts) (transport.Transport, error){newTCPTransport, newQUICTransport}, config.Transports...) {
		built, err := build(parts)
		if err != nil {
			return parts, fmt.Errorf("p2p: transport: %w", err)
		}
		if err := network.AddTransport(built); err != nil {
			return parts, fmt.Errorf("p2p: transport: %w", err)
		}
	}
	return parts, nil
}

func newTCPTransport(p Parts) (transport.Transport, error) {
	return tcp.NewTCPTransport(p.Upgrader, p.Resources, nil)
}

func newQUICTransport(p Parts) (transport.Transport, error) {
	return libp2pquic.NewTransport(p.Key, p.QUIC, nil, p.Gater, p.Resources)
}

// newUpgrader secures raw connections by Noise or TLS and multiplexes them by yamux.
func newUpgrader(key crypto.PrivKey, gate connmgr.ConnectionGater, resources network.ResourceManager, volume *volume) (transport.Upgrader, error) {
	muxers := []upgrader.StreamMuxer{{ID: yamux.ID, Muxer: yamux.DefaultTransport}}
	noiseSecurity, err := noise.New(noise.ID, key, muxers)
	if err != nil {
		return nil, fmt.Errorf("p2p: noise: %w", err)
	}
	tlsSecurity, err := libp2ptls.New(libp2ptls.ID, key, muxers)
	if err != nil {
		return nil, fmt.Errorf("p2p: tls: %w", err)
	}
	secured := []sec.SecureTransport{countedSecurity{noiseSecurity, volume}, countedSecurity{tlsSecurity, volume}}
	return upgrader.New(secured, muxers, nil, resources, gate)
}

// newQUIC manages the UDP sockets. A connection is counted before its handshake.
func newQUIC(config *resolved, resources network.ResourceManager) (*quicreuse.ConnManager, error) {
	var reset quic.StatelessResetKey
	var token quic.TokenGeneratorKey
	for name, secret := range map[string][]byte{"stateless reset": reset[:], "token": token[:]} {
		if err := derive(secret, config.Key, name); err != nil {
			return nil, fmt.Errorf("p2p: quic keys: %w", err)
		}
	}
	options := append(slices.Clip(config.sockets),
		quicreuse.ConnContext(func(ctx context.Context, client *quic.ClientInfo) (context.Context, error) {
			return countConnection(ctx, client, resources)
		}),
		quicreuse.VerifySourceAddress(func(address net.Addr) bool { return resources.VerifySourceAddress(address) }),
	)
	return quicreuse.NewConnManager(reset, token, options...)
}

func countConnection(ctx context.Context, client *quic.ClientInfo, resources network.ResourceManager) (context.Context, error) {
	address, err := quicreuse.ToQuicMultiaddr(client.RemoteAddr, quic.Version1)
	if err != nil {
		address = nil // the resource manager judges an unknown address too
	}
	scope, err := resources.OpenConnection(network.DirInbound, false, address)
	if err != nil {
		return ctx, err
	}
	context.AfterFunc(ctx, scope.Done)
	return network.WithConnManagementScope(ctx, scope), nil
}

// derive fills secret from the identity, so that it survives restarts.
func derive(secret []byte, key crypto.PrivKey, name string) error {
	raw, err := key.Raw()
	if err != nil {
		return err
	}
	derived, err := hkdf.Key(sha256.New, raw, nil, "ashlar quic "+name, len(secret))
	copy(secret, derived)
	return err
}
