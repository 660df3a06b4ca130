package adversary

import (
	"context"

	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/p2p"
)

// Garble serves cells that are spoilt.
type Garble struct {
	p2p.SquareSource
	spoil func(*p2p.CellProof)
}

// NewGarble wraps a source.
func NewGarble(source p2p.SquareSource, spoil func(*p2p.CellProof)) *Garble {
	return &Garble{source, spoil}
}

// Flip spoils a cell by one bit, so that it is in good form and proves wrong.
func Flip(c *p2p.CellProof) { c.Cell[kzg.CellSize-1] ^= 1 }

// Overflow spoils a cell by a scalar that is no less than the modulus.
func Overflow(c *p2p.CellProof) { c.Cell[0] = 0xff }

// Pointless spoils a proof so that it is no point of the curve.
func Pointless(c *p2p.CellProof) { c.Proof = kzg.Proof{1} }

// Cells implements p2p.SquareSource.
func (g *Garble) Cells(ctx context.Context, height uint64, coords []erasure.Coord) ([]*p2p.CellProof, error) {
	cells, err := g.SquareSource.Cells(ctx, height, coords)
	spoilt := make([]*p2p.CellProof, len(cells))
	for i, cell := range cells {
		if cell != nil {
			spoilt[i] = &p2p.CellProof{Cell: cell.Cell, Proof: cell.Proof}
			g.spoil(spoilt[i])
		}
	}
	return spoilt, err
}
