package erasure

import (
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// TestFoldingInterpolates holds the coefficients of every extended row against barycentric interpolation.
func TestFoldingInterpolates(t *testing.T) {
	for _, k := range []int{1, 2, 3, 7, 34, MaxRows} {
		folding, direct := newFolding(k), fromOriginals(k)
		for _, j := range []int{k, k + 1, k + k/2, 2*k - 1} {
			if j >= 2*k {
				continue
			}
			weights := make([]fr.Element, 2*k)
			weights[j].SetUint64(5)
			weights[k-1].SetUint64(3)
			have, want := folding.transpose(weights), fr.Vector(direct.at(j))
			want.ScalarMul(want, &weights[j])
			want[k-1].Add(&want[k-1], &weights[k-1])
			for i := range want {
				if !have[i].Equal(&want[i]) {
					t.Fatalf("k = %d, row %d: coefficient %d differs", k, j, i)
				}
			}
		}
	}
}

// fromOriginals interpolates from the k original rows.
func fromOriginals(k int) interpolation {
	rows := make([]int, k)
	for i := range rows {
		rows[i] = i
	}
	return fromRows(rows)
}
