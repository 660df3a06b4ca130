package p2p

import (
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/peer"
)

// gossipScores makes a peer lose its place in the mesh for messages that were rejected,
// for breaking the router's rules, and for being banned here.
func gossipScores(scores *scores, topics ...string) *pubsub.PeerScoreParams {
	params := &pubsub.PeerScoreParams{
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
		Topics:                    make(map[string]*pubsub.TopicScoreParams),
	}
	for _, topic := range topics {
		params.Topics[topic] = &pubsub.TopicScoreParams{
			SkipAtomicValidation:           true,
			TopicWeight:                    1,
			InvalidMessageDeliveriesWeight: -10,
			InvalidMessageDeliveriesDecay:  0.98,
			TimeInMeshQuantum:              time.Second,
		}
	}
	return params
}

// gossipThresholds: two rejected messages silence a peer for minutes.
func gossipThresholds() *pubsub.PeerScoreThresholds {
	return &pubsub.PeerScoreThresholds{GossipThreshold: -10, PublishThreshold: -20, GraylistThreshold: -40}
}
