package main

import (
	op "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// shift is how much further left an integer is with the factor 2⁴¹⁶ than with 2³⁸⁴.
const shift = limbCount*limbBits - wordCount*wordBits

// get reads an octet.
func (a *program) get(x octet, pointer reg.GPPhysical) {
	for i, limb := range x {
		a.VMOVDQU64(at(pointer, i*limbStride), limb)
	}
}

// put writes an octet.
func (a *program) put(pointer reg.GPPhysical, x octet) {
	for i, limb := range x {
		a.VMOVDQU64(limb, at(pointer, i*limbStride))
	}
}

// Pairs of 64-bit lanes as VSHUFI64X2 takes them: from both operands those with even numbers, or those with odd ones.
const (
	evenPairs = 0x88
	oddPairs  = 0xdd
)

// even and odd set z to the pairs with even or odd numbers of x, then those of y.
func (a *program) even(z, x, y reg.VecPhysical) { a.VSHUFI64X2(op.U8(evenPairs), y, x, z) }
func (a *program) odd(z, x, y reg.VecPhysical)  { a.VSHUFI64X2(op.U8(oddPairs), y, x, z) }

// interleave sets lo to lanes 0, 2, 4 and 6 of x and y by turns, and hi to the others.
func (a *program) interleave(lo, hi, x, y reg.VecPhysical) {
	a.VPUNPCKLQDQ(y, x, lo)
	a.VPUNPCKHQDQ(y, x, hi)
}

// load transposes a coordinate of eight points, x at the offset 0 and y at 48, to Z0 to Z5: word i of all in register i.
func (a *program) load(pointer reg.GPPhysical, offset int) {
	a.Comment("Transpose a coordinate of eight points: word i of all to register i.")
	for i, element := range a.result {
		a.VMOVDQU64_Z(at(pointer, offset+i*pointSize), a.words, element)
	}
	// Words 0, 2 and 4 of two elements, and words 1, 3 and 5.
	a.interleave(reg.Z8, reg.Z9, reg.Z0, reg.Z1)
	a.interleave(reg.Z10, reg.Z11, reg.Z2, reg.Z3)
	a.interleave(reg.Z0, reg.Z1, reg.Z4, reg.Z5)
	a.interleave(reg.Z2, reg.Z3, reg.Z6, reg.Z7)
	// Words 0 and 4 of four elements, and word 2.
	a.even(reg.Z4, reg.Z8, reg.Z10)
	a.odd(reg.Z5, reg.Z8, reg.Z10)
	a.even(reg.Z6, reg.Z0, reg.Z2)
	a.odd(reg.Z7, reg.Z0, reg.Z2)
	// Of eight.
	a.even(reg.Z0, reg.Z4, reg.Z6)
	a.odd(reg.Z4, reg.Z4, reg.Z6)
	a.even(reg.Z2, reg.Z5, reg.Z7)
	// Words 1, 5 and 3 likewise.
	a.even(reg.Z6, reg.Z9, reg.Z11)
	a.odd(reg.Z7, reg.Z9, reg.Z11)
	a.even(reg.Z8, reg.Z1, reg.Z3)
	a.odd(reg.Z9, reg.Z1, reg.Z3)
	a.even(reg.Z1, reg.Z6, reg.Z8)
	a.odd(reg.Z5, reg.Z6, reg.Z8)
	a.even(reg.Z3, reg.Z7, reg.Z9)
}

// store is the inverse of load.
func (a *program) store(pointer reg.GPPhysical, offset int) {
	a.Comment("Transpose the words of a coordinate of eight points, and store it.")
	zero := reg.Z12
	a.VPXORQ(zero, zero, zero)
	a.interleave(reg.Z8, reg.Z9, reg.Z0, reg.Z1)
	a.interleave(reg.Z10, reg.Z11, reg.Z2, reg.Z3)
	a.interleave(reg.Z6, reg.Z7, reg.Z4, reg.Z5)
	a.storeHalf(pointer, offset, reg.Z8, reg.Z10, reg.Z6, zero)
	a.storeHalf(pointer, offset+pointSize, reg.Z9, reg.Z11, reg.Z7, zero)
}

// storeHalf stores every other element, from registers that hold two words of each, the last only zeros.
func (a *program) storeHalf(pointer reg.GPPhysical, offset int, w01, w23, w45, w67 reg.VecPhysical) {
	a.even(reg.Z0, w01, w23)
	a.odd(reg.Z1, w01, w23)
	a.even(reg.Z2, w45, w67)
	a.odd(reg.Z3, w45, w67)
	for i, join := range []func(){
		func() { a.even(reg.Z4, reg.Z0, reg.Z2) },
		func() { a.even(reg.Z4, reg.Z1, reg.Z3) },
		func() { a.odd(reg.Z4, reg.Z0, reg.Z2) },
		func() { a.odd(reg.Z4, reg.Z1, reg.Z3) },
	} {
		join()
		a.VMOVDQU64(reg.Z4, a.words, at(pointer, offset+2*i*pointSize))
	}
}

// split cuts the words in Z0 to Z5 into limbs.
func (a *program) split(limbs octet) {
	a.Comment("Cut the words into limbs.")
	a.cut(limbs, 0)
}

// splitShifted cuts 2³² times the words in Z0 to Z5 into limbs.
func (a *program) splitShifted(limbs octet) {
	a.Comment("Cut 2³² times the words into limbs.")
	a.cut(limbs, shift)
}

// cut sets each limb to the 52 bits that start at its place less left, from the one or two words that have them.
func (a *program) cut(limbs octet, left int) {
	words := a.result[:wordCount]
	for i, limb := range limbs {
		bit := i*limbBits - left
		w, from := bit/wordBits, bit%wordBits
		switch {
		case bit == 0:
			a.VPANDQ(a.mask, words[0], limb)
			continue
		case bit < 0:
			a.VPSLLQ(op.U8(-bit), words[0], limb)
		case from+limbBits > wordBits && w+1 < wordCount:
			a.VPSHRDQ(op.U8(from), words[w+1], words[w], limb)
		default:
			a.VPSRLQ(op.U8(from), words[w], limb)
		}
		if i < limbCount-1 {
			a.VPANDQ(a.mask, limb, limb)
		}
	}
}

// join is the inverse of split, for limbs in Z0 to Z7 of elements less than 2³⁸⁴. No limb is needed when its register becomes
// a word's.
func (a *program) join() {
	a.Comment("Join the limbs to words.")
	part, words := reg.Z8, a.result[:wordCount]
	for i := 1; i < limbCount; i++ {
		limb := a.result[i]
		w, to := i*limbBits/wordBits, i*limbBits%wordBits
		a.VPSLLQ(op.U8(to), limb, part)
		a.VPORQ(part, words[w], words[w])
		if to+limbBits > wordBits && w+1 < wordCount {
			a.VPSRLQ(op.U8(wordBits-to), limb, words[w+1])
		}
	}
}

// putShifted writes 2³² times an octet, whose last limb must have room for it.
func (a *program) putShifted(pointer reg.GPPhysical, x octet) {
	const andOr = 0xea // the truth table of (x∧y)∨z, for z the limb below shifted right
	part, below := reg.Z8, reg.Z9
	a.Comment("Store 2³² times the limbs.")
	a.VPSLLQ(op.U8(shift), x[0], part)
	a.VPANDQ(a.mask, part, part)
	a.VMOVDQU64(part, at(pointer, 0))
	for i := 1; i < limbCount; i++ {
		a.VPSRLQ(op.U8(limbBits-shift), x[i-1], below)
		a.VPSLLQ(op.U8(shift), x[i], part)
		a.VPTERNLOGQ(op.U8(andOr), below, a.mask, part)
		a.VMOVDQU64(part, at(pointer, i*limbStride))
	}
}
