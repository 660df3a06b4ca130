package p2p

import (
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	rcmgr "github.com/libp2p/go-libp2p/p2p/host/resource-manager"
	"github.com/multiformats/go-multiaddr"
	"github.com/prometheus/client_golang/prometheus"
)

// refusals counts, by what was refused, what the resource manager refuses because a limit
// is reached.
type refusals struct {
	counter *prometheus.CounterVec // by limit
}

var _ rcmgr.MetricsReporter = refusals{}

func (r refusals) count(limit string) { r.counter.WithLabelValues(limit).Inc() }

// BlockConn counts nothing: guarded counts connections, of which some are refused before
// they are reported here.
func (r refusals) BlockConn(network.Direction, bool) {}

// BlockStream counts a stream that would be one too many.
func (r refusals) BlockStream(peer.ID, network.Direction) { r.count("stream") }

// BlockPeer counts a connection that would be its peer's one too many.
func (r refusals) BlockPeer(peer.ID) { r.count("peer") }

// BlockProtocol counts a stream that would be its protocol's one too many.
func (r refusals) BlockProtocol(protocol.ID) { r.count("protocol") }

// BlockProtocolPeer counts a stream that would be one too many of its protocol and peer.
func (r refusals) BlockProtocolPeer(protocol.ID, peer.ID) { r.count("protocol_peer") }

// BlockService counts a stream that would be its service's one too many.
func (r refusals) BlockService(string) { r.count("service") }

// BlockServicePeer counts a stream that would be one too many of its service and peer.
func (r refusals) BlockServicePeer(string, peer.ID) { r.count("service_peer") }

// BlockMemory counts a message that there is no memory for.
func (r refusals) BlockMemory(int) { r.count("memory") }

// AllowConn counts nothing.
func (r refusals) AllowConn(network.Direction, bool) {}

// AllowStream counts nothing.
func (r refusals) AllowStream(peer.ID, network.Direction) {}

// AllowPeer counts nothing.
func (r refusals) AllowPeer(peer.ID) {}

// AllowProtocol counts nothing.
func (r refusals) AllowProtocol(protocol.ID) {}

// AllowService counts nothing.
func (r refusals) AllowService(string) {}

// AllowMemory counts nothing.
func (r refusals) AllowMemory(int) {}

// guarded is a resource manager that counts the connections it refuses, those of a subnet
// included that has enough, which it reports to nobody.
type guarded struct {
	network.ResourceManager
	refusals refusals
}

// OpenConnection implements network.ResourceManager.
func (g guarded) OpenConnection(direction network.Direction, usesFD bool, from multiaddr.Multiaddr) (network.ConnManagementScope, error) {
	scope, err := g.ResourceManager.OpenConnection(direction, usesFD, from)
	if err != nil {
		g.refusals.count("connection")
	}
	return scope, err
}
