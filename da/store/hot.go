package store

import (
	"container/list"
	"sync"

	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// matrixCache keeps extended matrices in memory, those used last, within a bound in bytes.
type matrixCache struct {
	limit int64

	mu      sync.Mutex
	size    int64                    // guarded by mu
	order   *list.List               // of *hotMatrix, the one used last in front; guarded by mu
	heights map[uint64]*list.Element // guarded by mu
}

type hotMatrix struct {
	height uint64
	matrix *erasure.ExtendedMatrix
}

func (h *hotMatrix) size() int64 {
	return int64(2*h.matrix.K()) * kzg.Columns * (kzg.CellSize + kzg.PointSize)
}

func newMatrixCache(limit int64) *matrixCache {
	return &matrixCache{limit: limit, order: list.New(), heights: make(map[uint64]*list.Element)}
}

// get returns a height's matrix, nil if it is not kept.
func (c *matrixCache) get(height uint64) *erasure.ExtendedMatrix {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.heights[height]
	if !ok {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(*hotMatrix).matrix
}

// put keeps a matrix, and lets go of those used longest ago to make room. One that is
// larger than the bound is not kept.
func (c *matrixCache) put(height uint64, m *erasure.ExtendedMatrix) {
	h := &hotMatrix{height, m}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.heights[height]; ok || h.size() > c.limit {
		return
	}
	c.heights[height] = c.order.PushFront(h)
	c.size += h.size()
	for c.size > c.limit {
		c.remove(c.order.Back())
	}
}

func (c *matrixCache) drop(height uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.heights[height]; ok {
		c.remove(e)
	}
}

// remove lets go of a matrix. The caller holds mu.
func (c *matrixCache) remove(e *list.Element) {
	h := c.order.Remove(e).(*hotMatrix)
	delete(c.heights, h.height)
	c.size -= h.size()
}
