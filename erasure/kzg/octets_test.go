package kzg

import (
	"slices"
	"testing"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
)

// TestPointAdderInLanes adds whole groups of eight, in which some pairs have no chord.
func TestPointAdderInLanes(t *testing.T) {
	rng := newRand(5)
	const n = 203
	x, y := make([]bls12381.G1Affine, n), make([]bls12381.G1Affine, n)
	for i := range x {
		x[i], y[i] = randomPoint(rng), randomPoint(rng)
	}
	check := func(name string) {
		t.Helper()
		for _, size := range []int{2, 3, 5, 8, 9, 11, 64, n} {
			adder, out := NewPointAdder(size), make([]bls12381.G1Affine, n)
			if adder.Add(out, x, y); !slices.Equal(out, expected(x, y, false)) {
				t.Errorf("%s: sums in batches of %d differ", name, size)
			}
			if adder.Subtract(out, x, y); !slices.Equal(out, expected(x, y, true)) {
				t.Errorf("%s: differences in batches of %d differ", name, size)
			}
		}
	}
	check("ordinary")
	x[3], y[17], y[18] = bls12381.G1Affine{}, bls12381.G1Affine{}, bls12381.G1Affine{}
	x[18] = y[18]
	check("infinity")
	y[44].Neg(&x[44])
	check("opposite")
	y[60] = x[60]
	check("equal")
	x[61] = bls12381.G1Affine{}
	x[61].Y.SetUint64(2)
	check("order three")
}
