package lightnode

import (
	"bytes"
	"context"
	"errors"
	"fmt"
)

// errForeign means that a peer says it follows another chain of the same id than the home folder.
var errForeign = errors.New("lightnode: a peer claims another chain of the same id")

// compare holds what a peer said of the head, in an advance that came to nothing or when it was asked for its newest, against what this home has
// verified, and fails with errForeign if the peer has another block at a height. After a failure it asks
// for the newest header that is trusted here, too. A chain that was begun anew under its old
// name looks like that, and nothing else would tell the node's owner; but so does a lie, which
// must not talk anybody into deleting what was verified.
func (c *headChain) compare(ctx context.Context, from *peerProvider, failed bool) error {
	if failed {
		last, err := c.store.LastLightBlockHeight()
		if err != nil {
			return err
		}
		_, _ = from.LightBlock(ctx, last) // kept by the provider; a peer without it cannot be compared
	}
	agrees := false
	for _, block := range from.claimed() {
		r, err := c.known(uint64(block.Height))
		if err != nil {
			return err
		}
		if r == nil || bytes.Equal(r.BlockHash[:], block.Hash()) {
			agrees = agrees || r != nil
			continue
		}
		c.foreign = fmt.Errorf("%w: at height %d this home has verified the block %x; peer %s alone claims %x, which is not verified. Ask another source that you trust for the hash at that height first: only if it names the peer's was the chain %q begun anew, and you should use another --home or delete %s",
			errForeign, block.Height, r.BlockHash, from.peer, block.Hash(), c.config.ChainID, c.config.Home)
		if !failed { // what failed to verify has been held against the peer already
			c.host.Garbage(from.peer, c.foreign)
		}
		return c.foreign
	}
	if !failed && agrees {
		c.foreign = nil
	}
	return nil
}
