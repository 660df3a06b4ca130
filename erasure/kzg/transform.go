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
	octets  *octetTransform
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
	t.octets = newOctetTransform(t)
	return t
}

// evaluate turns n coefficients, ascending, into the n values, in place.
func (t *transform) evaluate(lines []line) {
	if t.octets != nil {
		t.octets.evaluate(lines)
		return
	}
	var scratch line
	half := len(lines)
	for _, level := range t.z {
		half /= 2
		for block := range level {
			from := 2 * half * block
			for i := from; i < from+half; i++ {
				split(&lines[i], &lines[i+half], &level[block], &scratch)
			}
		}
	}
}

// interpolate turns n values into n times the coefficients, in place.
func (t *transform) interpolate(lines []line) {
	if t.octets != nil {
		t.octets.interpolate(lines)
		return
	}
	var scratch line
	half := 1
	for l := len(t.inverse) - 1; l >= 0; l-- {
		for block := range t.inverse[l] {
			from := 2 * half * block
			for i := from; i < from+half; i++ {
				join(&lines[i], &lines[i+half], &t.inverse[l][block], &scratch)
			}
		}
		half *= 2
	}
}

// split sets (a, b) to (a + z·b, a − z·b).
func split(a, b *line, z *fr.Element, scratch *line) {
	low, high, zb := fr.Vector(a[:]), fr.Vector(b[:]), fr.Vector(scratch[:])
	if z.IsOne() {
		copy(zb, high)
	} else {
		zb.ScalarMul(high, z)
	}
	high.Sub(low, zb)
	low.Add(low, zb)
}

// join sets (a, b) to (a + b, (a − b)·inverse).
func join(a, b *line, inverse *fr.Element, scratch *line) {
	low, high, difference := fr.Vector(a[:]), fr.Vector(b[:]), fr.Vector(scratch[:])
	difference.Sub(low, high)
	low.Add(low, high)
	if inverse.IsOne() {
		copy(high, difference)
	} else {
		high.ScalarMul(difference, inverse)
	}
}

// scale multiplies a line by a constant.
func scale(l *line, by *fr.Element) {
	v := fr.Vector(l[:])
	v.ScalarMul(v, by)
}

// multiply multiplies a line by another, element by element.
func multiply(l, by *line) {
	v := fr.Vector(l[:])
	v.Mul(v, by[:])
}

// block is a square of lines: 64 columns of 64 scalars, or its transpose.
type block [lanes]line

// transpose exchanges lines and lanes. It goes by tiles, because the elements of a lane share few sets of a cache.
func transpose(b *block) {
	const tile = 8
	for row := 0; row < lanes; row += tile {
		for column := 0; column <= row; column += tile {
			for i := row; i < row+tile; i++ {
				for j := column; j < min(column+tile, i); j++ {
					b[i][j], b[j][i] = b[j][i], b[i][j]
				}
			}
		}
	}
}
