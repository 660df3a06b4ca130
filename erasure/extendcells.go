package erasure

import (
	"fmt"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// extendRows computes the 2k × 128 cells: each original row along itself, then each column.
func extendRows(setup *kzg.Setup, rows []*kzg.Row) ([][]byte, error) {
	k := len(rows)
	out := newRows(2 * k)
	err := inParallel(k, func(i int) error {
		cells, err := setup.ComputeCells(rows[i])
		if err != nil {
			return fmt.Errorf("row %d: %w", i, err)
		}
		for c := range cells {
			copy(cellOf(out[i], c)[:], cells[c][:])
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, inParallel(kzg.Columns, func(c int) error {
		column := make([]*kzg.Cell, 2*k)
		for i := range column {
			column[i] = cellOf(out[i], c)
		}
		return extendCells(column)
	})
}

// extendCells fills the second half of a column from the first.
func extendCells(column []*kzg.Cell) error {
	values, err := decodeCells(column[:len(column)/2])
	if err != nil {
		return err
	}
	extrapolate(values, subtractScalars, addScalars,
		func(at int, value fr.Vector) { kzg.EncodeScalars(column[at][:], value) })
	return nil
}

func subtractScalars(a, b fr.Vector) { a.Sub(b, a) }

func addScalars(a, b fr.Vector) { a.Add(a, b) }

func decodeCells(cells []*kzg.Cell) ([]fr.Vector, error) {
	values := make([]fr.Vector, len(cells))
	for i, cell := range cells {
		if cell == nil {
			return nil, fmt.Errorf("%w: cell %d of the column is nil", kzg.ErrBadInput, i)
		}
		values[i] = make(fr.Vector, kzg.CellScalars)
		if err := kzg.DecodeScalars(values[i], cell[:]); err != nil {
			return nil, fmt.Errorf("cell %d of the column: %w", i, err)
		}
	}
	return values, nil
}
