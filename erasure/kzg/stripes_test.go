package kzg

import (
	"bytes"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// edgeRows are rows whose transforms meet zeros, equal values and the largest scalars, and a random one.
func edgeRows(tb testing.TB) map[string]*Row {
	tb.Helper()
	largest := modulus()
	largest[ScalarSize-1]--
	last := new(Row)
	last[RowSize-1] = 1
	first := new(Row)
	first[ScalarSize-1] = 1
	return map[string]*Row{
		"zero":                 new(Row),
		"one":                  (*Row)(bytes.Repeat(Scalar{31: 1}.slice(), RowScalars)),
		"r−1":                  (*Row)(bytes.Repeat(largest[:], RowScalars)),
		"0 and r−1 in turn":    (*Row)(bytes.Repeat(append(make([]byte, ScalarSize), largest[:]...), RowScalars/2)),
		"all but first zero":   first,
		"all but last zero":    last,
		"one cell of r−1":      (*Row)(append(bytes.Repeat(largest[:], CellScalars), make([]byte, RowSize-CellSize)...)),
		"random":               someRows(tb)[0].row,
		"random row's negated": negatedRow(tb, someRows(tb)[0].row),
	}
}

func (z Scalar) slice() []byte { return z[:] }

func negatedRow(tb testing.TB, row *Row) *Row {
	tb.Helper()
	scalars, err := decodeRow(row)
	if err != nil {
		tb.Fatal(err)
	}
	out := new(Row)
	EncodeScalars(out[:], negated(scalars))
	return out
}

// TestStripesAreTheCellsInterpolants holds the stripes, computed in plain and in Montgomery form, against the
// coefficients of each cell's interpolant, computed from the cell.
func TestStripesAreTheCellsInterpolants(t *testing.T) {
	setup := newSetup(t)
	for name, row := range edgeRows(t) {
		var plain, montgomery stripes
		if err := setup.rowStripes(&plain, row); err != nil {
			t.Fatal(err)
		}
		for c := range RowCells {
			if err := DecodeScalars(montgomery[c][:], row.Cell(c)[:]); err != nil {
				t.Fatal(err)
			}
		}
		setup.completeStripes(&montgomery)
		cells, err := setup.ComputeCells(row)
		if err != nil {
			t.Fatal(err)
		}
		for c := range Columns {
			var want line
			if err := DecodeScalars(want[:], cells[c][:]); err != nil {
				t.Fatal(err)
			}
			setup.cellCoefficients(c, want[:])
			for v := range want {
				if montgomery[c][v] != want[v] || plain[c][v] != fr.Element(want[v].Bits()) {
					t.Fatalf("%s: stripe %d of column %d differs", name, v, c)
				}
			}
		}
	}
}

func TestStripesDoNotAllocate(t *testing.T) {
	setup, row, m := newSetup(t), someRows(t)[0].row, new(stripes)
	if n := testing.AllocsPerRun(3, func() { _ = setup.rowStripes(m, row) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
