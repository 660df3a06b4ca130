package kzg

import (
	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fp"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// scaling multiplies points by constants known beforehand, a constant of its own for each: all take the same 128
// doublings and 64 additions, so that they share inversions. A constant has digits d + e·λ with odd d and e from −3 to
// 3, at 64 places.
type scaling struct {
	digits [halfBits / 2][]multiple // by place and point
}

// multiple is one of the 16 odd multiples d + e·λ: bit 0 tells |d| = 3, bit 1 whether the signs of d and e differ, bit
// 2 tells |e| = 3, bit
// 7 that d is negative.
type multiple uint8

const (
	multiples = 8      // that are not another's negative
	negative  = 1 << 7 // the bit that tells that one is
)

func newScaling(constants []fr.Element) *scaling {
	scaled := new(scaling)
	factor := newSignFactor(fr.One())
	for place := range scaled.digits {
		scaled.digits[place] = make([]multiple, len(constants))
	}
	for from := 0; from < len(constants); from += lanes {
		var plain line
		n := min(lanes, len(constants)-from)
		for i := range n {
			plain[i] = constants[from+i].Bits()
		}
		var s signs
		s.setScaled(&plain, &factor)
		for place := range scaled.digits {
			for i := range n {
				scaled.digits[place][from+i] = s.multiple(place, i)
			}
		}
	}
	return scaled
}

// multiple returns the digit of scalar v at 4ⁱ, i being the place.
func (s *signs) multiple(place, v int) multiple {
	bit := func(half, j int) uint64 { return s[half][j] >> v & 1 }
	d1, d0, e1, e0 := bit(0, 2*place+1), bit(0, 2*place), bit(1, 2*place+1), bit(1, 2*place)
	m := multiple((1 ^ d1 ^ d0) | (d1^e1)<<1 | (1^e1^e0)<<2)
	if d1 == 0 {
		m |= negative
	}
	return m
}

// scalingScratch is the memory for some number of points.
type scalingScratch struct {
	double, doubleLambda []bls12381.G1Affine
	table                [multiples][]bls12381.G1Affine
}

func newScalingScratch(n int) *scalingScratch {
	s := &scalingScratch{double: make([]bls12381.G1Affine, n), doubleLambda: make([]bls12381.G1Affine, n)}
	for i := range s.table {
		s.table[i] = make([]bls12381.G1Affine, n)
	}
	return s
}

// apply multiplies points, of which `rows` neighbours at a time share a constant, in place.
func (k *scaling) apply(points []bls12381.G1Affine, rows int, adder *PointAdder, scratch *scalingScratch, beta *fp.Element) {
	scratch.tabulate(points, adder, beta)
	term := scratch.double[:len(points)]
	for place := len(k.digits) - 1; place >= 0; place-- {
		to := term
		if place == len(k.digits)-1 {
			to = points
		} else {
			adder.Double(points, points)
			adder.Double(points, points)
		}
		for i, m := range k.digits[place] {
			to := to[i*rows : (i+1)*rows]
			copy(to, scratch.table[m%multiples][i*rows:])
			if m&negative != 0 {
				for j := range to {
					to[j].Neg(&to[j])
				}
			}
		}
		if place < len(k.digits)-1 {
			adder.Add(points, points, term)
		}
	}
}

// tabulate computes the multiples d + e·λ of the points.
func (s *scalingScratch) tabulate(points []bls12381.G1Affine, adder *PointAdder, beta *fp.Element) {
	n := len(points)
	double, doubleLambda := s.double[:n], s.doubleLambda[:n]
	t := &s.table
	copy(t[2][:n], points)
	timesLambda(t[2][:n], beta)
	adder.Add(t[0][:n], points, t[2])
	adder.Subtract(t[2][:n], points, t[2])
	adder.Double(double, points)
	copy(doubleLambda, double)
	timesLambda(doubleLambda, beta)
	adder.Add(t[1][:n], t[0], double)
	adder.Add(t[3][:n], t[2], double)
	for i := range 2 {
		adder.Add(t[4+i][:n], t[i], doubleLambda)
		adder.Subtract(t[6+i][:n], t[2+i], doubleLambda)
	}
}

// rootOfMinusOne multiplies points by ω₄: as x³ = ±ω₄ and x² = λ + 1 = −λ², by ±λ²·|x|.
type rootOfMinusOne struct {
	betaSquared fp.Element
	negative    bool // ω₄ = −λ²·|x|
}

func newRootOfMinusOne(root fr.Element, beta fp.Element) (r rootOfMinusOne) {
	r.betaSquared.Square(&beta)
	var square, x fr.Element
	square.SetBytes(append(limbBytes(lambda1), limbBytes(lambda0)...))
	square.Square(&square)
	x.SetUint64(parameter)
	r.negative = !square.Mul(&square, &x).Equal(&root)
	return r
}

// apply multiplies points in place; scratch has room for as many.
func (r *rootOfMinusOne) apply(points, scratch []bls12381.G1Affine, adder *PointAdder) {
	copy(scratch, points)
	for bit := uint64(1) << 62; bit > 0; bit >>= 1 {
		adder.Double(points, points)
		if parameter&bit != 0 {
			adder.Add(points, points, scratch)
		}
	}
	timesLambda(points, &r.betaSquared)
	if r.negative {
		for i := range points {
			points[i].Y.Neg(&points[i].Y)
		}
	}
}
