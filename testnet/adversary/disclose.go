package adversary

import (
	"context"
	"sync"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/p2p"
)

// Disclose keeps a height's square to itself, but for the cells that one client asks for: it
// shows that client every cell, until one more would be enough to recover the square from all
// that were shown. What it serves of other heights is honest. It is safe for concurrent use.
type Disclose struct {
	source p2p.SquareSource
	height uint64
	most   int // cells that recover nothing

	mu    sync.Mutex
	shown map[erasure.Coord]bool // guarded by mu
}

// NewDisclose wraps a source; k is the number of rows of the height's square.
func NewDisclose(source p2p.SquareSource, height uint64, k int) *Disclose {
	return &Disclose{source: source, height: height, most: k*kzg.RowCells - 1, shown: make(map[erasure.Coord]bool)}
}

// ToFavoured is what the one client is served.
func (d *Disclose) ToFavoured() p2p.SquareSource { return &disclosure{d.source, d, true} }

// ToOthers is what everybody else is served.
func (d *Disclose) ToOthers() p2p.SquareSource { return &disclosure{d.source, d, false} }

// Shown is how many cells of the height were shown.
func (d *Disclose) Shown() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.shown)
}

// show tells whether cells may be shown, and remembers that they were.
func (d *Disclose) show(coords []erasure.Coord) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.shown)+len(coords) > d.most {
		return false
	}
	for _, coord := range coords {
		d.shown[coord] = true
	}
	return true
}

// disclosure is one side of it.
type disclosure struct {
	p2p.SquareSource
	*Disclose
	favoured bool
}

// Cells implements p2p.SquareSource.
func (d *disclosure) Cells(ctx context.Context, height uint64, coords []erasure.Coord) ([]*p2p.CellProof, error) {
	if height == d.height && (!d.favoured || !d.show(coords)) {
		return nil, da.ErrNotFound
	}
	return d.SquareSource.Cells(ctx, height, coords)
}

// Rows implements p2p.SquareSource.
func (d *disclosure) Rows(ctx context.Context, height uint64, rows []int) ([]*p2p.RowProofs, error) {
	if height == d.height {
		return nil, da.ErrNotFound
	}
	return d.SquareSource.Rows(ctx, height, rows)
}
