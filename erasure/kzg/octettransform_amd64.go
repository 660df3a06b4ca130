//go:build !purego

package kzg

import (
	"math/big"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// scalarOctet holds eight scalars for vector instructions to process side by side: limb i of element j, 52 bits of it, at
// [i][j]. Any of a residue stands for it.
type scalarOctet [5][laneCount]int64

// constant is a number z less than the modulus r to multiply by, and ⌊2²⁶⁰·z/r⌋, in limbs of 52 bits from the least.
type constant struct{ z, scaled [5]uint64 }

// The functions without bodies are in transform_amd64.s, which tools/octets writes.

// loadLines reads eight neighbouring lanes of n > 0 lines.
//
//go:noescape
func loadLines(values *scalarOctet, lanes *fr.Element, n int)

// storeLines writes eight neighbouring lanes of n > 0 lines.
//
//go:noescape
func storeLines(lanes *fr.Element, values *scalarOctet, n int)

// splitOctets sets n > 0 pairs (a, b) to (a + z·b, a − z·b).
//
//go:noescape
func splitOctets(low, high *scalarOctet, n int, z *constant)

// joinOctets sets n > 0 pairs (a, b) to (a + b, z·(a − b)).
//
//go:noescape
func joinOctets(low, high *scalarOctet, n int, z *constant)

// addOctets is both for z = 1.
//
//go:noescape
func addOctets(low, high *scalarOctet, n int)

// octetTransform is a transform that goes lanes by lanes, eight of them through all levels, whose values stay in the first
// cache.
type octetTransform struct {
	z, inverse [][]constant // by level and block; the zero constant stands for one
}

// newOctetTransform returns nil where the processor cannot.
func newOctetTransform(t *transform) *octetTransform {
	if !haveOctets() {
		return nil
	}
	return &octetTransform{newConstants(t.z), newConstants(t.inverse)}
}

func newConstants(levels [][]fr.Element) [][]constant {
	all := make([][]constant, len(levels))
	for l, level := range levels {
		all[l] = make([]constant, len(level))
		for block := range level {
			if !level[block].IsOne() {
				all[l][block] = newConstant(&level[block])
			}
		}
	}
	return all
}

func newConstant(e *fr.Element) (c constant) {
	z := e.BigInt(new(big.Int))
	c.z = limbsOf(z)
	z.Lsh(z, 5*52)
	c.scaled = limbsOf(z.Quo(z, fr.Modulus()))
	return c
}

// limbsOf cuts an integer less than 2²⁶⁰ into limbs.
func limbsOf(z *big.Int) (limbs [5]uint64) {
	var words [6]uint64
	for i, word := range z.Bits() {
		words[i] = uint64(word)
	}
	for i := range limbs {
		w, from := i*52/64, i*52%64
		limbs[i] = (words[w]>>from | words[w+1]<<(64-from)) & limbMask
	}
	return limbs
}

// evaluate is that of transform.
func (t *octetTransform) evaluate(lines []line) {
	var values [Columns]scalarOctet
	for lane := 0; lane < lanes; lane += laneCount {
		loadLines(&values[0], &lines[0][lane], len(lines))
		half := len(lines)
		for l := range t.z {
			half /= 2
			for block := range t.z[l] {
				low, high := &values[2*half*block], &values[2*half*block+half]
				if z := &t.z[l][block]; *z == (constant{}) {
					addOctets(low, high, half)
				} else {
					splitOctets(low, high, half, z)
				}
			}
		}
		storeLines(&lines[0][lane], &values[0], len(lines))
	}
}

// interpolate is that of transform.
func (t *octetTransform) interpolate(lines []line) {
	var values [Columns]scalarOctet
	for lane := 0; lane < lanes; lane += laneCount {
		loadLines(&values[0], &lines[0][lane], len(lines))
		half := 1
		for l := len(t.inverse) - 1; l >= 0; l-- {
			for block := range t.inverse[l] {
				low, high := &values[2*half*block], &values[2*half*block+half]
				if z := &t.inverse[l][block]; *z == (constant{}) {
					addOctets(low, high, half)
				} else {
					joinOctets(low, high, half, z)
				}
			}
			half *= 2
		}
		storeLines(&lines[0][lane], &values[0], len(lines))
	}
}
