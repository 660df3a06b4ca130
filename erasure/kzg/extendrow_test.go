package kzg

import (
	"errors"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// TestExtensionInBothForms holds that the scalars of a row extend to the same in plain and in Montgomery form.
func TestExtensionInBothForms(t *testing.T) {
	for name, row := range edgeRows(t) {
		var plain, montgomery block
		for c := range plain {
			err1 := DecodePlain(plain[c][:], row.Cell(c)[:])
			err2 := DecodeScalars(montgomery[c][:], row.Cell(c)[:])
			if err := errors.Join(err1, err2); err != nil {
				t.Fatal(err)
			}
		}
		newSetup(t).extendScalars(&plain)
		newSetup(t).extendScalars(&montgomery)
		for c := range plain {
			for i := range plain[c] {
				if plain[c][i] != fr.Element(montgomery[c][i].Bits()) {
					t.Fatalf("%s: scalar %d of column %d differs", name, i, RowCells+c)
				}
			}
		}
	}
}

// TestTransformsDoNotAllocate holds that computing cells allocates nothing but its result.
func TestTransformsDoNotAllocate(t *testing.T) {
	setup, row := newSetup(t), someRows(t)[0].row
	if n := testing.AllocsPerRun(3, func() { _, _ = setup.ComputeCells(row) }); n > 1 {
		t.Errorf("cells: %v allocations", n)
	}
	extension := new(Row)
	if n := testing.AllocsPerRun(3, func() { _ = setup.ExtendRow(extension, row) }); n > 0 {
		t.Errorf("extension: %v allocations", n)
	}
}
