package kzg

import (
	"slices"
	"testing"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
)

// bothPaths returns an adder as the processor allows, and one that takes the portable path.
func bothPaths(n int) map[string]*PointAdder {
	portable := NewPointAdder(n)
	portable.octets = nil
	return map[string]*PointAdder{"as the processor allows": NewPointAdder(n), "portable": portable}
}

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
		sums, differences, doubles := expected(x, y, false), expected(x, y, true), expected(x, x, false)
		for _, size := range []int{2, 3, 5, 8, 9, 11, 64, n} {
			for path, adder := range bothPaths(size) {
				out := make([]bls12381.G1Affine, n)
				if adder.Add(out, x, y); !slices.Equal(out, sums) {
					t.Errorf("%s, %s: sums in batches of %d differ", name, path, size)
				}
				if adder.Subtract(out, x, y); !slices.Equal(out, differences) {
					t.Errorf("%s, %s: differences in batches of %d differ", name, path, size)
				}
				if adder.Double(out, x); !slices.Equal(out, doubles) {
					t.Errorf("%s, %s: doubles in batches of %d differ", name, path, size)
				}
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
