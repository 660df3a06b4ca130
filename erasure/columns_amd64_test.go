//go:build !purego

package erasure

import (
	"fmt"
	"testing"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// unlikeColumns are columns of k cells whose differences are random, as large as can be, or none.
func unlikeColumns(k int) map[string]func(row, scalar int) kzg.Scalar {
	rng := newRand(uint64(k))
	random := make([]*kzg.Row, (k+kzg.RowCells-1)/kzg.RowCells)
	for i := range random {
		random[i] = randomRow(rng)
	}
	extreme := func(largest bool) (s kzg.Scalar) {
		if largest {
			s = modulusMinusOne
		}
		return s
	}
	return map[string]func(row, scalar int) kzg.Scalar{
		"random": func(row, scalar int) kzg.Scalar {
			return kzg.Scalar(random[row/kzg.RowCells].Cell(row % kzg.RowCells)[scalar*kzg.ScalarSize:])
		},
		"extreme":     func(int, int) kzg.Scalar { return extreme(rng.IntN(2) == 1) },
		"alternating": func(row, scalar int) kzg.Scalar { return extreme((row+scalar)%2 == 1) },
		"greatest":    func(int, int) kzg.Scalar { return modulusMinusOne },
		"one":         func(row, scalar int) kzg.Scalar { return extreme(row == scalar%k) },
	}
}

// TestOctetColumns holds columns extended eight scalars at a time against those extended scalar by scalar.
func TestOctetColumns(t *testing.T) {
	if !haveOctets() {
		t.Skip("the processor has no octets")
	}
	for _, k := range []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 18, 33, 34, 64, 100, MaxRows} {
		for name, scalarAt := range unlikeColumns(k) {
			t.Run(fmt.Sprintf("k=%d/%s", k, name), func(t *testing.T) {
				have, want := newColumnExtender(k), newColumnExtender(k)
				want.withoutOctets(k)
				for i := range have.column {
					have.column[i], want.column[i] = new(kzg.Cell), new(kzg.Cell)
					for s := range kzg.CellScalars {
						scalar := scalarAt(i%k, s)
						copy(have.column[i][s*kzg.ScalarSize:], scalar[:])
					}
					*want.column[i] = *have.column[i]
				}
				if err := want.extend(); err != nil {
					t.Fatal(err)
				}
				if err := have.extend(); err != nil {
					t.Fatal(err)
				}
				for i := range have.column {
					if *have.column[i] != *want.column[i] {
						t.Fatalf("cell %d differs", i)
					}
				}
			})
		}
	}
}
