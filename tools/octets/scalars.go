package main

import (
	"math/big"

	"github.com/mmcloughlin/avo/build"
	op "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const (
	scalarLimbs  = 5
	scalarStride = scalarLimbs * limbStride // bytes from an octet of scalars in memory to the next
	cellPointer  = 8                        // bytes
	// topBits is how far up a scalar's multiple of r is read, in bits of the highest limb, and quotientBits the precision of
	// the reciprocal of r.
	topBits      = 32
	quotientBits = 31
)

// scalars is eight scalars in registers: limb i of all of them in register i. Limbs are signed, and so are scalars, which
// stand for their residues modulo r.
type scalars [scalarLimbs]reg.VecPhysical

// scalarProgram is a file that computes on scalars.
type scalarProgram struct {
	program
	r          op.Mem // its limbs
	reciprocal op.Mem // 2³¹·2²⁴⁰/r, rounded
	half       op.Mem // 2³⁰

	quotient reg.VecPhysical
	words    [scalarLimbs - 1]reg.VecPhysical // of a scalar, from the lowest
}

// newScalarProgram starts a file; words says where those of scalars in memory go, the lowest first.
func newScalarProgram(words [scalarLimbs - 1]reg.VecPhysical) *scalarProgram {
	a := &scalarProgram{words: words, program: program{
		Context: build.NewContext(),
		names:   declaredTypes(),
		mask:    reg.Z31, carried: reg.Z29, lanes: reg.K1,
	}, quotient: reg.Z30}
	a.ConstraintExpr("!purego")
	a.fixed.limbMask = a.data("limbMask", new(big.Int).Sub(power(limbBits), big.NewInt(1)), 1)
	a.r = a.data("limbsR", scalarModulus(), scalarLimbs)
	a.reciprocal = a.data("reciprocal", reciprocalOfR(), 1)
	a.half = a.data("half", power(quotientBits-1), 1)
	return a
}

// reciprocalOfR returns 2³¹/r in units of the bits of a scalar that are looked at, from the 240th on.
func reciprocalOfR() *big.Int {
	r := scalarModulus()
	scaled := power((scalarLimbs-1)*limbBits + topBits + quotientBits)
	scaled.Add(scaled, new(big.Int).Rsh(r, 1))
	return scaled.Div(scaled, r)
}

func (a *scalarProgram) getScalars(x scalars, pointer reg.GPPhysical, offset int) {
	for i, limb := range x {
		a.VMOVDQU64(at(pointer, offset+i*limbStride), limb)
	}
}

func (a *scalarProgram) putScalars(pointer reg.GPPhysical, offset int, x scalars) {
	for i, limb := range x {
		a.VMOVDQU64(limb, at(pointer, offset+i*limbStride))
	}
}

// reduce takes off the multiple of r that is nearest by the highest limb, and moves what limbs have beyond 52 bits to the
// next, once. Of a scalar less than 2¹⁰·r, in limbs less than 2⁶², it leaves less than 0.51·r, in limbs but the highest of
// 52 bits and a carry.
func (a *scalarProgram) reduce(x scalars) {
	q, part := a.quotient, a.carried
	top := x[scalarLimbs-1]
	a.Comment("Take off a multiple of r.")
	a.VPSRAQ(op.U8(topBits), top, q)
	a.VPMULDQ_BCST(a.reciprocal, q, q)
	a.VPADDQ_BCST(a.half, q, q)
	a.VPSRAQ(op.U8(quotientBits), q, q)
	for i, limb := range x {
		a.VPMULLQ_BCST(limbOf(a.r, i), q, part)
		a.VPSUBQ(part, limb, limb)
	}
	for i := scalarLimbs - 2; i >= 0; i-- {
		a.carry(x[i], x[i+1])
	}
}

// canonical turns scalars that reduce has left into those from 0 to r−1.
func (a *scalarProgram) canonical(x scalars) {
	a.Comment("Add r where the scalar is negative.")
	a.ripple(x)
	a.VPMOVQ2M(x[scalarLimbs-1], a.lanes)
	for i, limb := range x {
		a.VPADDQ_BCST(limbOf(a.r, i), limb, a.lanes, limb)
	}
	a.ripple(x)
}

// ripple leaves limbs of 52 bits and the sign in the highest.
func (a *scalarProgram) ripple(x scalars) {
	for i := range scalarLimbs - 1 {
		a.carry(x[i], x[i+1])
	}
}

// Eight scalars lie in four registers' worth of memory. Which lane a scalar goes to does not matter as long as it comes
// back from there.

// loadWords reads eight scalars and sets their words, the first in Z0.
func (a *scalarProgram) loadWords(pointer reg.GPPhysical) {
	for i, z := range []reg.VecPhysical{reg.Z0, reg.Z1, reg.Z2, reg.Z3} {
		a.VMOVDQU64(at(pointer, i*limbStride), z)
	}
	a.even(reg.Z4, reg.Z0, reg.Z1)
	a.odd(reg.Z5, reg.Z0, reg.Z1)
	a.even(reg.Z6, reg.Z2, reg.Z3)
	a.odd(reg.Z7, reg.Z2, reg.Z3)
	a.interleave(reg.Z0, reg.Z1, reg.Z4, reg.Z6)
	a.interleave(reg.Z2, reg.Z3, reg.Z5, reg.Z7)
}

// storeWords is the inverse of loadWords.
func (a *scalarProgram) storeWords(pointer reg.GPPhysical) {
	const low, high, swapMiddle = 0x44, 0xee, 0xd8
	a.interleave(reg.Z4, reg.Z6, reg.Z0, reg.Z1)
	a.interleave(reg.Z5, reg.Z7, reg.Z2, reg.Z3)
	for i, half := range []struct {
		pairs       uint8
		first, last reg.VecPhysical
	}{{low, reg.Z4, reg.Z5}, {high, reg.Z4, reg.Z5}, {low, reg.Z6, reg.Z7}, {high, reg.Z6, reg.Z7}} {
		a.VSHUFI64X2(op.U8(half.pairs), half.last, half.first, reg.Z8)
		a.VSHUFI64X2(op.U8(swapMiddle), reg.Z8, reg.Z8, reg.Z8)
		a.VMOVDQU64(reg.Z8, at(pointer, i*limbStride))
	}
}

// cutScalars cuts words into limbs.
func (a *scalarProgram) cutScalars(x scalars) {
	for i, limb := range x {
		bit := i * limbBits
		w, from := bit/wordBits, bit%wordBits
		switch i {
		case 0:
			a.VPANDQ(a.mask, a.words[0], limb)
		case scalarLimbs - 1:
			a.VPSRLQ(op.U8(from), a.words[w], limb)
		default:
			a.VPSHRDQ(op.U8(from), a.words[w+1], a.words[w], limb)
			a.VPANDQ(a.mask, limb, limb)
		}
	}
}

// joinScalars is the inverse of cutScalars, of limbs in other registers than those of words.
func (a *scalarProgram) joinScalars(x scalars) {
	part := a.carried
	for w := range scalarLimbs - 1 {
		i := w * wordBits / limbBits
		down, up := w*wordBits-i*limbBits, (i+1)*limbBits-w*wordBits
		a.VPSRLQ(op.U8(down), x[i], a.words[w])
		a.VPSLLQ(op.U8(up), x[i+1], part)
		a.VPORQ(part, a.words[w], a.words[w])
	}
}
