package adversary

import (
	"context"
	"slices"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/p2p"
)

// Withhold serves what an honest source serves, except for some cells of one height. It
// admits to no original row of that height that holds one of them.
type Withhold struct {
	p2p.SquareSource
	height   uint64
	withheld map[erasure.Coord]bool
}

// NewWithhold wraps a source so that it withholds a smallest set of cells without which the
// square cannot be recovered; k is the number of rows of the height's square.
func NewWithhold(source p2p.SquareSource, height uint64, k int) *Withhold {
	return WithholdCells(source, height, erasure.Withholding(k))
}

// WithholdCells wraps a source so that it withholds the cells given.
func WithholdCells(source p2p.SquareSource, height uint64, cells []erasure.Coord) *Withhold {
	w := &Withhold{SquareSource: source, height: height, withheld: map[erasure.Coord]bool{}}
	for _, coord := range cells {
		w.withheld[coord] = true
	}
	return w
}

// Cells leaves out the cells that are withheld.
func (w *Withhold) Cells(ctx context.Context, height uint64, coords []erasure.Coord) ([]*p2p.CellProof, error) {
	cells, err := w.SquareSource.Cells(ctx, height, coords)
	if err != nil || height != w.height {
		return cells, err
	}
	served := slices.Clone(cells)
	for i, coord := range coords {
		if w.withheld[coord] {
			served[i] = nil
		}
	}
	return served, noneIsNotFound(served)
}

// Rows leaves out the rows that hold cells that are withheld.
func (w *Withhold) Rows(ctx context.Context, height uint64, rows []int) ([]*p2p.RowProofs, error) {
	found, err := w.SquareSource.Rows(ctx, height, rows)
	if err != nil || height != w.height {
		return found, err
	}
	served := slices.Clone(found)
	for i, row := range rows {
		if w.holdsWithheld(row) {
			served[i] = nil
		}
	}
	return served, noneIsNotFound(served)
}

// holdsWithheld tells whether an original row has a cell that is withheld.
func (w *Withhold) holdsWithheld(row int) bool {
	for column := range kzg.Columns {
		if w.withheld[erasure.Coord{Row: row, Column: column}] {
			return true
		}
	}
	return false
}

// noneIsNotFound is the error of an answer that holds nothing.
func noneIsNotFound[T any](answer []*T) error {
	if slices.ContainsFunc(answer, func(entry *T) bool { return entry != nil }) {
		return nil
	}
	return da.ErrNotFound
}
