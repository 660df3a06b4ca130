package p2p

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	dht "github.com/libp2p/go-libp2p-kad-dht"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	basichost "github.com/libp2p/go-libp2p/p2p/host/basic"
	"github.com/multiformats/go-multiaddr"
	"golang.org/x/sync/errgroup"
)

// Host is a member of the network. It is safe for concurrent use.
type Host struct {
	config   *resolved
	host     *basichost.BasicHost
	scores   *scores
	limiter  *limiter
	gossiped *limiter // of what is gossiped, in signatures
	metrics  *metrics
	gossip   *gossip      // nil if Config.Deaf
	table    *dht.IpfsDHT // nil without Config.DHT
	volume   *volume
	rest     rest
	handlers handlers
	// publicSubnet is publicSubnet, except in tests, where all peers are on this machine.
	publicSubnet func(multiaddr.Multiaddr) string
	close        func() error // once
}

// New validates a Config, listens, and answers peers from then on. Whoever calls it calls
// Run or Close. The context bounds the opening alone.
func New(ctx context.Context, config Config) (*Host, error) {
	resolved, err := config.resolve()
	if err != nil {
		return nil, err
	}
	h := &Host{
		config:  resolved,
		scores:  newScores(time.Now),
		limiter: newLimiter(time.Now, resolved.Limits.CellsPerSecond, resolved.Limits.CellsBurst),
		volume:  newVolume(),

		gossiped: newLimiter(time.Now, attestedRate, attestedBurst),

		publicSubnet: publicSubnet,
	}
	h.metrics = newMetrics(func() float64 { return float64(len(h.host.Network().Peers())) })
	basic, opened, err := compose(resolved, &gater{h.scores, &h.rest}, h.metrics, h.volume)
	if err != nil {
		return nil, errors.Join(err, opened.close())
	}
	h.host = basic
	lifetime, cancel := context.WithCancel(context.WithoutCancel(ctx))
	h.close = sync.OnceValue(func() error {
		cancel()
		err := opened.close()
		h.handlers.wait()
		return err
	})
	if err := h.open(lifetime); err != nil {
		return nil, errors.Join(err, h.close())
	}
	return h, nil
}

// open starts what the host consists of; lifetime ends when the host is closed.
func (h *Host) open(lifetime context.Context) error {
	if err := h.metrics.register(h.config.Metrics, h.volume.collectors()...); err != nil {
		return err
	}
	h.host.Network().Notify(h.volume.notifiee())
	h.host.Network().Notify(h.rest.notifiee())
	h.serve(lifetime)
	h.host.Start()
	var err error
	if !h.config.Deaf {
		if h.gossip, err = h.joinGossip(lifetime); err != nil {
			return err
		}
	}
	if h.config.DHT {
		if h.table, err = h.joinTable(lifetime); err != nil {
			return err
		}
	}
	if len(h.config.listen) == 0 {
		return nil
	}
	if err := h.host.Network().Listen(h.config.listen...); err != nil {
		return fmt.Errorf("p2p: listening: %w", err)
	}
	return nil
}

// Run keeps the host connected to its peers until the context ends, then closes it.
func (h *Host) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, info := range h.config.peers {
		group.Go(func() error { return h.stayConnected(ctx, info) })
	}
	if h.table != nil {
		group.Go(func() error { return h.discover(ctx) })
	}
	if h.config.MDNS {
		group.Go(func() error { return h.meetNeighbours(ctx) })
	}
	if h.gossip != nil {
		group.Go(func() error { return h.gossip.heads.drain(ctx) })
		group.Go(func() error { return h.gossip.attested.drain(ctx) })
	}
	group.Go(func() error { <-ctx.Done(); return nil })
	err := group.Wait()
	if err := h.Close(); err != nil {
		h.config.Log.Debug("closing the host", "error", err)
	}
	return err
}

// Close ends every connection and waits for the handlers, after which no source is
// called any more. Run does it too; more than once is the same as once.
func (h *Host) Close() error { return h.close() }

// ID returns the host's identity.
func (h *Host) ID() peer.ID { return h.host.ID() }

// Addresses returns the multiaddresses the host can be reached at, /p2p/ID included.
func (h *Host) Addresses() []string {
	suffix, err := multiaddr.NewComponent("p2p", h.ID().String())
	if err != nil {
		return nil
	}
	var addresses []string
	for _, address := range h.host.Addrs() {
		addresses = append(addresses, address.AppendComponent(suffix).String())
	}
	return addresses
}

// Peers returns who the host is connected to.
func (h *Host) Peers() []peer.ID { return h.host.Network().Peers() }

// Connect connects to the peer at a multiaddress, /p2p/ID included, and returns its
// identity.
func (h *Host) Connect(ctx context.Context, address string) (peer.ID, error) {
	info, err := peer.AddrInfoFromString(address)
	if err != nil {
		return "", fmt.Errorf("p2p: peer address %q (want /ip4/…/tcp/…/p2p/ID): %w", address, err)
	}
	if err := h.host.Connect(network.WithAllowLimitedConn(ctx, serviceName), *info); err != nil {
		return "", fmt.Errorf("p2p: connecting to %s: %w", address, err)
	}
	return info.ID, nil
}

// connected tells whether a connection to a peer stands, be it a relay's.
func (h *Host) connected(id peer.ID) bool {
	state := h.host.Network().Connectedness(id)
	return state == network.Connected || state == network.Limited
}

// handlers counts the handlers that run, and lets none in once they are waited for.
type handlers struct {
	mu      sync.Mutex
	closing bool           // guarded by mu
	count   int            // guarded by mu
	running sync.WaitGroup // as count; added to under mu, while not closing
}

func (h *handlers) enter() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closing {
		return false
	}
	h.count++
	h.running.Add(1)
	return true
}

func (h *handlers) leave() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.count--
	h.running.Done()
}

func (h *handlers) wait() {
	h.mu.Lock()
	h.closing = true
	h.mu.Unlock()
	h.running.Wait()
}
