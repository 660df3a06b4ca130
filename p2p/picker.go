package p2p

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// Pick draws a connected peer that speaks a protocol, to ask it about a height (0: the
// newest). The odds grow with the work of each that proved right, within bounds, and
// shrink with its failures; those in not are left out. ErrNoPeer: there is none; with
// ErrWrongChain, because those connected are of another chain.
func (h *Host) Pick(protocol Protocol, height uint64, not ...peer.ID) (peer.ID, error) {
	var candidates []peer.ID
	var weights []float64
	for _, id := range h.host.Network().Peers() {
		if slices.Contains(not, id) || !h.speaks(id, protocol) {
			continue
		}
		if weight := h.scores.weight(id, height); weight > 0 {
			candidates, weights = append(candidates, id), append(weights, weight)
		}
	}
	if len(candidates) == 0 {
		return "", h.nobody(protocol, height)
	}
	return candidates[draw(weights, rand.Float64())], nil
}

// nobody says why there is nobody to ask.
func (h *Host) nobody(protocol Protocol, height uint64) error {
	connected := h.host.Network().Peers()
	for _, id := range connected {
		spoken, _ := h.host.Peerstore().GetProtocols(id) // an unknown peer speaks none
		if other := protocol.otherChain(h.config.ChainID, spoken); other != "" && !h.speaks(id, protocol) {
			return fmt.Errorf("%w to ask for %s: %w: peer %s serves chain %q, not %q", ErrNoPeer, protocol, ErrWrongChain, id, other, h.config.ChainID)
		}
	}
	return fmt.Errorf("%w to ask for %s of height %d of chain %q (%d connected)", ErrNoPeer, protocol, height, h.config.ChainID, len(connected))
}

// draw returns the index on which a uniform number in [0, 1) falls when the indices
// share that interval by weight.
func draw(weights []float64, uniform float64) int {
	var sum float64
	for _, weight := range weights {
		sum += weight
	}
	at := uniform * sum
	for i, weight := range weights {
		if at -= weight; at < 0 {
			return i
		}
	}
	return len(weights) - 1
}

// speaks tells whether a peer has announced a protocol on this chain.
func (h *Host) speaks(id peer.ID, protocol Protocol) bool {
	spoken, err := h.host.Peerstore().SupportsProtocols(id, protocol.on(h.config.ChainID))
	return err == nil && len(spoken) > 0
}

// Verified tells that cells a peer delivered proved right; a row counts as 64, a header
// as 1. It earns the peer more questions.
func (h *Host) Verified(from peer.ID, cells int) {
	h.scores.update(from, func(s *score) { s.verified += float64(cells) })
	h.metrics.verified.Add(float64(cells))
}

// Garbage tells that what a peer delivered proved wrong, and why; answers that came back
// as ErrGarbage have been counted already. Three times within some minutes ban it: its
// connections are closed and none is made until the ban, longer each time, is over.
func (h *Host) Garbage(from peer.ID, reason error) {
	h.strike(from, 1, reason)
}

// Ban tells that a peer delivered what no honest one does, such as a cell that its proof does not
// prove, and why: it is banned at once.
func (h *Host) Ban(from peer.ID, reason error) {
	h.strike(from, banAt, reason)
}

func (h *Host) strike(id peer.ID, strikes float64, reason error) {
	h.metrics.garbage.Inc()
	banned := h.scores.update(id, func(s *score) { s.strikes += strikes })
	h.config.Log.Info("peer sent garbage", "peer", id, "reason", reason, "banned", banned)
	if !banned {
		return
	}
	h.metrics.bans.Inc()
	if err := h.host.Network().ClosePeer(id); err != nil {
		h.config.Log.Debug("closing a banned peer's connections", "peer", id, "error", err)
	}
}

// Banned tells whether a peer is banned.
func (h *Host) Banned(id peer.ID) bool { return h.scores.banned(id) }

// Akin returns the connected peers that share a subnet with one of those given, an IPv4 /24 or
// an IPv6 /48, and so may have the same owner. Addresses that only the local network routes
// to tell nothing.
func (h *Host) Akin(to []peer.ID) (akin []peer.ID) {
	taken := make(map[string]bool)
	for _, id := range to {
		for _, subnet := range h.subnets(id) {
			taken[subnet] = true
		}
	}
	for _, id := range h.Peers() {
		if slices.ContainsFunc(h.subnets(id), func(subnet string) bool { return taken[subnet] }) {
			akin = append(akin, id)
		}
	}
	return akin
}

// subnets returns the public subnets that a peer's connections come from.
func (h *Host) subnets(id peer.ID) (subnets []string) {
	for _, conn := range h.host.Network().ConnsToPeer(id) {
		if subnet := h.publicSubnet(conn.RemoteMultiaddr()); subnet != "" {
			subnets = append(subnets, subnet)
		}
	}
	return subnets
}

// publicSubnet returns an address's subnet, nothing if the internet does not route to it.
func publicSubnet(address multiaddr.Multiaddr) string {
	if manet.IsPrivateAddr(address) {
		return ""
	}
	return subnetOf(address)
}
