package p2p

import (
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/peer"
)

// gossipScores makes a peer lose its place in the mesh for messages that were rejected,
// for breaking the router's rules, and for being banned here.
func gossipScores(topic string, scores *scores) *pubsub.PeerScoreParams {
	return &pubsub.PeerScoreParams{
		SkipAtomicValidation: true,
		AppSpecificScore: func(id peer.ID) float64 {
			if scores.banned(id) {
				return -1
			}
			return 0
		},
		AppSpecificWeight:         1000,
		BehaviourPenaltyWeight:    -10,
		BehaviourPenaltyThreshold: 6,
		BehaviourPenaltyDecay:     0.9,
		DecayInterval:             10 * time.Second,
		DecayToZero:               0.01,
		RetainScore:               time.Hour,
		Topics: map[string]*pubsub.TopicScoreParams{topic: {
			SkipAtomicValidation:           true,
			TopicWeight:                    1,
			InvalidMessageDeliveriesWeight: -10,
			InvalidMessageDeliveriesDecay:  0.98,
			TimeInMeshQuantum:              time.Second,
		}},
	}
}

// gossipThresholds: two rejected messages silence a peer for minutes.
func gossipThresholds() *pubsub.PeerScoreThresholds {
	return &pubsub.PeerScoreThresholds{GossipThreshold: -10, PublishThreshold: -20, GraylistThreshold: -40}
}
