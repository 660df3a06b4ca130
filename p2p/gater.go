package p2p

import (
	"github.com/libp2p/go-libp2p/core/connmgr"
	"github.com/libp2p/go-libp2p/core/control"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
)

// gater keeps banned peers out, in both directions, and everybody while the host rests.
type gater struct {
	scores *scores
	rest   *rest
}

var _ connmgr.ConnectionGater = (*gater)(nil)

// InterceptPeerDial refuses to dial the banned.
func (g *gater) InterceptPeerDial(p peer.ID) bool {
	return !g.scores.banned(p) && !g.rest.resting.Load()
}

// InterceptAddrDial allows every address of a peer that may be dialled.
func (g *gater) InterceptAddrDial(peer.ID, multiaddr.Multiaddr) bool { return true }

// InterceptAccept allows every address: the resource manager counts them.
func (g *gater) InterceptAccept(network.ConnMultiaddrs) bool { return !g.rest.resting.Load() }

// InterceptSecured refuses the banned as soon as they are known.
func (g *gater) InterceptSecured(_ network.Direction, p peer.ID, _ network.ConnMultiaddrs) bool {
	return !g.scores.banned(p) && !g.rest.resting.Load()
}

// InterceptUpgraded refuses connections that were being made when a rest began.
func (g *gater) InterceptUpgraded(network.Conn) (bool, control.DisconnectReason) {
	return !g.rest.resting.Load(), 0
}
