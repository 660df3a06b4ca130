package testnet

import (
	"context"
	"fmt"
	"time"
)

// Standard describes the network of the demo: four validators and one further full node.
// Blocks come faster than the six seconds of a real network, so that nobody has to wait:
// processes that share a machine need not wait for the world.
func Standard(dir, bin, chainID string, firstPort int) Config {
	return Config{
		Dir: dir, Bin: bin, ChainID: chainID, FirstPort: firstPort,
		Validators: 4, FullNodes: 1, CommitTimeout: 1500 * time.Millisecond,
	}
}

// Start starts the full nodes, then three light nodes, the last of which knows a single
// full node.
func (s *Scenario) Start(ctx context.Context) ([]*LightNode, error) {
	s.Progress.Note("waiting for the first blocks")
	if err := s.Network.StartFullNodes(ctx, startLimit, 2); err != nil {
		return nil, err
	}
	for _, node := range s.Network.FullNodes {
		s.Progress.Say("%-11s  %s  process %d", node.Name, node.Base, node.PID())
	}
	var lights []*LightNode
	for i, knows := range s.Network.known() {
		light, err := s.StartLightNode(ctx, LightConfig{Name: fmt.Sprintf("light-%d", i+1)}, knows...)
		if err != nil {
			return lights, err
		}
		lights = append(lights, light)
		s.Progress.Say("%-11s  %s  process %d, full nodes known: %d", light.Name(), light.Base, light.PID(), len(knows))
	}
	return lights, nil
}

// known returns the full nodes that each light node knows: two validators, all other full
// nodes, and the last full node alone.
func (n *Network) known() [][]*FullNode {
	last := len(n.FullNodes) - 1
	return [][]*FullNode{n.FullNodes[:2], n.FullNodes[2:], n.FullNodes[last:]}
}
