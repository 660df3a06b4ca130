package store

import (
	"sync"

	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// matrixCache keeps the extended matrices of the newest heights in memory, within a bound in
// bytes. A newer one displaces older ones and never the other way round: what peers ask for
// does not decide what is kept, or asking for many heights in turn would have each extended
// again every time.
type matrixCache struct {
	limit int64

	mu      sync.Mutex
	size    int64                              // guarded by mu
	heights map[uint64]*erasure.ExtendedMatrix // guarded by mu
}

// matrixSize is how many bytes an extended matrix of k original rows takes.
func matrixSize(k int) int64 { return int64(2*k) * kzg.Columns * (kzg.CellSize + kzg.PointSize) }

func newMatrixCache(limit int64) *matrixCache {
	return &matrixCache{limit: limit, heights: make(map[uint64]*erasure.ExtendedMatrix)}
}

// get returns a height's matrix, nil if it is not kept.
func (c *matrixCache) get(height uint64) *erasure.ExtendedMatrix {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.heights[height]
}

// admits tells whether a height's matrix of k original rows is kept, or would be.
func (c *matrixCache) admits(height uint64, k int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.hasRoom(height, k)
}

// hasRoom tells whether the matrix fits beside those of newer heights. The caller holds mu.
func (c *matrixCache) hasRoom(height uint64, k int) bool {
	size := matrixSize(k)
	for other, m := range c.heights {
		if other > height {
			size += matrixSize(m.K())
		}
	}
	return size <= c.limit
}

// put keeps a matrix, and lets go of those of the lowest heights to make room. One that
// does not fit beside those of newer heights is not kept.
func (c *matrixCache) put(height uint64, m *erasure.ExtendedMatrix) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.heights[height] != nil || !c.hasRoom(height, m.K()) {
		return
	}
	c.heights[height] = m
	c.size += matrixSize(m.K())
	for c.size > c.limit {
		c.remove(c.lowest())
	}
}

// lowest returns the lowest height kept. The caller holds mu, and there is one.
func (c *matrixCache) lowest() uint64 {
	least := ^uint64(0)
	for height := range c.heights {
		least = min(least, height)
	}
	return least
}

func (c *matrixCache) drop(height uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(height)
}

// remove lets go of a height's matrix if it is kept. The caller holds mu.
func (c *matrixCache) remove(height uint64) {
	if m := c.heights[height]; m != nil {
		delete(c.heights, height)
		c.size -= matrixSize(m.K())
	}
}
