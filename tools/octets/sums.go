package main

import (
	op "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Sums are computed from the first group of eight pairs to the last, given the inverse of the product of all denominators.
// Inverses have the factor 2⁴¹⁶ and coordinates 2³⁸⁴. The slope, coordinates times an inverse, has 2³⁸⁴ and is needed
// with 2⁴¹⁶ too. As 2⁴¹⁶ is more than 9.8·2³²p, the product of u·2³²p by v·p is less than (1 + 0.11·u·v)·p; if no
// factor is shifted it exceeds p by a trifle. bounds_test.go holds the bounds that are given here against p.
//
// Registers: DI points to the sums, R9 and R10 to the points, R11 to the denominators, R12 to the products of those after
// each, and R8, AX, BX and DX to the scratch memory.

// The scratch memory, octet by octet.
const (
	inverseAt   = iota * octetSize // at R8: of the product of the denominators that are left
	slopeAt                        // at BX: with the factor 2⁴¹⁶, like the x of a tangent before
	factorAt                       // at DX: the inverse of a denominator
	leftXAt                        // at AX: x₁
	leftYAt                        // y₁
	negativesAt                    // 2p − x₁ − x₂
)

func (a *program) chordSums() {
	a.function("chordSums", "func(sums, x, y *G1Affine, denominators, products *octet, groups int, negate uint64, "+
		"scratch *[6]octet)", frame)
	a.arguments(argument{"sums", reg.RDI}, argument{"x", reg.R9}, argument{"y", reg.R10},
		argument{"denominators", reg.R11}, argument{"products", reg.R12}, argument{"groups", reg.RCX},
		argument{"negate", reg.R13}, argument{"scratch", reg.R8})
	a.startSums()
	a.Label("sum")
	a.nextInverse()
	a.chordAbscissas()
	a.chordRise()
	a.multiplyBy(reg.RDX)
	a.call("storeSums")
	a.nextGroup(reg.R9, reg.R10)
	a.repeat("sum")
	a.leave()
}

// chordAbscissas stores x₁ and 2p − x₁ − x₂.
func (a *program) chordAbscissas() {
	a.load(reg.R9, 0)
	a.split(a.operand)
	a.put(reg.RAX, a.operand)
	a.load(reg.R10, 0)
	a.split(a.second)
	a.Comment("x₁ + x₂.")
	a.add(a.operand, a.operand, a.second)
	a.putNegative(a.operand, reg.Z0)
}

// chordRise stores y₁ and sets the operand to ±y₂ − y₁ + p, at most 2p: y₂ may be zero and p − y₂ be p then.
func (a *program) chordRise() {
	a.load(reg.R9, ordinate)
	a.split(a.operand)
	a.LEAQ(at(reg.R8, leftYAt), reg.RSI)
	a.put(reg.RSI, a.operand)
	a.load(reg.R10, ordinate)
	a.split(a.second)
	a.TESTQ(reg.R13, reg.R13)
	a.JZ(op.LabelRef("rise"))
	a.Comment("p − y₂.")
	a.subtract(a.second, a.modulus, a.second)
	a.Label("rise")
	a.Comment("±y₂ − y₁ + p, at most 2p.")
	a.subtract(a.operand, a.second, a.operand)
	a.addConstant(a.operand, a.fixed.p)
	a.normalize(a.operand)
}

// tangentSums computes doubles. The slope is 3x² times the inverse of 2y: infinity, with x = y = 0, has the slope zero and so
// becomes infinity.
func (a *program) tangentSums() {
	a.function("tangentSums",
		"func(doubles, x *G1Affine, denominators, products *octet, groups int, scratch *[6]octet)", frame)
	a.arguments(argument{"doubles", reg.RDI}, argument{"x", reg.R9}, argument{"denominators", reg.R11},
		argument{"products", reg.R12}, argument{"groups", reg.RCX}, argument{"scratch", reg.R8})
	a.startSums()
	a.Label("double")
	a.nextInverse()
	a.tangentCoordinates()
	a.tangentRise()
	a.multiplyBy(reg.RDX)
	a.call("storeSums")
	a.nextGroup(reg.R9)
	a.repeat("double")
	a.leave()
}

// tangentCoordinates stores y and x and sets the operand to x, and leaves x with the factor 2⁴¹⁶ where BX points.
func (a *program) tangentCoordinates() {
	a.load(reg.R9, ordinate)
	a.split(a.operand)
	a.LEAQ(at(reg.R8, leftYAt), reg.RSI)
	a.put(reg.RSI, a.operand)
	a.load(reg.R9, 0)
	a.splitShifted(a.operand)
	a.put(reg.RBX, a.operand)
	a.split(a.operand)
	a.put(reg.RAX, a.operand)
}

// tangentRise sets the operand to 3x² and stores 2p − 2x. The square is less than 1.11p and so the rise less than 4p.
func (a *program) tangentRise() {
	a.Comment("x², less than 1.11p.")
	a.multiplyBy(reg.RBX)
	x := a.operand
	twice := octet{reg.Z8, reg.Z9, reg.Z10, reg.Z11, reg.Z12, reg.Z15, x[6], x[7]} // beside the square
	a.add(twice, x, x)
	a.putNegative(twice, x[0])
	a.Comment("3x², less than 4p.")
	a.add(a.operand, a.result, a.result)
	a.add(a.operand, a.operand, a.result)
	a.normalize(a.operand)
}

// putNegative stores 2p − x where storeSums looks for it, given a register for zero.
func (a *program) putNegative(x octet, zero reg.VecPhysical) {
	a.Comment("2p − x₁ − x₂, whose limbs may be negative.")
	a.negate(x, zero)
	a.addConstant(x, a.fixed.twoP)
	a.LEAQ(at(reg.R8, negativesAt), reg.RSI)
	a.put(reg.RSI, x)
}

func (a *program) startSums() {
	a.loadConstants()
	a.LEAQ(at(reg.R8, slopeAt), reg.RBX)
	a.LEAQ(at(reg.R8, factorAt), reg.RDX)
	a.LEAQ(at(reg.R8, leftXAt), reg.RAX)
	a.advance(reg.R12, octetSize)
}

// nextInverse sets the factor to the inverse of a denominator, as the inverse of the product with all after it times the
// product of those; times the denominator it is the inverse for the next. Denominators are less than 2³³p, so that one is
// less than 1.3p, and the factor exceeds p by a trifle.
func (a *program) nextInverse() {
	a.Comment("The inverse of the denominator, and of the product of those that are left, less than 1.3p.")
	a.get(a.operand, reg.R8)
	a.multiplyBy(reg.R12)
	a.put(reg.RDX, a.result)
	a.multiplyBy(reg.R11)
	a.put(reg.R8, a.result)
}

// multiplyBy sets the result to the product of the operand and an octet in memory.
func (a *program) multiplyBy(pointer reg.GPPhysical) {
	a.MOVQ(pointer, reg.RSI)
	a.call("multiply")
}

func (a *program) nextGroup(points ...reg.GPPhysical) {
	a.advance(reg.RDI, groupSize)
	for _, pointer := range points {
		a.advance(pointer, groupSize)
	}
	a.advance(reg.R11, octetSize)
	a.advance(reg.R12, octetSize)
}

// storeSums writes the routine that stores sums at DI, given the slope as the result and, in the scratch memory, the left
// points and 2p − x₁ − x₂.
func (a *program) storeSums() {
	a.routine("storeSums")
	a.AllocLocal(frame)
	a.Comment("Store the sums of eight pairs at DI, given the slope, less than 1.3p, in Z0 to Z7.")
	a.move(a.operand, a.result)
	a.putShifted(reg.RBX, a.result)
	a.thirdAbscissa()
	a.thirdOrdinate()
	a.RET()
}

// thirdAbscissa sets the result to x₃, less than p; the operand, which it needs no more, is scratch to reductions.
func (a *program) thirdAbscissa() {
	a.Comment("x₃ = slope² − x₁ − x₂. The slope is less than 1.3p and its square than 1.2p, so x₃ + 2p is less than 4p.")
	a.multiplyBy(reg.RBX)
	a.LEAQ(at(reg.R8, negativesAt), reg.RSI)
	a.addAt(a.result, reg.RSI)
	a.normalize(a.result)
	a.reduce2P()
	a.reduceP()
}

// thirdOrdinate stores x₃, the result, and y₃.
func (a *program) thirdOrdinate() {
	a.Comment("y₃ = slope·(x₁ − x₃) − y₁. The product is less than 1.3p, so y₃ + p is less than 3p.")
	a.get(a.operand, reg.RAX)
	a.subtract(a.operand, a.operand, a.result)
	a.addConstant(a.operand, a.fixed.p)
	a.normalize(a.operand)
	a.join()
	a.store(reg.RDI, 0)
	a.multiplyBy(reg.RBX)
	a.LEAQ(at(reg.R8, leftYAt), reg.RSI)
	a.subtractAt(a.result, reg.RSI)
	a.addConstant(a.result, a.fixed.p)
	a.normalize(a.result)
	a.reduceP()
	a.reduceP()
	a.join()
	a.store(reg.RDI, ordinate)
}
