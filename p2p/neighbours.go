package p2p

import (
	"context"
	"strings"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/peerstore"
	"github.com/libp2p/go-libp2p/p2p/discovery/mdns"
)

// neighbours queues peers that multicast DNS finds on the local network.
type neighbours chan peer.AddrInfo

// HandlePeerFound implements mdns.Notifee. Who is found while the queue is full will be
// found again.
func (n neighbours) HandlePeerFound(info peer.AddrInfo) {
	select {
	case n <- info:
	default:
	}
}

// meetNeighbours makes the host known on the local network and connects to those of its
// chain it finds there, until the context ends. A machine that cannot multicast goes
// without.
func (h *Host) meetNeighbours(ctx context.Context) error {
	found := make(neighbours, 16)
	service := mdns.NewMdnsService(h.host, neighbourhood(h.config.ChainID), found)
	defer func() { _ = service.Close() }() // it never fails
	if err := service.Start(); err != nil {
		h.config.Log.Warn("no discovery on the local network", "error", err)
	}
	h.greetAll(ctx, found)
	return nil
}

// greetAll connects to whoever is found, until the context ends.
func (h *Host) greetAll(ctx context.Context, found neighbours) {
	for {
		select {
		case <-ctx.Done():
			return
		case info := <-found:
			h.greet(ctx, info)
		}
	}
}

// greet connects to a neighbour if the host has room for more peers.
func (h *Host) greet(ctx context.Context, info peer.AddrInfo) {
	if info.ID == h.ID() || len(h.Peers()) >= h.config.Limits.LowPeers {
		return
	}
	if err := h.reach(ctx, info, peerstore.TempAddrTTL); err != nil {
		h.config.Log.Debug("neighbour is unreachable", "peer", info.ID, "error", err)
	}
}

// neighbourhood names a chain's service in DNS, where dots separate.
func neighbourhood(chainID string) string {
	return "_ashlar-" + strings.ReplaceAll(chainID, ".", "-") + "._udp"
}
