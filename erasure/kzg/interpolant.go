package kzg

import (
	"fmt"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"

	"github.com/ashlar-da/ashlar/erasure/parallel"
)

// columnCells are the cells of a batch that are in one column.
type columnCells struct {
	column int
	cells  []int
}

// interpolate returns the plain coefficients of Σ rₖ·Iₖ, and checks every scalar. Interpolation is linear: the cells of a
// column are summed first, and 64 columns take one transform.
func (s *Setup) interpolate(r []fr.Element, columns []int, cells []*Cell) (*line, error) {
	occurring := byColumn(columns)
	sums := make([]block, (len(occurring)+lanes-1)/lanes)
	start := func() *line { return new(line) }
	err := parallel.With(len(occurring), start, func(cell *line, i int) error {
		return sumColumn(&sums[i/lanes][i%lanes], &occurring[i], r, cells, cell)
	})
	if err != nil {
		return nil, err
	}
	totals := make([]line, len(sums))
	_ = parallel.For(len(sums), func(b int) error {
		s.interpolateCells(&sums[b])
		for i, of := range occurring[b*lanes : min((b+1)*lanes, len(occurring))] {
			multiply(&sums[b][i], &s.twists.from[of.column])
			addLine(&totals[b], &sums[b][i])
		}
		return nil
	})
	for b := 1; b < len(totals); b++ {
		addLine(&totals[0], &totals[b])
	}
	return &totals[0], nil
}

// byColumn lists the columns that occur, in the order in which they do, with their cells.
func byColumn(columns []int) (occurring []columnCells) {
	var slots [Columns]int // from one on
	for i, column := range columns {
		if slots[column] == 0 {
			occurring = append(occurring, columnCells{column: column})
			slots[column] = len(occurring)
		}
		of := &occurring[slots[column]-1]
		of.cells = append(of.cells, i)
	}
	return occurring
}

// sumColumn adds up Σ rₖ·cellₖ of a column, plain; cell is memory to work in.
func sumColumn(sum *line, of *columnCells, r []fr.Element, cells []*Cell, cell *line) error {
	for _, i := range of.cells {
		if err := DecodePlain(cell[:], cells[i][:]); err != nil {
			return fmt.Errorf("cell %d of the batch, column %d: %w", i, of.column, err)
		}
		scale(cell, &r[i])
		addLine(sum, cell)
	}
	return nil
}

func addLine(l, by *line) {
	v := fr.Vector(l[:])
	v.Add(v, by[:])
}
