package erasure

import (
	"fmt"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"

	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/erasure/parallel"
)

// cheapColumn is the number of rows up to which it costs less to extend a column than to compute its cells from their
// rows. Differences grow with the square of the rows, and cells do not.
const cheapColumn = 64

// extendRows computes the 2k × 128 cells: each original row along itself, then each column.
func extendRows(setup *kzg.Setup, rows []*kzg.Row) ([][]byte, error) {
	out := newRows(2 * len(rows))
	err := parallel.For(len(rows), func(i int) error {
		if rows[i] == nil {
			return fmt.Errorf("%w: row %d is nil", kzg.ErrBadInput, i)
		}
		copy(out[i], rows[i][:])
		return extendRow(setup, out[i], i)
	})
	if err != nil {
		return nil, err
	}
	return out, extendColumns(setup, out)
}

// extendColumns fills the second half of the rows from the first, whose cells are known.
func extendColumns(setup *kzg.Setup, rows [][]byte) error {
	k, columns := len(rows)/2, kzg.Columns
	if k > cheapColumn {
		columns = kzg.RowCells
	}
	err := parallel.For(columns, func(c int) error {
		column := make([]*kzg.Cell, 2*k)
		for i := range column {
			column[i] = cellOf(rows[i], c)
		}
		return extendCells(column)
	})
	if err != nil || columns == kzg.Columns {
		return err
	}
	return parallel.For(k, func(i int) error { return extendRow(setup, rows[k+i], k+i) })
}

// extendRow fills the second half of a row from its first. The number is for errors.
func extendRow(setup *kzg.Setup, row []byte, number int) error {
	if err := setup.ExtendRow((*kzg.Row)(row[kzg.RowSize:]), (*kzg.Row)(row)); err != nil {
		return fmt.Errorf("row %d: %w", number, err)
	}
	return nil
}

// extendCells fills the second half of a column from the first. Additions need no Montgomery form.
func extendCells(column []*kzg.Cell) error {
	values, err := decodeCells(column[:len(column)/2])
	if err != nil {
		return err
	}
	extrapolate(values, subtractScalars, addScalars,
		func(at int, value fr.Vector) { kzg.EncodePlain(column[at][:], value) })
	return nil
}

func subtractScalars(a, b fr.Vector) { a.Sub(b, a) }

func addScalars(a, b fr.Vector) { a.Add(a, b) }

// decodeCells decodes cells of a column to plain form.
func decodeCells(cells []*kzg.Cell) ([]fr.Vector, error) {
	values, scalars := make([]fr.Vector, len(cells)), make(fr.Vector, len(cells)*kzg.CellScalars)
	for i, cell := range cells {
		if cell == nil {
			return nil, fmt.Errorf("%w: cell %d of the column is nil", kzg.ErrBadInput, i)
		}
		values[i] = scalars[i*kzg.CellScalars : (i+1)*kzg.CellScalars]
		if err := kzg.DecodePlain(values[i], cell[:]); err != nil {
			return nil, fmt.Errorf("cell %d of the column: %w", i, err)
		}
	}
	return values, nil
}
