package kzg

import (
	"crypto/rand"
	"slices"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"

	"github.com/ashlar-da/ashlar/erasure/parallel"
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
	table := combineTriples(points, triples)
	start := func() *sumChecker { return newSumChecker(table, triples) }
	return parallel.With((sumChecks+laneCount-1)/laneCount, start, func(c *sumChecker, i int) error {
		return c.check(min(laneCount, sumChecks-i*laneCount))
	}) == nil
}

// sumChecker computes random sums, as many at a time as are checked side by side, in one goroutine.
type sumChecker struct {
	triples int
	adder   *bucketAdder
	octets  *octetDecoder
	trits   *trits
	sorted  [laneCount][]reference // the points of each sum
	sums    [laneCount]bls12381.G1Affine
}

func newSumChecker(table []bls12381.G1Affine, triples int) *sumChecker {
	c := &sumChecker{
		triples: triples,
		adder:   newBucketAdder(table, laneCount*triples),
		octets:  newOctetDecoder(),
		trits:   newTrits(laneCount * triples),
	}
	for sum := range c.sorted {
		c.sorted[sum] = make([]reference, 0, triples)
	}
	return c
}

// check fails if any of n ≤ 8 random sums is outside the subgroup.
func (c *sumChecker) check(n int) error {
	for sum := range n {
		points := c.sorted[sum][:0]
		for t := range c.triples {
			switch d := c.trits.next(); {
			case d < signedTriples:
				points = append(points, reference(d*c.triples+t)|minus)
			case d > signedTriples:
				points = append(points, reference((2*signedTriples-d)*c.triples+t))
			}
		}
		c.sorted[sum] = points
	}
	c.adder.sumRanges(c.sums[:n], c.sorted[:n])
	if !membersOnly(c.sums[:n], c.octets) {
		return errNoMember
	}
	return nil
}

// combineTriples returns the combinations of the i-th points of each third, ordered by their number and then by i. The
// combination a·p + b·q + c·r has the number 13 − (a + 3b + 9c), and the one with the opposite signs is not listed.
func combineTriples(points []bls12381.G1Affine, triples int) []bls12381.G1Affine {
	out := make([]bls12381.G1Affine, signedTriples*triples)
	parallel.Split(triples, adderBatch/4, func(from, to int) {
		at := func(a, b, c int) []bls12381.G1Affine {
			number := signedTriples - (a + 3*b + 9*c)
			return out[number*triples+from : number*triples+to]
		}
		for third, to := range [][]bls12381.G1Affine{at(1, 0, 0), at(0, 1, 0), at(0, 0, 1)} {
			copy(to, points[min(third*triples+from, len(points)):])
		}
		addTriples(at)
	})
	return out
}

// addTriples computes combinations of two or three points from those of one.
func addTriples(at func(a, b, c int) []bls12381.G1Affine) {
	adder := NewPointAdder(adderBatch)
	p, q, r := at(1, 0, 0), at(0, 1, 0), at(0, 0, 1)
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
}

// membersOnly checks up to eight points, side by side or one by one, and may change their order.
func membersOnly(points []bls12381.G1Affine, octets *octetDecoder) bool {
	finite := slices.DeleteFunc(points, func(p bls12381.G1Affine) bool { return p.IsInfinity() })
	if octets != nil && octets.inSubgroup(finite) {
		return true
	}
	return !slices.ContainsFunc(finite, func(p bls12381.G1Affine) bool { return !p.IsInSubGroup() })
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
