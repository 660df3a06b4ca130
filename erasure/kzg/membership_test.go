package kzg

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
)

// TestCombineTriples holds the table against sums computed pair by pair.
func TestCombineTriples(t *testing.T) {
	points := unlikePoints(10)
	const triples = 4
	table := combineTriples(points, triples)
	padded := append(slices.Clone(points), make([]bls12381.G1Affine, 2)...)
	for d := range signedTriples {
		number := signedTriples - d // a + 3b + 9c
		for i := range triples {
			var want bls12381.G1Jac
			for place, rest := 0, number+signedTriples; place < 3; place, rest = place+1, rest/3 {
				p := padded[place*triples+i]
				switch rest % 3 {
				case 0:
					p.Neg(&p)
					want.AddMixed(&p)
				case 2:
					want.AddMixed(&p)
				}
			}
			if have := table[d*triples+i]; !have.Equal(new(bls12381.G1Affine).FromJacobian(&want)) {
				t.Errorf("combination %d of triple %d differs", d, i)
			}
		}
	}
}

// TestFindOutside hides one point outside the subgroup at every place, or two whose outer parts cancel, among members.
func TestFindOutside(t *testing.T) {
	members := newSetup(t).lagrange[:leastSumCheck+1]
	if i, j := findOutside(members), findOutside(unlikePoints(leastSumCheck)); i >= 0 || j >= 0 {
		t.Fatalf("members %d and %d refused", i, j)
	}
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

func TestDecodeManyPointsRefuses(t *testing.T) {
	encoded := EncodePoints[Proof](newSetup(t).lagrange[:leastSumCheck])
	if _, err := DecodePoints(encoded); err != nil {
		t.Fatal(err)
	}
	for name, bad := range badPoints(t) {
		with := slices.Clone(encoded)
		with[201] = bad
		if _, err := DecodePoints(with); !errors.Is(err, ErrInvalidPoint) || !strings.Contains(err.Error(), "point 201:") {
			t.Errorf("%s: have %v, want %v", name, err, ErrInvalidPoint)
		}
	}
}

// TestTrits holds that all 27 numbers come, about equally often.
func TestTrits(t *testing.T) {
	const each = 2000
	var counts [2*signedTriples + 1]int
	trits := newTrits(100)
	for range each * len(counts) {
		counts[trits.next()]++
	}
	for d, n := range counts {
		if n < each*4/5 || n > each*6/5 {
			t.Errorf("%d comes %d times of %d", d, n, each)
		}
	}
}
