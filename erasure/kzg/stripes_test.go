package kzg

import (
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

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
		if *setup.cells(row, &plain) != *cells {
			t.Errorf("%s: the stripes give other cells", name)
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

// TestTransformsDoNotAllocate holds that computing cells allocates nothing but its result.
func TestTransformsDoNotAllocate(t *testing.T) {
	setup, row, m := newSetup(t), someRows(t)[0].row, new(stripes)
	if n := testing.AllocsPerRun(3, func() { _ = setup.rowStripes(m, row) }); n > 0 {
		t.Errorf("stripes: %v allocations", n)
	}
	if n := testing.AllocsPerRun(3, func() { _, _ = setup.ComputeCells(row) }); n > 1 {
		t.Errorf("cells: %v allocations", n)
	}
	extension := new(Row)
	if n := testing.AllocsPerRun(3, func() { _ = setup.ExtendRow(extension, row) }); n > 0 {
		t.Errorf("extension: %v allocations", n)
	}
}
