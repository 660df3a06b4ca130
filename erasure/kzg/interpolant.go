package kzg

import (
	"fmt"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// columnSums are linear combinations of cells, one for each column that occurs, in the order in which they do.
type columnSums struct {
	columns []int
	sums    []*block // of 64 columns each
	slots   [Columns]int
}

// interpolate returns the plain coefficients of Σ rₖ·Iₖ, and checks every scalar. Interpolation is linear: the cells of a
// column are summed first, and 64 columns take one transform.
func (s *Setup) interpolate(r []fr.Element, columns []int, cells []*Cell) (*line, error) {
	sums, err := sumByColumn(r, columns, cells)
	if err != nil {
		return nil, err
	}
	total := new(line)
	for i, column := range sums.columns {
		if i%lanes == 0 {
			s.interpolateCells(sums.sums[i/lanes])
		}
		l := sums.at(i)
		multiply(l, &s.twists.from[column])
		addLine(total, l)
	}
	return total, nil
}

// sumByColumn returns Σ rₖ·cellₖ of each column, plain.
func sumByColumn(r []fr.Element, columns []int, cells []*Cell) (*columnSums, error) {
	sums, cell := new(columnSums), new(line)
	for i, column := range columns {
		if err := DecodePlain(cell[:], cells[i][:]); err != nil {
			return nil, fmt.Errorf("cell %d of the batch, column %d: %w", i, column, err)
		}
		scale(cell, &r[i])
		addLine(sums.of(column), cell)
	}
	return sums, nil
}

// of returns the sum of a column.
func (c *columnSums) of(column int) *line {
	if c.slots[column] == 0 {
		if len(c.columns)%lanes == 0 {
			c.sums = append(c.sums, new(block))
		}
		c.columns = append(c.columns, column)
		c.slots[column] = len(c.columns)
	}
	return c.at(c.slots[column] - 1)
}

func (c *columnSums) at(slot int) *line { return &c.sums[slot/lanes][slot%lanes] }

func addLine(l, by *line) {
	v := fr.Vector(l[:])
	v.Add(v, by[:])
}
