package fullnode

import (
	"context"
	"sync"

	"github.com/ashlar-da/ashlar/da"
)

// recentBlocks bounds how many blocks' transactions are remembered for those who wait.
const recentBlocks = 512

// recent remembers which transactions the last stored blocks included, for those who wait
// for them while this process runs; Node.recall finds what was included before. It is safe
// for concurrent use.
type recent struct {
	mu      sync.Mutex
	heights map[[da.HashSize]byte]uint64
	blocks  []remembered  // oldest first, heights ascend
	changed chan struct{} // closed and replaced with each block
}

// remembered is a block whose transactions are in recent's map.
type remembered struct {
	height uint64
	txs    [][da.HashSize]byte
}

func newRecent() *recent {
	return &recent{heights: make(map[[da.HashSize]byte]uint64), changed: make(chan struct{})}
}

// add notes a block that was stored and wakes all who wait. A height that was stored before
// and is mended now brings no news.
func (r *recent) add(height uint64, txs [][da.HashSize]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.blocks); n > 0 && height <= r.blocks[n-1].height {
		return
	}
	for _, tx := range txs {
		r.heights[tx] = height
	}
	r.blocks = append(r.blocks, remembered{height, txs})
	if len(r.blocks) > recentBlocks {
		r.forget(r.blocks[0])
		r.blocks = r.blocks[1:]
	}
	close(r.changed)
	r.changed = make(chan struct{})
}

// forget drops a block's transactions, except what a later block included too. The caller
// holds mu.
func (r *recent) forget(block remembered) {
	for _, tx := range block.txs {
		if r.heights[tx] == block.height {
			delete(r.heights, tx)
		}
	}
}

// wait returns the height of the block that included a transaction, or, once a block did not
// and the transaction is lost, why.
func (r *recent) wait(ctx context.Context, tx [da.HashSize]byte, lost func() error) (uint64, error) {
	for {
		height, changed := r.look(tx)
		if height > 0 {
			return height, nil
		}
		if err := lost(); err != nil {
			return 0, err
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
