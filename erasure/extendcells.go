package erasure

import (
	"fmt"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"

	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/erasure/parallel"
)

// cheapColumn is the number of rows up to which it costs less to extend a column scalar by scalar than to compute its cells
// from their rows. Differences grow with the square of the rows, and cells do not.
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

// extendColumns fills the second half of the rows from the first, whose cells are known and canonical.
func extendColumns(setup *kzg.Setup, rows [][]byte) error {
	k, columns := len(rows)/2, kzg.Columns
	if k > cheapColumn && newOctetColumn(0) == nil {
		columns = kzg.RowCells
	}
	start := func() *columnExtender { return newColumnExtender(k) }
	err := parallel.With(columns, start, func(e *columnExtender, c int) error {
		for i := range e.column {
			e.column[i] = cellOf(rows[i], c)
		}
		return e.extend()
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

// columnExtender extends columns of k rows, one at a time.
type columnExtender struct {
	column  []*kzg.Cell // all 2k cells
	octets  *octetColumn
	values  []fr.Vector // of k cells, where there are no octets
	scalars fr.Vector   // what they are made of
}

func newColumnExtender(k int) *columnExtender {
	e := &columnExtender{column: make([]*kzg.Cell, 2*k), octets: newOctetColumn(k)}
	if e.octets == nil {
		e.withoutOctets(k)
	}
	return e
}

// withoutOctets makes the extender go scalar by scalar.
func (e *columnExtender) withoutOctets(k int) {
	e.octets, e.values, e.scalars = nil, make([]fr.Vector, k), make(fr.Vector, k*kzg.CellScalars)
}

// extend fills the second half of the column from the first, of canonical scalars.
func (e *columnExtender) extend() error {
	if e.octets != nil {
		e.octets.extend(e.column)
		return nil
	}
	for i := range e.values {
		e.values[i] = e.scalars[i*kzg.CellScalars : (i+1)*kzg.CellScalars]
		if err := kzg.DecodePlain(e.values[i], e.column[i][:]); err != nil {
			return fmt.Errorf("cell %d of the column: %w", i, err)
		}
	}
	extrapolate(e.values, subtractScalars, addScalars,
		func(at int, value fr.Vector) { kzg.EncodePlain(e.column[at][:], value) })
	return nil
}

// extendCells fills the second half of a column from the first, which it checks. Additions need no Montgomery form.
func extendCells(column []*kzg.Cell) error {
	k := len(column) / 2
	for i, cell := range column[:k] {
		if cell == nil {
			return fmt.Errorf("%w: cell %d of the column is nil", kzg.ErrBadInput, i)
		}
		if err := kzg.CheckScalars(cell[:]); err != nil {
			return fmt.Errorf("cell %d of the column: %w", i, err)
		}
	}
	e := newColumnExtender(k)
	e.column = column
	return e.extend()
}

func subtractScalars(a, b fr.Vector) { a.Sub(b, a) }

func addScalars(a, b fr.Vector) { a.Add(a, b) }
