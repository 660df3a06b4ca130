package main

import (
	op "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Sums and differences go limb by limb and leave what may be negative or longer than 52 bits, for which a lane has twelve
// bits; normalize makes limbs of it again, if the element as a whole is not negative and less than 2⁴¹⁶.

// carry moves what exceeds 52 bits of lo, which may be negative, to hi.
func (a *program) carry(lo, hi reg.VecPhysical) {
	a.VPSRAQ(op.U8(limbBits), lo, a.carried)
	a.VPANDQ(a.mask, lo, lo)
	a.VPADDQ(a.carried, hi, hi)
}

// normalize leaves limbs 0 to 6 with 52 bits each and the rest, with the sign, in limb 7.
func (a *program) normalize(x octet) {
	a.Comment("Carry.")
	for i := range limbCount - 1 {
		a.carry(x[i], x[i+1])
	}
}

// add sets z to x + y.
func (a *program) add(z, x, y octet) {
	for i := range z {
		a.VPADDQ(y[i], x[i], z[i])
	}
}

// subtract sets z to x − y.
func (a *program) subtract(z, x, y octet) {
	for i := range z {
		a.VPSUBQ(y[i], x[i], z[i])
	}
}

// negate sets x to −x, given a register for zero.
func (a *program) negate(x octet, zero reg.VecPhysical) {
	a.VPXORQ(zero, zero, zero)
	a.subtract(x, octet{zero, zero, zero, zero, zero, zero, zero, zero}, x)
}

// addAt adds the octet in memory to x.
func (a *program) addAt(x octet, pointer reg.GPPhysical) {
	for i := range x {
		a.VPADDQ(at(pointer, i*limbStride), x[i], x[i])
	}
}

// subtractAt takes the octet in memory from x.
func (a *program) subtractAt(x octet, pointer reg.GPPhysical) {
	for i := range x {
		a.VPSUBQ(at(pointer, i*limbStride), x[i], x[i])
	}
}

// addConstant adds a constant to x.
func (a *program) addConstant(x octet, constant op.Mem) {
	for i := range x {
		a.VPADDQ_BCST(limbOf(constant, i), x[i], x[i])
	}
}

func (a *program) move(to, from octet) {
	for i := range to {
		a.VMOVDQA64(from[i], to[i])
	}
}

// reduceP subtracts p from the result in lanes where that leaves no negative value.
func (a *program) reduceP() {
	a.Comment("Subtract p where that leaves no negative value.")
	a.subtract(a.operand, a.result, a.modulus)
	a.choose()
}

// reduce2P does it with 2p.
func (a *program) reduce2P() {
	a.Comment("Subtract 2p where that leaves no negative value.")
	for i, limb := range a.result {
		a.VPSUBQ_BCST(limbOf(a.fixed.twoP, i), limb, a.operand[i])
	}
	a.choose()
}

// choose replaces the result by the operand, once normalized, in lanes where this is not negative: its last limb has the
// sign.
func (a *program) choose() {
	a.normalize(a.operand)
	a.VPMOVQ2M(a.operand[limbCount-1], a.lanes)
	a.KNOTB(a.lanes, a.lanes)
	for i, limb := range a.operand {
		a.VMOVDQA64(limb, a.lanes, a.result[i])
	}
}

// findZeros sets a mask in the lanes where all registers are zero.
func (a *program) findZeros(lanes reg.OpmaskPhysical, registers ...reg.VecPhysical) {
	const or3 = 0xfe // the truth table of x∨y∨z
	all := reg.Z6
	a.VPORQ(registers[0], registers[1], all)
	for i := 2; i < len(registers); i += 2 {
		a.VPTERNLOGQ(op.U8(or3), registers[i], registers[i+1], all)
	}
	a.VPTESTNMQ(all, all, lanes)
}

// putOnes sets the operand to one, with the factor 2⁴¹⁶, in the chosen lanes.
func (a *program) putOnes() {
	for i, limb := range a.operand {
		a.VPBROADCASTQ(limbOf(a.fixed.one, i), a.lanes, limb)
	}
}
