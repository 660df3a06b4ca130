package main

import (
	"math/big"

	op "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Scalars of a transform are less than 22r, and not negative, when they come to be multiplied: products are less than 3r,
// of which split adds one at each of seven levels, and join reduces what it adds.

// transformProgram is the file of package kzg's transforms, whose scalars are in the processor's order.
type transformProgram struct {
	scalarProgram
	minusR op.Mem // 2²⁶⁰ − r
	threeR op.Mem
}

func newTransformProgram() *transformProgram {
	a := &transformProgram{scalarProgram: *newScalarProgram([...]reg.VecPhysical{reg.Z0, reg.Z1, reg.Z2, reg.Z3})}
	a.minusR = a.data("limbsMinusR", new(big.Int).Sub(power(scalarLimbs*limbBits), scalarModulus()), scalarLimbs)
	a.threeR = a.data("limbs3R", times(3, scalarModulus()), scalarLimbs)
	return a
}

// Registers of a product x·z: the sums that its quotient by r is made of, of which the first is only a carry, and its own.
var (
	factor    = scalars{reg.Z0, reg.Z1, reg.Z2, reg.Z3, reg.Z4}
	quotients = [scalarLimbs + 1]reg.VecPhysical{reg.Z5, reg.Z6, reg.Z7, reg.Z8, reg.Z9, reg.Z10}
	outcome   = scalars{reg.Z11, reg.Z12, reg.Z13, reg.Z14, reg.Z15}
	other     = scalars{reg.Z16, reg.Z17, reg.Z18, reg.Z19, reg.Z20}
	sum       = scalars{reg.Z21, reg.Z22, reg.Z23, reg.Z24, reg.Z25}
)

// multiplyConstant sets the outcome to that of the factor, rippled and less than 2²⁶⁰, and the constant z at BX, less than
// r, but for a multiple of r: to less than 3r. (Shoup's way.) Next to z is z′ = ⌊2²⁶⁰·z/r⌋. The quotient is x·z′/2²⁶⁰, whose
// lowest four limbs are left out: together with rounding twice it misses at most two.
func (a *transformProgram) multiplyConstant() {
	z, scaled := at(reg.RBX, 0), at(reg.RBX, scalarLimbs*8)
	for _, limb := range append(quotients[:], outcome[:]...) {
		a.VPXORQ(limb, limb, limb)
	}
	a.Comment("The quotient by r.")
	const first = scalarLimbs - 1
	for i, x := range factor {
		for j := range scalarLimbs {
			if i+j >= first {
				a.VPMADD52LUQ_BCST(limbOf(scaled, j), x, quotients[i+j-first])
			}
			if i+j+1 >= first {
				a.VPMADD52HUQ_BCST(limbOf(scaled, j), x, quotients[i+j+1-first])
			}
		}
	}
	a.addProducts(factor, z)
	for i := range scalarLimbs {
		a.carry(quotients[i], quotients[i+1])
	}
	a.Comment("Less its multiple of r.")
	a.addProducts(scalars(quotients[1:]), a.minusR)
	a.ripple(outcome)
	a.VPANDQ(a.mask, outcome[scalarLimbs-1], outcome[scalarLimbs-1])
}

// addProducts adds x times a constant, but for multiples of 2²⁶⁰, to the product.
func (a *transformProgram) addProducts(x scalars, constant op.Mem) {
	for i := range x {
		for j := range scalarLimbs - i {
			a.VPMADD52LUQ_BCST(limbOf(constant, j), x[i], outcome[i+j])
			if i+j+1 < scalarLimbs {
				a.VPMADD52HUQ_BCST(limbOf(constant, j), x[i], outcome[i+j+1])
			}
		}
	}
}

// reducePositive leaves from 0.4 to 1.6 times r.
func (a *transformProgram) reducePositive(x scalars) {
	a.reduce(x)
	a.addScalar(x, a.r)
}

func (a *transformProgram) addScalar(x scalars, constant op.Mem) {
	for i, limb := range x {
		a.VPADDQ_BCST(limbOf(constant, i), limb, limb)
	}
}

func (a *transformProgram) addScalars(z, x, y scalars) {
	for i := range z {
		a.VPADDQ(y[i], x[i], z[i])
	}
}

func (a *transformProgram) subtractScalars(z, x, y scalars) {
	for i := range z {
		a.VPSUBQ(y[i], x[i], z[i])
	}
}

// loadLines reads eight lanes of n lines.
func (a *transformProgram) loadLines() {
	a.function("loadLines", "func(values *scalarOctet, lanes *Element, n int)", 0)
	a.arguments(argument{"values", reg.RDI}, argument{"lanes", reg.RSI}, argument{"n", reg.RCX})
	a.loadMask()
	a.Label("load")
	x := scalars{reg.Z8, reg.Z9, reg.Z10, reg.Z11, reg.Z12}
	a.loadWords(reg.RSI)
	a.cutScalars(x)
	a.putScalars(reg.RDI, 0, x)
	a.nextLine()
	a.repeat("load")
	a.leave()
}

// storeLines is the inverse of loadLines.
func (a *transformProgram) storeLines() {
	a.function("storeLines", "func(lanes *Element, values *scalarOctet, n int)", 0)
	a.arguments(argument{"lanes", reg.RSI}, argument{"values", reg.RDI}, argument{"n", reg.RCX})
	a.loadMask()
	a.Label("store")
	x := scalars{reg.Z9, reg.Z10, reg.Z11, reg.Z12, reg.Z13}
	a.getScalars(x, reg.RDI, 0)
	a.reduce(x)
	a.canonical(x)
	a.joinScalars(x)
	a.storeWords(reg.RSI)
	a.nextLine()
	a.repeat("store")
	a.leave()
}

// nextLine moves on by an octet, and by a line of 64 elements of four words.
func (a *transformProgram) nextLine() {
	const lineSize = 64 * (scalarLimbs - 1) * wordBits / 8
	a.advance(reg.RDI, scalarStride)
	a.ADDQ(op.U32(lineSize), reg.RSI)
}

// splitOctets sets n pairs (a, b) to (a + z·b, a − z·b).
func (a *transformProgram) splitOctets() {
	a.butterflies("splitOctets", true, func() {
		a.getScalars(factor, reg.RSI, 0)
		a.ripple(factor)
		a.multiplyConstant()
		a.getScalars(other, reg.RDI, 0)
		a.addScalars(sum, other, outcome)
		a.subtractScalars(other, other, outcome)
		a.addScalar(other, a.threeR)
		a.putScalars(reg.RDI, 0, sum)
		a.putScalars(reg.RSI, 0, other)
	})
}

// joinOctets sets n pairs (a, b), less than 3r, to (a + b, z·(a − b)).
func (a *transformProgram) joinOctets() {
	a.butterflies("joinOctets", true, func() {
		a.getScalars(other, reg.RSI, 0)
		a.getScalars(sum, reg.RDI, 0)
		a.subtractScalars(factor, sum, other)
		a.addScalars(sum, sum, other)
		a.addScalar(factor, a.threeR)
		a.ripple(factor)
		a.reducePositive(sum)
		a.putScalars(reg.RDI, 0, sum)
		a.multiplyConstant()
		a.putScalars(reg.RSI, 0, outcome)
	})
}

// addOctets sets n pairs (a, b) to (a + b, a − b): split or join by one.
func (a *transformProgram) addOctets() { a.butterflies("addOctets", false, a.sumAndDifference) }

func (a *transformProgram) sumAndDifference() {
	a.getScalars(other, reg.RSI, 0)
	a.getScalars(factor, reg.RDI, 0)
	a.addScalars(sum, factor, other)
	a.subtractScalars(other, factor, other)
	a.reducePositive(sum)
	a.reducePositive(other)
	a.putScalars(reg.RDI, 0, sum)
	a.putScalars(reg.RSI, 0, other)
}

// butterflies writes a function that does something to n pairs of neighbours in two lists.
func (a *transformProgram) butterflies(name string, constant bool, each func()) {
	signature := "func(low, high *scalarOctet, n int)"
	if constant {
		signature = "func(low, high *scalarOctet, n int, z *constant)"
	}
	a.function(name, signature, 0)
	a.arguments(argument{"low", reg.RDI}, argument{"high", reg.RSI}, argument{"n", reg.RCX})
	if constant {
		a.arguments(argument{"z", reg.RBX})
	}
	a.loadMask()
	a.Label("pair")
	each()
	a.advance(reg.RDI, scalarStride)
	a.advance(reg.RSI, scalarStride)
	a.repeat("pair")
	a.leave()
}
