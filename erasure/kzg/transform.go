package kzg

import (
	"math/big"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// lanes is how many polynomials a transform handles side by side: one for each scalar of a cell, or for each of 64
// columns. Every multiplication in a transform is one of a whole line of lanes by one constant.
const lanes = 64

// line holds one coefficient, or one value, of each of 64 polynomials.
type line = [lanes]fr.Element

// transform evaluates polynomials of degree less than n on a coset s·⟨ωₙ⟩, in bit-reversed order like rows and cells.
// Level by level it splits the residue modulo xᵐ − z² into those modulo x^(m/2) ∓ z: there is one z for each block of a
// level. The coset's shift is part of the z and costs no pass of its own.
type transform struct {
	z       [][]fr.Element // by level and block
	inverse [][]fr.Element // their inverses
}

// newTransform prepares the transform to the given points, a coset in bit-reversed order.
func newTransform(points []fr.Element) *transform {
	t := new(transform)
	for half := len(points) / 2; half > 0; half /= 2 {
		var level []fr.Element
		for block := 0; block < len(points); block += 2 * half {
			var z fr.Element
			level = append(level, *z.Exp(points[block], big.NewInt(int64(half))))
		}
		t.z, t.inverse = append(t.z, level), append(t.inverse, fr.BatchInvert(level))
	}
	return t
}

// evaluate turns n coefficients, ascending, into the n values, in place.
func (t *transform) evaluate(lines []line) {
	half := len(lines)
	for _, level := range t.z {
		half /= 2
		for block := range level {
			from := 2 * half * block
			for i := from; i < from+half; i++ {
				split(&lines[i], &lines[i+half], &level[block])
			}
		}
	}
}

// interpolate turns n values into n times the coefficients, in place.
func (t *transform) interpolate(lines []line) {
	half := 1
	for l := len(t.inverse) - 1; l >= 0; l-- {
		for block := range t.inverse[l] {
			from := 2 * half * block
			for i := from; i < from+half; i++ {
				join(&lines[i], &lines[i+half], &t.inverse[l][block])
			}
		}
		half *= 2
	}
}

// split sets (a, b) to (a + z·b, a − z·b).
func split(a, b *line, z *fr.Element) {
	low, high := fr.Vector(a[:]), fr.Vector(b[:])
	var product line
	zb := fr.Vector(product[:])
	if z.IsOne() {
		copy(zb, high)
	} else {
		zb.ScalarMul(high, z)
	}
	high.Sub(low, zb)
	low.Add(low, zb)
}

// join sets (a, b) to (a + b, (a − b)·inverse).
func join(a, b *line, inverse *fr.Element) {
	low, high := fr.Vector(a[:]), fr.Vector(b[:])
	var difference line
	d := fr.Vector(difference[:])
	d.Sub(low, high)
	low.Add(low, high)
	if inverse.IsOne() {
		copy(high, d)
	} else {
		high.ScalarMul(d, inverse)
	}
}

// scale multiplies all lines by one constant.
func scale(lines []line, by *fr.Element) {
	for i := range lines {
		v := fr.Vector(lines[i][:])
		v.ScalarMul(v, by)
	}
}

// multiply multiplies lines by others, element by element.
func multiply(lines, by []line) {
	for i := range lines {
		v := fr.Vector(lines[i][:])
		v.Mul(v, by[i][:])
	}
}

// transpose exchanges lines and lanes.
func transpose(to, from *[lanes]line) {
	for i := range from {
		for j := range from[i] {
			to[j][i] = from[i][j]
		}
	}
}
