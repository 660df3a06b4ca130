package p2p

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	dht "github.com/libp2p/go-libp2p-kad-dht"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/peerstore"
	"github.com/libp2p/go-libp2p/core/protocol"
)

const discoverEvery = 30 * time.Second

// joinTable joins the chain's own Kademlia table, for its peers alone: it stores neither
// values nor providers.
func (h *Host) joinTable(lifetime context.Context) (*dht.IpfsDHT, error) {
	mode := dht.ModeClient
	if h.config.Serve {
		mode = dht.ModeServer
	}
	table, err := dht.New(lifetime, h.host,
		dht.ProtocolPrefix(protocol.ID(protocolRoot+h.config.ChainID)),
		dht.Mode(mode),
		dht.DisableProviders(),
		dht.DisableValues(),
		dht.BootstrapPeers(h.config.peers...),
	)
	if err != nil {
		return nil, fmt.Errorf("p2p: discovery: %w", err)
	}
	return table, nil
}

// discover looks for peers near random points of the table while the host has few, and
// connects to them, until the context ends.
func (h *Host) discover(ctx context.Context) error {
	defer func() { _ = h.table.Close() }() // it closes nothing that can fail
	if err := h.table.Bootstrap(ctx); err != nil {
		return fmt.Errorf("p2p: discovery: %w", err)
	}
	for {
		if len(h.Peers()) < h.config.Limits.LowPeers {
			h.look(ctx)
		}
		if !sleep(ctx, jitter(discoverEvery)) {
			return nil
		}
	}
}

// look connects to whoever the table knows near a random point.
func (h *Host) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, discoverEvery)
	defer cancel()
	found, err := h.table.GetClosestPeers(ctx, rand.Text())
	if err != nil {
		h.config.Log.Debug("discovery", "error", err)
		return
	}
	for _, id := range found {
		if id == h.ID() {
			continue
		}
		if err := h.reach(ctx, peer.AddrInfo{ID: id, Addrs: h.host.Peerstore().Addrs(id)}, peerstore.TempAddrTTL); err != nil {
			h.config.Log.Debug("discovered peer is unreachable", "peer", id, "error", err)
		}
	}
}
