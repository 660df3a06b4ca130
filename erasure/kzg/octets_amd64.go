//go:build !purego

package kzg

import (
	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fp"
	"golang.org/x/sys/cpu"
)

// haveOctets tells whether the processor has the instructions that octets take: those of Ice Lake and Zen 4.
func haveOctets() bool {
	return cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512IFMA && cpu.X86.HasAVX512VBMI2
}

// multiplyOctet sets z to x·y/2⁴¹⁶.
//
//go:noescape
func multiplyOctet(z, x, y *octet)

// squareOctet squares z n > 0 times.
//
//go:noescape
func squareOctet(z *octet, n int)

// addOctet sets z to x+y.
//
//go:noescape
func addOctet(z, x, y *octet)

// subtractOctet sets z to x − y + 64p; y must be less than 64p.
//
//go:noescape
func subtractOctet(z, x, y *octet)

// chordDenominators computes the denominators of slopes and their products. It sets special, bit by bit, for pairs that
// the caller has to look at; their denominators are one.
//
//go:noescape
func chordDenominators(denominators, products *octet, special *uint8, x, y *bls12381.G1Affine, groups int)

// chordSums computes sums through the chord, from the inverse of the denominators' product in scratch[0].
//
//go:noescape
func chordSums(sums, x, y *bls12381.G1Affine, denominators, products *octet, groups int, negate uint64, scratch *[6]octet)

// tangentDenominators and tangentSums are chordDenominators and chordSums of doubles; no point is special to them.
//
//go:noescape
func tangentDenominators(denominators, products *octet, x *bls12381.G1Affine, groups int)

//go:noescape
func tangentSums(doubles, x *bls12381.G1Affine, denominators, products *octet, groups int, scratch *[6]octet)

// octetAdder adds and doubles points, eight at a time.
type octetAdder struct {
	denominators []octet
	products     []octet // products[i] is that of denominators i and up
	special      []uint8
	scratch      [6]octet
	found        []specialSum
	rescale      fp.Element // 2⁶⁴, which turns an inverse's factor from 2³⁵² to 2⁴¹⁶
}

// specialSum is a sum that takes no slope.
type specialSum struct {
	at  int
	sum bls12381.G1Affine
}

func newOctetAdder(n int) *octetAdder {
	if !haveOctets() || n < laneCount {
		return nil
	}
	groups := n / laneCount
	a := &octetAdder{denominators: make([]octet, groups), products: make([]octet, groups+1), special: make([]uint8, groups)}
	one := *new(fp.Element).SetUint64(1 << 32)
	a.rescale.Square(&one)
	for j := range laneCount {
		a.products[groups].set(j, &one)
	}
	return a
}

// combine sets out[i] to x[i] ± y[i] for the first pairs and returns how many it did: none if there are less than eight, or
// if a pair needs the slope of a tangent.
func (a *octetAdder) combine(out, x, y []bls12381.G1Affine, negate bool) int {
	if a == nil {
		return 0
	}
	groups := len(out) / laneCount
	if groups == 0 {
		return 0
	}
	products := a.products[len(a.products)-1-groups:]
	chordDenominators(&a.denominators[0], &products[0], &a.special[0], &x[0], &y[0], groups)
	if !a.findSpecial(x, y, groups, negate) {
		return 0
	}
	a.invert(&products[0])
	var sign uint64
	if negate {
		sign = 1
	}
	chordSums(&out[0], &x[0], &y[0], &a.denominators[0], &products[0], groups, sign, &a.scratch)
	for i := range a.found {
		out[a.found[i].at] = a.found[i].sum
	}
	return groups * laneCount
}

// double sets out[i] to 2·x[i] for the first points and returns how many it did: none if there are less than eight.
func (a *octetAdder) double(out, x []bls12381.G1Affine) int {
	groups := len(out) / laneCount
	if a == nil || groups == 0 {
		return 0
	}
	products := a.products[len(a.products)-1-groups:]
	tangentDenominators(&a.denominators[0], &products[0], &x[0], groups)
	a.invert(&products[0])
	tangentSums(&out[0], &x[0], &a.denominators[0], &products[0], groups, &a.scratch)
	return groups * laneCount
}

// invert sets the first of scratch to the inverses of the products of all denominators.
func (a *octetAdder) invert(products *octet) {
	var values, prefix [laneCount]fp.Element
	product := fp.One()
	for j := range values {
		values[j], prefix[j] = products.get(j), product
		product.Mul(&product, &values[j])
	}
	product.Inverse(&product)
	product.Mul(&product, &a.rescale)
	for j := laneCount - 1; j >= 0; j-- {
		prefix[j].Mul(&prefix[j], &product)
		product.Mul(&product, &values[j])
		a.scratch[0].set(j, &prefix[j])
	}
}

// findSpecial computes the sums for which the chord fails, and false if any of them needs a slope of its own.
func (a *octetAdder) findSpecial(x, y []bls12381.G1Affine, groups int, negate bool) bool {
	a.found = a.found[:0]
	for g, flags := range a.special[:groups] {
		for j := 0; flags != 0; j, flags = j+1, flags>>1 {
			if flags&1 == 0 {
				continue
			}
			var ignored fp.Element
			i := g*laneCount + j
			ignored.Sub(&y[i].X, &x[i].X)
			c := specialCase(&ignored, &x[i], &y[i], negate)
			if c == general || c == tangent {
				return false
			}
			found := specialSum{at: i}
			c.apply(&found.sum, &x[i], &y[i], nil, negate)
			a.found = append(a.found, found)
		}
	}
	return true
}
