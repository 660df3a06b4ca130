package kzg

import (
	"errors"
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

// TestSubgroupBySums hides one point outside the subgroup, or two whose outer parts cancel, among members.
func TestSubgroupBySums(t *testing.T) {
	members := newSetup(t).lagrange[:leastSumCheck+1]
	if !inSubgroupBySums(members) || !inSubgroupBySums(unlikePoints(leastSumCheck)) {
		t.Fatal("members refused")
	}
	order3 := bls12381.G1Affine{}
	order3.Y.SetUint64(2)
	for _, at := range []int{0, 100, 200, leastSumCheck} {
		points := slices.Clone(members)
		points[at].Add(&points[at], &order3)
		if inSubgroupBySums(points) {
			t.Errorf("a point of order 3r at %d passes", at)
		}
		other := &points[(at+86)%len(points)]
		other.Sub(other, &order3)
		if inSubgroupBySums(points) {
			t.Errorf("two points of order 3r at %d pass", at)
		}
	}
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
