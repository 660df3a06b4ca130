package p2p

import (
	"fmt"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/protocol"
	rcmgr "github.com/libp2p/go-libp2p/p2p/host/resource-manager"
)

// newResources builds the resource manager from the Config's limits. What they do not
// name keeps libp2p's defaults for the memory given. What it refuses is counted.
func newResources(config *resolved, refused refusals) (network.ResourceManager, error) {
	limits := config.Limits
	base := rcmgr.DefaultLimits
	partial := rcmgr.PartialLimitConfig{
		System: rcmgr.ResourceLimits{
			Conns: rcmgr.LimitVal(limits.Connections), ConnsInbound: rcmgr.LimitVal(limits.inbound()), ConnsOutbound: rcmgr.LimitVal(limits.Connections),
			FD: rcmgr.LimitVal(limits.Connections + 64), Memory: rcmgr.LimitVal64(limits.Memory),
		},
		// One answer fits, beside the request, below the part of the limit that is open to its priority.
		Stream:       rcmgr.ResourceLimits{Memory: rcmgr.LimitVal64(limits.Memory / 4)},
		Service:      map[string]rcmgr.ResourceLimits{serviceName: streamLimits(4*limits.Streams, limits.Memory/2)},
		ServicePeer:  map[string]rcmgr.ResourceLimits{serviceName: streamLimits(4*limits.StreamsPerPeer, limits.Memory/4)},
		Protocol:     map[protocol.ID]rcmgr.ResourceLimits{},
		ProtocolPeer: map[protocol.ID]rcmgr.ResourceLimits{},
	}
	for _, p := range []Protocol{Headers, Cells, Rows, Namespaces, Evidences, Held, Certificates, Rotations} {
		partial.Protocol[p.on(config.ChainID)] = streamLimits(limits.Streams, limits.Memory/2)
		partial.ProtocolPeer[p.on(config.ChainID)] = streamLimits(limits.StreamsPerPeer, limits.Memory/4)
	}
	partial.Protocol[Evidences.on(config.ChainID)] = streamLimits(evidenceStreams, limits.Memory/8)
	partial.ProtocolPeer[Evidences.on(config.ChainID)] = streamLimits(evidenceStreamsPerPeer, limits.Memory/16)
	limiter := rcmgr.NewFixedLimiter(partial.Build(base.Scale(limits.Memory, limits.Connections+64)))
	resources, err := rcmgr.NewResourceManager(limiter, rcmgr.WithMetricsDisabled(), rcmgr.WithMetrics(refused), rcmgr.WithLimitPerSubnet(
		[]rcmgr.ConnLimitPerSubnet{{PrefixLength: 24, ConnCount: limits.ConnectionsPerSubnet}},
		[]rcmgr.ConnLimitPerSubnet{{PrefixLength: 48, ConnCount: limits.ConnectionsPerSubnet}},
	))
	if err != nil {
		return nil, fmt.Errorf("p2p: resource manager: %w", err)
	}
	return guarded{resources, refused}, nil
}

// inbound is the most connections that peers may make: a quarter is left to those that the host makes, which strangers
// could otherwise keep from whom it knows.
func (l Limits) inbound() int { return l.Connections - l.Connections/4 }

// streamLimits bounds the streams of one protocol each way, and their memory.
func streamLimits(streams int, memory int64) rcmgr.ResourceLimits {
	n := rcmgr.LimitVal(streams)
	return rcmgr.ResourceLimits{Streams: 2 * n, StreamsInbound: n, StreamsOutbound: n, Memory: rcmgr.LimitVal64(memory)}
}
