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

const (
	discoverEvery = 30 * time.Second
	// longestRest times discoverEvery is the longest a host goes without a look although it
	// has few peers: where there are no more, looking again finds the same ones.
	longestRest = 15
)

// joinTable joins the chain's own Kademlia table, for its peers alone: it stores neither
// values nor providers.
func (h *Host) joinTable(lifetime context.Context) (*dht.IpfsDHT, error) {
	options := []dht.Option{
		dht.ProtocolPrefix(protocol.ID(protocolRoot + h.config.ChainID)),
		dht.Mode(dht.ModeServer),
		dht.DisableProviders(),
		dht.DisableValues(),
		dht.BootstrapPeers(h.config.peers...),
	}
	if !h.config.Serve { // nobody is answered from the table, which looking for peers fills well enough
		options = append(options, dht.Mode(dht.ModeClient), dht.DisableAutoRefresh())
	}
	table, err := dht.New(lifetime, h.host, options...)
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
	var looks looks
	for {
		wait := jitter(discoverEvery)
		switch peers := len(h.Peers()); {
		case peers == 0:
			wait = firstRetry // there is nobody yet to ask for others
		case peers < h.config.Limits.LowPeers && looks.due(peers):
			looks.done(h.look(ctx), len(h.Peers()))
		}
		if !sleep(ctx, wait) {
			return nil
		}
	}
}

// looks decides when a host that has few peers looks for more: ever more seldom while that finds
// nobody, and at once when it has lost one.
type looks struct {
	rest int // turns to leave out
	left int // of these, still to come
	held int // peers after the last look
}

func (l *looks) due(peers int) bool {
	if peers < l.held {
		l.rest, l.left = 0, 0
	}
	if l.left == 0 {
		return true
	}
	l.left--
	return false
}

// done takes in how many peers a look reached, and how many the host has then.
func (l *looks) done(reached, peers int) {
	l.rest = min(2*l.rest+1, longestRest)
	if reached > 0 {
		l.rest = 0
	}
	l.left, l.held = l.rest, peers
}

// look connects to whoever the table knows near a random point, and returns how many that it was
// not connected to it reached.
func (h *Host) look(ctx context.Context) (reached int) {
	ctx, cancel := context.WithTimeout(ctx, discoverEvery)
	defer cancel()
	found, err := h.table.GetClosestPeers(ctx, rand.Text())
	if err != nil {
		h.config.Log.Debug("discovery", "error", err)
		return 0
	}
	for _, id := range found {
		if id == h.ID() || h.connected(id) {
			continue
		}
		if err := h.reach(ctx, peer.AddrInfo{ID: id, Addrs: h.host.Peerstore().Addrs(id)}, peerstore.TempAddrTTL); err != nil {
			h.config.Log.Debug("discovered peer is unreachable", "peer", id, "error", err)
			continue
		}
		reached++
	}
	return reached
}
