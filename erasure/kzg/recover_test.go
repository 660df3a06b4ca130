package kzg

import (
	"errors"
	"slices"
	"testing"
)

// recoverCase is a valid input of RecoverCells, to be corrupted.
type recoverCase struct {
	columns []int
	cells   []*Cell
}

func recoverable(tb testing.TB, columns []int) *recoverCase {
	tb.Helper()
	row, c := someRows(tb)[0], &recoverCase{columns: columns}
	for _, column := range columns {
		cell := row.cells[column]
		c.cells = append(c.cells, &cell)
	}
	return c
}

func TestRecoverCells(t *testing.T) {
	rng := newRand(2)
	for _, n := range []int{64, 65, 100, 127, 128} {
		columns := rng.Perm(Columns)[:n]
		slices.Sort(columns)
		c := recoverable(t, columns)
		cells, err := newSetup(t).RecoverCells(c.columns, c.cells)
		if err != nil {
			t.Fatalf("%d cells: %v", n, err)
		}
		if *cells != *someRows(t)[0].cells {
			t.Errorf("%d cells: recovered others", n)
		}
	}
}

func TestRecoverCellsRefuses(t *testing.T) {
	r := modulus()
	for _, test := range []struct {
		name    string
		corrupt func(*recoverCase)
		want    error
	}{
		{"63 cells", func(c *recoverCase) { c.columns, c.cells = c.columns[:63], c.cells[:63] }, ErrBadInput},
		{"no cells", func(c *recoverCase) { *c = recoverCase{} }, ErrBadInput},
		{"a column twice", func(c *recoverCase) { c.columns[7] = c.columns[6] }, ErrBadInput},
		{"descending", func(c *recoverCase) { c.columns[7], c.columns[6] = c.columns[6], c.columns[7] }, ErrBadInput},
		{"column −1", func(c *recoverCase) { c.columns[0] = -1 }, ErrBadInput},
		{"column 128", func(c *recoverCase) { c.columns[63] = 128 }, ErrBadInput},
		{"nil cell", func(c *recoverCase) { c.cells[5] = nil }, ErrBadInput},
		{"a cell missing", func(c *recoverCase) { c.cells = c.cells[1:] }, ErrBadInput},
		{"a 65th cell of another row", func(c *recoverCase) {
			c.columns, c.cells = append(c.columns, 127), append(c.cells, &someRows(t)[1].cells[127])
		}, ErrInvalidProof},
		{"scalar = r", func(c *recoverCase) { copy(c.cells[9][:], r[:]) }, ErrNonCanonicalScalar},
	} {
		columns := make([]int, RowCells)
		for i := range columns {
			columns[i] = 2 * i
		}
		c := recoverable(t, columns)
		test.corrupt(c)
		if _, err := newSetup(t).RecoverCells(c.columns, c.cells); !errors.Is(err, test.want) {
			t.Errorf("%s: have %v, want %v", test.name, err, test.want)
		}
		if _, _, err := newSetup(t).RecoverCellsAndProofs(c.columns, c.cells); !errors.Is(err, test.want) {
			t.Errorf("%s, with proofs: have %v, want %v", test.name, err, test.want)
		}
	}
}
