package kzg

import (
	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fp"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// splitScalar is the scalar low + λ·high, in words from the least. Multiplying a point by λ takes one multiplication in the
// base field, so that a scalar is as good as two of half its length. (Gallant, Lambert and Vanstone, CRYPTO 2001.)
type splitScalar struct{ low, high [2]uint64 }

// combination is a sum of scalar multiples of points in the subgroup, to be computed.
type combination struct {
	points  []bls12381.G1Affine // each followed by λ times it
	scalars []splitScalar
	bits    int // of each half
	beta    fp.Element
}

// newCombination returns an empty sum with room for n terms whose scalars have halves of so many bits, 64 or 128.
func newCombination(n, bits int) *combination {
	return &combination{make([]bls12381.G1Affine, 0, 2*n), make([]splitScalar, 0, n), bits, newBeta()}
}

// add adds scalar·p.
func (c *combination) add(p *bls12381.G1Affine, scalar splitScalar) {
	if scalar == (splitScalar{}) || p.IsInfinity() {
		return
	}
	n := len(c.points)
	c.points, c.scalars = append(c.points, *p, *p), append(c.scalars, scalar)
	timesLambda(c.points[n+1:], &c.beta)
}

// addAll adds Σ scalars[i]·points[i].
func (c *combination) addAll(points []bls12381.G1Affine, scalars []fr.Element) {
	for i := range points {
		c.add(&points[i], splitPlain(scalars[i].Bits()))
	}
}

// subtractPlain subtracts Σ scalars[i]·points[i], of plain scalars.
func (c *combination) subtractPlain(points []bls12381.G1Affine, scalars []fr.Element) {
	for i := range points {
		var negative fr.Element
		c.add(&points[i], splitPlain(*negative.Neg(&scalars[i])))
	}
}

// splitPlain splits a plain scalar.
func splitPlain(plain fr.Element) (s splitScalar) {
	s.low[0], s.low[1], s.high[0], s.high[1] = splitByLambda(&plain)
	return s
}

// addRandom adds Σ r[i]·points[i].
func (c *combination) addRandom(points []bls12381.G1Affine, r *coefficients) {
	for i := range points {
		c.add(&points[i], r.halves[i])
	}
}

// sum computes the sum: it sorts the points by the digits of their scalars into buckets, one set for each window.
func (c *combination) sum() bls12381.G1Jac {
	if len(c.points) == 0 {
		return bls12381.G1Jac{}
	}
	width := c.width()
	windows, size := digitCount(c.bits+1, width), 1<<(width-1)
	entries := make([]entry, 0, len(c.points)*windows)
	for i := range c.scalars {
		for h, half := range [][2]uint64{c.scalars[i].low, c.scalars[i].high} {
			signedDigits(half[:c.bits/64], width, windows, func(w int, digit uint32, sign reference) {
				entries = append(entries, entry{bucketOf(digit, size)*windows + w, reference(2*i+h) | sign})
			})
		}
	}
	return weighBuckets(sumBuckets(c.points, entries, windows*size), windows)
}

// width returns the length of digits that takes the least work.
func (c *combination) width() (best int) {
	const jacobian = 6 // what such an addition takes, in batched affine ones
	least := 0
	for width := 2; width < 16; width++ {
		work := digitCount(c.bits+1, width) * (len(c.points) + 1<<width + jacobian*width)
		if best == 0 || work < least {
			best, least = width, work
		}
	}
	return best
}
