package p2p

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"time"

	"github.com/libp2p/go-libp2p/core/connmgr"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/transport"
	"github.com/libp2p/go-libp2p/p2p/transport/quicreuse"
	"github.com/multiformats/go-multiaddr"
	"github.com/prometheus/client_golang/prometheus"
)

// Config is what a host is made of. ChainID, Key and Log are required; zero values of
// the rest mean what their comments say.
type Config struct {
	// ChainID names the chain; hosts of different chains do not understand each other.
	ChainID string
	// Key is the host's Ed25519 identity: see LoadOrCreateKey.
	Key crypto.PrivKey
	// Listen are the multiaddresses to listen on, TCP and QUIC. None: the host only dials.
	Listen []string
	// Peers are multiaddresses, /p2p/ID included, to stay connected to.
	Peers []string
	// DHT finds more peers by a Kademlia table of this chain's own.
	DHT bool
	// MDNS finds peers of the chain on the local network. It needs an address to listen on.
	MDNS bool
	// Serve makes the host a full member of the DHT. Light nodes only ask it.
	Serve bool
	// Relay lets a host that peers can reach relay, within Limits, for those that cannot
	// be reached.
	Relay bool
	// Reachability says whether peers can reach the host. Unknown: AutoNAT finds out.
	Reachability network.Reachability
	// Deaf keeps the host out of the gossip about heads: it hears of none, relays none and
	// cannot announce any.
	Deaf bool

	// Headers and Squares are what the host serves; nil ones are not served.
	Headers HeaderSource
	Squares SquareSource
	// Evidence takes what peers submit of validators that signed two chains; nil: it is not
	// asked for.
	Evidence EvidenceSink
	// Holdings tells which cells Squares can serve. Nil: peers that ask learn nothing.
	Holdings HoldingSource
	// Certificates are what attesters signed, for nodes that were away; nil: they are not served.
	Certificates CertificateSource
	// Sampled tells that Squares holds but cells: rows and namespaces are not served, so that
	// nobody asks for them in vain.
	Sampled bool
	// CheckHead says what a peer's announcement is worth. Only what it accepts is
	// relayed. Nil: nothing is.
	CheckHead func(ctx context.Context, announcement Announcement) Verdict
	// CheckAttested says what an attester's signature is worth, and keeps what it accepts. Nil: the
	// host stays out of the gossip about attestations.
	CheckAttested func(ctx context.Context, attested Attested) Verdict

	// Transports builds transports beside TCP and QUIC, such as those for browsers.
	Transports []func(Parts) (transport.Transport, error)

	// RequestTimeout bounds one request from its first byte to the last of its answer,
	// on both sides. 0: 15 s. A peer that reads its answer slowly is given up sooner.
	RequestTimeout time.Duration
	// Limits bound what peers can make the host spend.
	Limits Limits

	// Metrics registers the host's metrics. Nil: they are counted but not registered.
	Metrics prometheus.Registerer
	Log     *slog.Logger

	// sockets replace the system's for QUIC in tests.
	sockets []quicreuse.Option
}

// Limits bound a host's resources. A zero means the default.
type Limits struct {
	// LowPeers and HighPeers: above HighPeers connections are trimmed down to LowPeers
	// (96, 160).
	LowPeers, HighPeers int
	// Connections is the most at any moment (256), of which peers may make three quarters.
	Connections int
	// ConnectionsPerSubnet is the most from one IPv4 /24 or IPv6 /48 (16). Loopback is free.
	ConnectionsPerSubnet int
	// Streams and StreamsPerPeer are the most that peers, and one peer, may have open
	// towards this host on each protocol (512, 32).
	Streams, StreamsPerPeer int
	// Memory is the most, in bytes, that connections, messages and what they are built from
	// may hold (256 MiB); one answer may take an eighth of it.
	Memory int64
	// CellsPerSecond and CellsBurst are how many cells, as SquareSource.Cost counts
	// them, one peer is served (512, 8192); a subnet is served four times that.
	CellsPerSecond, CellsBurst int
	// RelayedPeers is the most peers that hold a place with this host as a relay (64);
	// RelayedBytes how many bytes it relays each way before it ends a connection (4 MiB).
	RelayedPeers int
	RelayedBytes int64
}

// Parts are what a transport is built from.
type Parts struct {
	Key       crypto.PrivKey
	Upgrader  transport.Upgrader
	QUIC      *quicreuse.ConnManager
	Gater     connmgr.ConnectionGater
	Resources network.ResourceManager
}

const (
	defaultRequestTimeout = 15 * time.Second
	// relayedFor is how long one relayed connection may last: time to punch a hole, or to
	// fetch some cells.
	relayedFor = 10 * time.Minute
)

var chainIDs = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,49}$`)

// resolved is a Config whose defaults are filled in and whose addresses are parsed.
type resolved struct {
	Config
	listen []multiaddr.Multiaddr
	peers  []peer.AddrInfo
}

// resolve validates a Config.
func (c Config) resolve() (*resolved, error) {
	if !chainIDs.MatchString(c.ChainID) {
		return nil, fmt.Errorf("p2p: chain id %q: want 1 to 50 letters, digits, dots, dashes or underscores", c.ChainID)
	}
	if c.Key == nil || c.Key.Type() != crypto.Ed25519 {
		return nil, errors.New("p2p: Config.Key must be an Ed25519 key: make one with LoadOrCreateKey")
	}
	if c.Log == nil {
		return nil, errors.New("p2p: Config.Log is missing")
	}
	if c.MDNS && len(c.Listen) == 0 {
		return nil, errors.New("p2p: Config.MDNS needs an address in Config.Listen to make known")
	}
	if c.RequestTimeout == 0 {
		c.RequestTimeout = defaultRequestTimeout
	}
	if c.RequestTimeout < MinRequestTimeout {
		return nil, fmt.Errorf("p2p: request timeout %v is less than %v", c.RequestTimeout, MinRequestTimeout)
	}
	if err := c.Limits.resolve(); err != nil {
		return nil, err
	}
	return c.parseAddresses()
}

func (c Config) parseAddresses() (*resolved, error) {
	r := &resolved{Config: c}
	for _, address := range c.Listen {
		parsed, err := multiaddr.NewMultiaddr(address)
		if err != nil {
			return nil, fmt.Errorf("p2p: listen address %q: %w", address, err)
		}
		r.listen = append(r.listen, parsed)
	}
	for _, address := range c.Peers {
		info, err := peer.AddrInfoFromString(address)
		if err != nil {
			return nil, fmt.Errorf("p2p: peer address %q (want /ip4/…/tcp/…/p2p/ID): %w", address, err)
		}
		r.peers = append(r.peers, *info)
	}
	return r, nil
}

// resolve fills in defaults and refuses negative limits.
func (l *Limits) resolve() error {
	defaults := []struct {
		value     *int
		otherwise int
	}{
		{&l.LowPeers, 96},
		{&l.HighPeers, 160},
		{&l.Connections, 256},
		{&l.ConnectionsPerSubnet, 16},
		{&l.Streams, 512},
		{&l.StreamsPerPeer, 32},
		{&l.CellsPerSecond, 512},
		{&l.CellsBurst, 8192},
		{&l.RelayedPeers, 64},
	}
	for _, d := range defaults {
		if *d.value < 0 {
			return errors.New("p2p: a limit is negative")
		}
		if *d.value == 0 {
			*d.value = d.otherwise
		}
	}
	if l.RelayedBytes < 0 {
		return errors.New("p2p: a limit is negative")
	}
	if l.RelayedBytes == 0 {
		l.RelayedBytes = 4 << 20
	}
	if l.Memory == 0 {
		l.Memory = 256 << 20
	}
	if l.Memory < minMemory {
		return fmt.Errorf("p2p: memory limit of %d bytes: want at least %d MiB, so that the largest answer fits", l.Memory, minMemory>>20)
	}
	if l.LowPeers > l.HighPeers || l.HighPeers > l.Connections {
		return fmt.Errorf("p2p: want low peers %d ≤ high peers %d ≤ connections %d", l.LowPeers, l.HighPeers, l.Connections)
	}
	return nil
}
