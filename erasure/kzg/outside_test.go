package kzg

import (
	"math/rand/v2"
	"slices"
	"testing"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
)

// TestFindOutside hides one point outside the subgroup at every place, or two whose outer parts cancel, among members.
func TestFindOutside(t *testing.T) {
	members := newSetup(t).lagrange[:leastSumCheck+1]
	for at := range members {
		points := slices.Clone(members)
		points[at] = shifted(points[at], 1)
		if i := findOutside(points); i != at {
			t.Errorf("a point of order 3r at %d: found %d", at, i)
		}
		other := (at + 86) % len(points)
		points[other] = shifted(points[other], -1)
		if i := findOutside(points); i != at && i != other {
			t.Errorf("two points of order 3r at %d and %d: found %d", at, other, i)
		}
	}
}

// TestFindOneOfManyOutside hides up to all points.
func TestFindOneOfManyOutside(t *testing.T) {
	members := newSetup(t).lagrange[:4*leastSumCheck+2]
	rng := rand.New(rand.NewPCG(1, 0))
	for _, n := range []int{3, 10, 100, len(members)} {
		points := slices.Clone(members)
		var bad []int
		for _, at := range rng.Perm(len(members))[:n] {
			points[at] = shifted(points[at], 1-2*rng.IntN(2))
			bad = append(bad, at)
		}
		if i := findOutside(points); !slices.Contains(bad, i) {
			t.Errorf("%d points outside: found %d", n, i)
		}
	}
}

// shifted adds a point of order three to p, or subtracts it.
func shifted(p bls12381.G1Affine, sign int) bls12381.G1Affine {
	var order3 bls12381.G1Affine
	order3.Y.SetUint64(2)
	if sign < 0 {
		order3.Neg(&order3)
	}
	return *p.Add(&p, &order3)
}
