package kzg

import (
	"crypto/rand"
	"slices"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
)

const (
	// leastSumCheck is how many points are worth checking by random sums.
	leastSumCheck = 256
	// sumChecks is the number of random sums: a point outside the subgroup passes with probability 3⁻⁸¹ < 2⁻¹²⁸.
	sumChecks = 81
	// signedTriples is how many sums ±p ± q ± r there are, where each point may be left out, up to sign.
	signedTriples = 13
)

// inSubgroupBySums tells whether all points of the curve are in the subgroup, from random sums Σ dᵢ·pᵢ with independent
// uniform dᵢ out of −1, 0 and 1. The order of the curve modulo the subgroup is odd, so that three such multiples of what
// a point has outside the subgroup differ, and at most one of them makes a sum end up inside. Points are taken by three,
// whose 13 combinations up to sign are added once for all sums.
func inSubgroupBySums(points []bls12381.G1Affine) bool {
	triples := (len(points) + 2) / 3
	entries := make([]entry, 0, sumChecks*triples)
	digits := newTrits(sumChecks * triples)
	for sum := range sumChecks {
		for t := range triples {
			switch d := digits.next(); {
			case d < signedTriples:
				entries = append(entries, entry{sum, reference(d*triples+t) | minus})
			case d > signedTriples:
				entries = append(entries, entry{sum, reference((2*signedTriples-d)*triples + t)})
			}
		}
	}
	sums := sumBuckets(combineTriples(points, triples), entries, sumChecks)
	return membersOnly(sums)
}

// combineTriples returns the combinations of the i-th points of each third, ordered by their number and then by i. The
// combination a·p + b·q + c·r has the number 13 − (a + 3b + 9c), and the one with the opposite signs is not listed.
func combineTriples(points []bls12381.G1Affine, triples int) []bls12381.G1Affine {
	out := make([]bls12381.G1Affine, signedTriples*triples)
	at := func(a, b, c int) []bls12381.G1Affine {
		number := signedTriples - (a + 3*b + 9*c)
		return out[number*triples : (number+1)*triples]
	}
	adder := NewPointAdder(adderBatch)
	p, q, r := at(1, 0, 0), at(0, 1, 0), at(0, 0, 1)
	copy(p, points)
	copy(q, points[min(triples, len(points)):])
	copy(r, points[min(2*triples, len(points)):])
	adder.Add(at(1, 1, 0), q, p)
	adder.Subtract(at(-1, 1, 0), q, p)
	for b := -1; b <= 1; b++ {
		switch b {
		case -1:
			adder.Subtract(at(0, b, 1), r, q)
		case 1:
			adder.Add(at(0, b, 1), r, q)
		}
		adder.Add(at(1, b, 1), at(0, b, 1), p)
		adder.Subtract(at(-1, b, 1), at(0, b, 1), p)
	}
	return out
}

// membersOnly checks points one by one, or eight side by side.
func membersOnly(points []bls12381.G1Affine) bool {
	octets := newOctetDecoder()
	for some := range slices.Chunk(points, laneCount) {
		finite := slices.DeleteFunc(slices.Clone(some), func(p bls12381.G1Affine) bool { return p.IsInfinity() })
		if octets != nil && octets.inSubgroup(finite) {
			continue
		}
		for i := range finite {
			if !finite[i].IsInSubGroup() {
				return false
			}
		}
	}
	return true
}

// trits are unpredictable uniform numbers from 0 to 26: three digits of −1, 0 or 1.
type trits struct{ entropy, left []byte }

func newTrits(n int) *trits { return &trits{entropy: make([]byte, n+n/16+1)} }

func (t *trits) next() int {
	const values, usable = 2*signedTriples + 1, 243 // the bytes from there on would favour some numbers
	for {
		if len(t.left) == 0 {
			_, _ = rand.Read(t.entropy) // never fails
			t.left = t.entropy
		}
		b := t.left[0]
		if t.left = t.left[1:]; b < usable {
			return int(b) % values
		}
	}
}
