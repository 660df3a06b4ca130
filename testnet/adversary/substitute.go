package adversary

import (
	"context"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/p2p"
)

// Substitute serves the cells of a square of its own at every height: each is proven, under a
// commitment that is not the chain's.
type Substitute struct {
	p2p.SquareSource
	square *erasure.ExtendedMatrix
}

// NewSubstitute wraps a source.
func NewSubstitute(source p2p.SquareSource, square *erasure.ExtendedMatrix) *Substitute {
	return &Substitute{source, square}
}

// Cells implements p2p.SquareSource.
func (s *Substitute) Cells(_ context.Context, _ uint64, coords []erasure.Coord) ([]*p2p.CellProof, error) {
	cells := make([]*p2p.CellProof, len(coords))
	for i, coord := range coords {
		if !coord.In(s.square.K()) {
			return nil, da.ErrNotFound
		}
		proof, _ := s.square.Proof(coord)
		cells[i] = &p2p.CellProof{Cell: *s.square.Cell(coord), Proof: proof}
	}
	return cells, nil
}
