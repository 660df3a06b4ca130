package main

import (
	op "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Denominators of slopes are computed from the last group of eight pairs to the first, and their products: the operand
// keeps a denominator for multiply, which finds the product of those further back at SI.
//
// Coordinates are read 32 bits further left, so that a denominator has the factor 2⁴¹⁶ without a multiplication. It is less
// than 2³³p then, and the product of that by less than 2p is less than (1 + 2³⁴p/2⁴¹⁶)·p, so less than 2p. In lanes
// where no slope is wanted or there is none the denominator is one, as the products must be invertible.

// chordDenominators computes x₂ − x₁. Lanes where x₁ or x₂ or their difference is zero are special.
func (a *program) chordDenominators() {
	a.function("chordDenominators",
		"func(denominators, products *octet, special *uint8, x, y *G1Affine, groups int)", frame)
	a.arguments(argument{"denominators", reg.RDI}, argument{"products", reg.RSI}, argument{"special", reg.R8},
		argument{"x", reg.R9}, argument{"y", reg.R10}, argument{"groups", reg.RCX})
	a.loadConstants()
	a.toEnd(reg.R9, reg.R10)
	a.ADDQ(reg.RCX, reg.R8)

	a.Label("denominator")
	a.back(reg.R9, reg.R10)
	a.advance(reg.R8, -1)
	a.chordDifference()
	a.markSpecial()
	a.multiplyBack()
	a.repeat("denominator")
	a.leave()
}

// chordDifference sets the operand to x₂ − x₁ and the mask of the lanes that are special. The difference is greater than
// −2³²p, which is added.
func (a *program) chordDifference() {
	words := a.result[:wordCount]
	a.load(reg.R9, 0)
	a.findZeros(a.lanes, words...)
	a.splitShifted(a.operand)
	a.load(reg.R10, 0)
	a.findZeros(a.others, words...)
	a.KORB(a.lanes, a.others, a.lanes)
	a.splitShifted(a.second)
	a.Comment("x₂ − x₁ + 2³²p, less than 2³³p, and the lanes where x₁, x₂ or their difference is zero.")
	a.subtract(a.operand, a.second, a.operand)
	a.findZeros(a.others, a.operand[:]...)
	a.KORB(a.lanes, a.others, a.lanes)
	a.addConstant(a.operand, a.fixed.shiftedP)
	a.normalize(a.operand)
}

// markSpecial tells Go of special lanes and makes their denominators one.
func (a *program) markSpecial() {
	a.KMOVB(a.lanes, reg.EAX)
	a.MOVB(reg.AL, at(reg.R8, 0))
	a.TESTB(reg.AL, reg.AL)
	a.JZ(op.LabelRef("ordinary"))
	a.putOnes()
	a.Label("ordinary")
}

// tangentDenominators computes 2y, less than 2³³p as it is read. That of infinity is one.
func (a *program) tangentDenominators() {
	a.function("tangentDenominators", "func(denominators, products *octet, x *G1Affine, groups int)", frame)
	a.arguments(argument{"denominators", reg.RDI}, argument{"products", reg.RSI}, argument{"x", reg.R9},
		argument{"groups", reg.RCX})
	a.loadConstants()
	a.toEnd(reg.R9)

	a.Label("denominator")
	a.back(reg.R9)
	a.load(reg.R9, ordinate)
	a.findZeros(a.lanes, a.result[:wordCount]...)
	a.splitShifted(a.operand)
	a.Comment("2y, less than 2³³p, or one where y is zero.")
	a.add(a.operand, a.operand, a.operand)
	a.normalize(a.operand)
	a.putOnes()
	a.multiplyBack()
	a.repeat("denominator")
	a.leave()
}

// toEnd moves pointers behind the last of CX groups: SI to the octet that products have one more of.
func (a *program) toEnd(points ...reg.GPPhysical) {
	a.Comment("From the first group to the end of the last.")
	a.MOVQ(reg.RCX, reg.RAX)
	a.SHLQ(op.U8(octetShift), reg.RAX)
	a.ADDQ(reg.RAX, reg.RDI)
	a.ADDQ(reg.RAX, reg.RSI)
	a.IMUL3Q(op.U32(groupSize), reg.RCX, reg.RAX)
	for _, pointer := range points {
		a.ADDQ(reg.RAX, pointer)
	}
}

// octetShift is the binary logarithm of an octet's size.
const octetShift = 9

// back moves to the group before.
func (a *program) back(points ...reg.GPPhysical) {
	a.advance(reg.RDI, -octetSize)
	for _, pointer := range points {
		a.advance(pointer, -groupSize)
	}
}

// multiplyBack stores the operand at DI, and its product with what SI points to before that.
func (a *program) multiplyBack() {
	a.put(reg.RDI, a.operand)
	a.call("multiply")
	a.advance(reg.RSI, -octetSize)
	a.put(reg.RSI, a.result)
}
