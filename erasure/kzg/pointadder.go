package kzg

import (
	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fp"
)

// PointAdder adds and doubles points in affine form, many pairs at a time, so that they share one inversion in the base
// field: a sum then costs 6 field multiplications and a double 7, against 11 and 7 in Jacobian form, and no result has
// to be brought back to affine form.
//
//	adder := kzg.NewPointAdder(512)
//	adder.Add(sums, x, y)             // sums[i] = x[i] + y[i]
//	adder.Subtract(x, x, y)           // in place
//	adder.Subtract(v[:n], v[1:], v)   // differences of neighbours, in place
//
// Every pair of points on the curve is allowed: equal ones, opposite ones and infinity, which gnark-crypto writes as
// (0, 0). Whoever chooses rows can bring all of them about. The running time depends on the points.
//
// The slices of a call are as long as its result, or longer. The results may overwrite operands that are not read
// afterwards, where results are written in ascending order: x[i] and y[i] must not share memory with sums[j] for any
// j < i.
//
// An adder holds the scratch memory of a batch and nothing else: calls allocate nothing, and one adder serves one
// goroutine at a time.
type PointAdder struct {
	denominators []fp.Element // of the slopes
	products     []fp.Element // of the denominators that follow
	cases        []additionCase
	octets       *octetAdder // nil where the processor cannot
}

// additionCase says which formula adds a pair.
type additionCase uint8

const (
	general   additionCase = iota // through the chord
	tangent                       // equal points
	opposite                      // the sum is infinity
	leftOnly                      // the right operand is infinity
	rightOnly                     // the left operand is infinity
)

// NewPointAdder returns an adder for batches of up to n > 0 pairs; it splits longer ones. An inversion costs as much as
// 80 multiplications or so, which makes some hundreds a good size; each takes 97 bytes.
func NewPointAdder(n int) *PointAdder {
	return &PointAdder{make([]fp.Element, n), make([]fp.Element, n), make([]additionCase, n), newOctetAdder(n)}
}

// Add sets sums[i] to x[i] + y[i].
func (a *PointAdder) Add(sums, x, y []bls12381.G1Affine) { a.combine(sums, x, y, false) }

// Subtract sets differences[i] to x[i] − y[i].
func (a *PointAdder) Subtract(differences, x, y []bls12381.G1Affine) {
	a.combine(differences, x, y, true)
}

// combine sets out[i] to x[i] + y[i], or to x[i] − y[i] if negate is set.
func (a *PointAdder) combine(out, x, y []bls12381.G1Affine, negate bool) {
	for len(out) > 0 {
		n := min(len(out), len(a.cases))
		if done := a.octets.combine(out[:n], x[:n], y[:n], negate, a); done > 0 {
			n = done
		} else {
			a.combineBatch(out[:n], x[:n], y[:n], negate)
		}
		out, x, y = out[n:], x[n:], y[n:]
	}
}

func (a *PointAdder) combineBatch(out, x, y []bls12381.G1Affine, negate bool) {
	if len(out) == 0 {
		return
	}
	product := fp.One()
	for i := len(out) - 1; i >= 0; i-- {
		a.products[i] = product
		denominator := &a.denominators[i]
		denominator.Sub(&y[i].X, &x[i].X)
		a.cases[i] = general
		if denominator.IsZero() || x[i].X.IsZero() || y[i].X.IsZero() {
			a.cases[i] = specialCase(denominator, &x[i], &y[i], negate)
		}
		product.Mul(&product, denominator)
	}
	product.Inverse(&product)
	for i := range out {
		var slope fp.Element
		slope.Mul(&product, &a.products[i])
		product.Mul(&product, &a.denominators[i])
		a.cases[i].apply(&out[i], &x[i], &y[i], &slope, negate)
	}
}

// specialCase decides what the general denominator cannot. Where no slope is needed it sets the denominator to one.
func specialCase(denominator *fp.Element, x, y *bls12381.G1Affine, negate bool) additionCase {
	switch {
	case y.IsInfinity():
		denominator.SetOne()
		return leftOnly
	case x.IsInfinity():
		denominator.SetOne()
		return rightOnly
	case !denominator.IsZero():
		return general
	case x.Y.Equal(&y.Y) != negate:
		denominator.Double(&x.Y) // not zero: the curve has no point of order two
		return tangent
	default:
		denominator.SetOne()
		return opposite
	}
}

// apply sets out to x ± y, given the inverse of the slope's denominator, which it uses up.
func (c additionCase) apply(out, x, y *bls12381.G1Affine, slope *fp.Element, negate bool) {
	switch c {
	case general:
		var rise fp.Element
		if negate {
			rise.Neg(&y.Y)
			rise.Sub(&rise, &x.Y)
		} else {
			rise.Sub(&y.Y, &x.Y)
		}
		slope.Mul(slope, &rise)
		intersect(out, x, &y.X, slope)
	case tangent:
		rise := tangentRise(x)
		slope.Mul(slope, &rise)
		intersect(out, x, &x.X, slope)
	case opposite:
		*out = bls12381.G1Affine{}
	case leftOnly:
		*out = *x
	case rightOnly:
		*out = *y
		if negate {
			out.Neg(out)
		}
	}
}

// tangentRise returns the numerator 3x² of the slope of the tangent.
func tangentRise(p *bls12381.G1Affine) (rise fp.Element) {
	var square fp.Element
	square.Square(&p.X)
	rise.Double(&square).Add(&rise, &square)
	return rise
}

// intersect sets out to the negative of the third point that the curve has in common with the line of the given slope
// through p and a point with the abscissa x.
func intersect(out, p *bls12381.G1Affine, x, slope *fp.Element) {
	var sum, third, rise fp.Element
	sum.Add(&p.X, x)
	third.Square(slope).Sub(&third, &sum)
	rise.Sub(&p.X, &third)
	rise.Mul(&rise, slope)
	out.Y.Sub(&rise, &p.Y)
	out.X = third
}

// Double sets doubles[i] to 2·x[i].
func (a *PointAdder) Double(doubles, x []bls12381.G1Affine) {
	for len(doubles) > 0 {
		n := min(len(doubles), len(a.cases))
		if done := a.octets.double(doubles[:n], x[:n]); done > 0 {
			n = done
		} else {
			a.doubleBatch(doubles[:n], x[:n])
		}
		doubles, x = doubles[n:], x[n:]
	}
}

func (a *PointAdder) doubleBatch(out, x []bls12381.G1Affine) {
	product := fp.One()
	for i := len(out) - 1; i >= 0; i-- {
		a.products[i] = product
		denominator := &a.denominators[i]
		denominator.Double(&x[i].Y)
		if denominator.IsZero() { // infinity: the curve has no point of order two
			denominator.SetOne()
		}
		product.Mul(&product, denominator)
	}
	product.Inverse(&product)
	for i := range out {
		var slope fp.Element
		slope.Mul(&product, &a.products[i])
		product.Mul(&product, &a.denominators[i])
		rise := tangentRise(&x[i])
		slope.Mul(&slope, &rise) // infinity has x = y = 0, a slope of zero and so infinity for a double
		intersect(&out[i], &x[i], &x[i].X, &slope)
	}
}
