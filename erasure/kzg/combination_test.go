package kzg

import (
	"slices"
	"testing"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
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

func TestCombinePoints(t *testing.T) {
	points, lists := unlikePoints(30), [][]fr.Element(nil)
	for _, scalars := range unlikeScalars(30) {
		lists = append(lists, scalars)
	}
	for n, sum := range CombinePoints(points, lists) {
		if want := product(t, points, lists[n]); !sum.Equal(&want) {
			t.Errorf("sum %d differs", n)
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
