//go:build !purego

package kzg

import (
	"math/bits"
	"slices"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fp"
	"golang.org/x/sys/cpu"
)

// haveOctets tells whether the processor has the instructions that octets take: those of Ice Lake and Zen 4.
func haveOctets() bool {
	return cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512IFMA && cpu.X86.HasAVX512VBMI2
}

// The functions without bodies are in octets_amd64.s, which tools/octets writes.

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

// leastOctet is how many pairs an octet is worthwhile for.
const leastOctet = 3

// octetAdder adds and doubles points, eight at a time.
type octetAdder struct {
	denominators []octet
	products     []octet // products[i] is that of denominators i and up
	special      []uint8
	scratch      [6]octet
	last         lastOctet
	found        specialPairs
	rescale      fp.Element // 2⁶⁴, which turns an inverse's factor from 2³⁵² to 2⁴¹⁶
}

// specialPairs are those that have no chord, by their place in a batch.
type specialPairs struct {
	at         []int
	x, y, sums []bls12381.G1Affine
}

func newOctetAdder(n int) *octetAdder {
	if !haveOctets() || n < leastOctet {
		return nil
	}
	groups := (n + laneCount - 1) / laneCount
	a := &octetAdder{denominators: make([]octet, groups), products: make([]octet, groups+1), special: make([]uint8, groups)}
	one := *new(fp.Element).SetUint64(1 << 32)
	a.rescale.Square(&one)
	for j := range laneCount {
		a.products[groups].set(j, &one)
	}
	return a
}

// combine sets out[i] to x[i] ± y[i] for the first pairs and returns how many it did, which is none if there are too few.
// Pairs that have no chord are left to the scalar adder.
func (a *octetAdder) combine(out, x, y []bls12381.G1Affine, negate bool, scalar *PointAdder) int {
	whole, rest := len(out)/laneCount, len(out)%laneCount
	groups := whole
	if rest >= leastOctet {
		groups++
	}
	if a == nil || groups == 0 {
		return 0
	}
	done := min(groups*laneCount, len(out))
	products := a.products[len(a.products)-1-groups:]
	if groups > whole {
		a.last.fill(x[done-rest:], y[done-rest:], rest)
		chordDenominators(&a.denominators[whole], &products[whole], &a.special[whole], &a.last.x[0], &a.last.y[0], 1)
	}
	if whole > 0 {
		chordDenominators(&a.denominators[0], &products[0], &a.special[0], &x[0], &y[0], whole)
	}
	a.findSpecial(x[:done], y, negate, scalar)
	a.invert(&products[0])
	a.sums(out[:done], x, y, products, negate)
	for i, at := range a.found.at {
		out[at] = a.found.sums[i]
	}
	return done
}

// sums computes sums through the chord once all denominators are inverted.
func (a *octetAdder) sums(out, x, y []bls12381.G1Affine, products []octet, negate bool) {
	whole, rest := len(out)/laneCount, len(out)%laneCount
	var sign uint64
	if negate {
		sign = 1
	}
	if whole > 0 {
		chordSums(&out[0], &x[0], &y[0], &a.denominators[0], &products[0], whole, sign, &a.scratch)
	}
	if rest > 0 {
		l := &a.last
		chordSums(&l.sums[0], &l.x[0], &l.y[0], &a.denominators[whole], &products[whole], 1, sign, &a.scratch)
		copy(out[whole*laneCount:], l.sums[:rest])
	}
}

// lastOctet is the last group of pairs if it is not whole, made up with copies.
type lastOctet struct{ x, y, sums [laneCount]bls12381.G1Affine }

func (l *lastOctet) fill(x, y []bls12381.G1Affine, n int) {
	for j := range laneCount {
		l.x[j], l.y[j] = x[j%n], y[j%n]
	}
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

// findSpecial copies the pairs for which the chord fails and computes their sums.
func (a *octetAdder) findSpecial(x, y []bls12381.G1Affine, negate bool, scalar *PointAdder) {
	f := &a.found
	f.at, f.x, f.y = f.at[:0], f.x[:0], f.y[:0]
	for g, flags := range a.special[:(len(x)+laneCount-1)/laneCount] {
		for ; flags != 0; flags &= flags - 1 {
			if i := g*laneCount + bits.TrailingZeros8(flags); i < len(x) {
				f.at, f.x, f.y = append(f.at, i), append(f.x, x[i]), append(f.y, y[i])
			}
		}
	}
	f.sums = slices.Grow(f.sums[:0], len(f.at))[:len(f.at)]
	scalar.combineBatch(f.sums, f.x, f.y, negate)
}
