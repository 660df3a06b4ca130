package adversary

import (
	"context"

	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/p2p"
)

// Misplace serves cells that are right, with proofs that hold, of another place than was asked
// for.
type Misplace struct {
	p2p.SquareSource
	move func(height uint64, at erasure.Coord) (uint64, erasure.Coord)
}

// OtherColumn wraps a source so that it serves each cell's neighbour on the right.
func OtherColumn(source p2p.SquareSource) *Misplace {
	return &Misplace{source, func(height uint64, at erasure.Coord) (uint64, erasure.Coord) {
		return height, erasure.Coord{Row: at.Row, Column: (at.Column + 1) % kzg.Columns}
	}}
}

// OtherRow wraps a source so that it serves the cell of the next row, which is proven under
// another commitment of the same DA header; k is the number of rows of all squares.
func OtherRow(source p2p.SquareSource, k int) *Misplace {
	return &Misplace{source, func(height uint64, at erasure.Coord) (uint64, erasure.Coord) {
		return height, erasure.Coord{Row: (at.Row + 1) % (2 * k), Column: at.Column}
	}}
}

// OtherHeight wraps a source so that it serves the cell in the same place of another height: the
// one below, and at the first the one above.
func OtherHeight(source p2p.SquareSource) *Misplace {
	return &Misplace{source, func(height uint64, at erasure.Coord) (uint64, erasure.Coord) {
		if height == 1 {
			return 2, at
		}
		return height - 1, at
	}}
}

// Cells implements p2p.SquareSource.
func (m *Misplace) Cells(ctx context.Context, height uint64, coords []erasure.Coord) ([]*p2p.CellProof, error) {
	cells := make([]*p2p.CellProof, len(coords))
	for i, coord := range coords {
		height, coord := m.move(height, coord)
		found, err := m.SquareSource.Cells(ctx, height, []erasure.Coord{coord})
		if err != nil {
			return nil, err
		}
		cells[i] = found[0]
	}
	return cells, nil
}
