package lightnode

import (
	"bytes"
	"slices"

	"github.com/cometbft/cometbft/light/provider"
	"github.com/cometbft/cometbft/types"
	"github.com/libp2p/go-libp2p/core/peer"
)

// vouched is how the header that was verified last by a commit, or begun with, was verified.
type vouched struct {
	hash      hash
	by        vouching
	source    peer.ID
	witnesses []peer.ID // those that were found to have it too
}

// vouch notes how a block was verified: who delivered it, and which of those drawn as witnesses
// said that they have the same. One that did not answer is none.
func (c *headChain) vouch(by vouching, source *peerProvider, drawn []provider.Provider, block *types.LightBlock) {
	v := &vouched{hash: toHash(block.Hash()), by: by, source: source.peer}
	independent := 0
	for _, witness := range drawn {
		p, ok := witness.(*peerProvider)
		if !ok || p.peer == source.peer || !slices.ContainsFunc(p.claimed(), func(h *types.Header) bool { return bytes.Equal(h.Hash(), block.Hash()) }) {
			continue
		}
		if !slices.Contains(c.host.Akin(append(v.witnesses, source.peer)), p.peer) {
			independent++
		}
		v.witnesses = append(v.witnesses, p.peer)
	}
	c.sets.remember(toHash(block.ValidatorsHash), block.ValidatorSet)
	c.vouched.Store(v)
	c.witnesses.Store(int32(independent))
}

// voucher returns how the header of a block was verified: by its commit if it was the last that
// was, and else by the header above.
func (n *Node) voucher(block hash) (v voucher, err error) {
	last := n.chain.vouched.Load()
	if last == nil || last.hash != block {
		return voucher{By: vouchedByLink}, nil
	}
	v.By = last.by
	if v.Source, err = n.directory.refer(last.source.String()); err != nil {
		return v, err
	}
	for _, id := range last.witnesses {
		ref, err := n.directory.refer(id.String())
		if err != nil {
			return v, err
		}
		v.Witnesses = append(v.Witnesses, ref)
	}
	return v, nil
}
