package kzg

import (
	"slices"
	"testing"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
)

func sumOf(points []bls12381.G1Affine, scalars []splitScalar, bits int) bls12381.G1Jac {
	return sumAll(newCombination(splitPoints(points), scalars, bits))[0]
}

// TestCombinationSums compares with gnark-crypto, on infinity and equal and opposite points too.
func TestCombinationSums(t *testing.T) {
	for _, n := range []int{0, 1, 2, 30, 300} {
		points := unlikePoints(n)
		for name, scalars := range unlikeScalars(n) {
			sum, want := sumOf(points, splitScalars(scalars), 128), product(t, points, scalars)
			if !new(bls12381.G1Affine).FromJacobian(&sum).Equal(&want) {
				t.Errorf("%d %s scalars: the sum differs", n, name)
			}
		}
		r := randomCoefficients(n)
		sum, want := sumOf(points, slices.Clone(r.halves), 64), product(t, points, r.scalars)
		if !new(bls12381.G1Affine).FromJacobian(&sum).Equal(&want) {
			t.Errorf("%d random coefficients: the sum differs", n)
		}
	}
}

// TestRandomCoefficients holds that coefficients are distinct and none is zero or short.
func TestRandomCoefficients(t *testing.T) {
	seen := make(map[splitScalar]bool)
	for _, half := range randomCoefficients(1000).halves {
		if seen[half] || half.low[0] == 0 || half.high[0] == 0 {
			t.Fatalf("coefficient %v", half)
		}
		seen[half] = true
	}
}
