package fullnode

import (
	"context"
	"sync"

	"github.com/ashlar-da/ashlar/da"
)

// recentBlocks bounds how many blocks' transactions are remembered for those who wait.
const recentBlocks = 512

// recent remembers which transactions the last stored blocks included. It is safe for
// concurrent use.
type recent struct {
	mu      sync.Mutex
	heights map[[da.HashSize]byte]uint64
	blocks  [][][da.HashSize]byte // oldest first
	changed chan struct{}         // closed and replaced with each block
}

func newRecent() *recent {
	return &recent{heights: make(map[[da.HashSize]byte]uint64), changed: make(chan struct{})}
}

// add notes a block that was stored and wakes all who wait.
func (r *recent) add(height uint64, txs [][da.HashSize]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, tx := range txs {
		r.heights[tx] = height
	}
	r.blocks = append(r.blocks, txs)
	if len(r.blocks) > recentBlocks {
		for _, tx := range r.blocks[0] {
			delete(r.heights, tx)
		}
		r.blocks = r.blocks[1:]
	}
	close(r.changed)
	r.changed = make(chan struct{})
}

// wait returns the height of the block that included a transaction.
func (r *recent) wait(ctx context.Context, tx [da.HashSize]byte) (uint64, error) {
	for {
		height, changed := r.look(tx)
		if height > 0 {
			return height, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

func (r *recent) look(tx [da.HashSize]byte) (uint64, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.heights[tx], r.changed
}
