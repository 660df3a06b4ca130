package main

import (
	"github.com/mmcloughlin/avo/attr"
	op "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const (
	// together is how many differences are taken, or sums grown, in one pass over a column.
	together = 4
	// unreduced is how many steps sums grow that only later ones are made of, before they are reduced: at most
	// 1 + 16 + 136 + 816 times as large, which limbs have room for.
	unreduced = 16
)

// columnProgram is the file of package erasure, whose scalars are big-endian.
type columnProgram struct {
	scalarProgram
	reversal op.Mem // of the bytes of each word
}

func newColumnProgram() *columnProgram {
	a := &columnProgram{scalarProgram: *newScalarProgram([...]reg.VecPhysical{reg.Z3, reg.Z2, reg.Z1, reg.Z0})}
	a.reversal = a.StaticGlobal("reversal")
	a.DataAttributes(attr.RODATA | attr.NOPTR)
	for word := range uint64(2 * laneCount) {
		a.AppendDatum(op.U64(0x0001020304050607 + word%2*0x0808080808080808))
	}
	return a
}

// reverseWords turns words from big-endian to the processor's order, or back.
func (a *columnProgram) reverseWords() {
	for _, word := range a.words {
		a.VPSHUFB(a.reversal, word, word)
	}
}

// passRegisters are those of what a pass keeps: the last value at each of its depths.
func passRegisters() (kept [together]scalars) {
	all := []reg.VecPhysical{
		reg.Z0, reg.Z1, reg.Z2, reg.Z3, reg.Z4, reg.Z5, reg.Z6, reg.Z7, reg.Z8, reg.Z9,
		reg.Z10, reg.Z11, reg.Z12, reg.Z13, reg.Z14, reg.Z15, reg.Z16, reg.Z17, reg.Z18, reg.Z19,
	}
	for i, z := range all {
		kept[i/scalarLimbs][i%scalarLimbs] = z
	}
	return kept
}

// loadScalars reads eight scalars of each of n cells.
func (a *columnProgram) loadScalars() {
	a.function("loadScalars", "func(values *scalarOctet, cells **Cell, offset, n int)", 0)
	a.arguments(argument{"values", reg.RDI}, argument{"cells", reg.RSI}, argument{"offset", reg.RDX}, argument{"n", reg.RCX})
	a.loadMask()
	x := scalars{reg.Z8, reg.Z9, reg.Z10, reg.Z11, reg.Z12}
	a.Label("load")
	a.MOVQ(at(reg.RSI, 0), reg.R8)
	a.ADDQ(reg.RDX, reg.R8)
	a.loadWords(reg.R8)
	a.reverseWords()
	a.cutScalars(x)
	a.putScalars(reg.RDI, 0, x)
	a.advance(reg.RSI, cellPointer)
	a.advance(reg.RDI, scalarStride)
	a.repeat("load")
	a.leave()
}

// storeScalars is the inverse of loadScalars, of scalars that may be any of a residue.
func (a *columnProgram) storeScalars() {
	a.function("storeScalars", "func(cells **Cell, offset int, values *scalarOctet, n int)", 0)
	a.arguments(argument{"cells", reg.RSI}, argument{"offset", reg.RDX}, argument{"values", reg.RDI}, argument{"n", reg.RCX})
	a.loadMask()
	x := scalars{reg.Z9, reg.Z10, reg.Z11, reg.Z12, reg.Z13}
	a.Label("store")
	a.MOVQ(at(reg.RSI, 0), reg.R8)
	a.ADDQ(reg.RDX, reg.R8)
	a.getScalars(x, reg.RDI, 0)
	a.reduce(x)
	a.canonical(x)
	a.joinScalars(x)
	a.reverseWords()
	a.storeWords(reg.R8)
	a.advance(reg.RSI, cellPointer)
	a.advance(reg.RDI, scalarStride)
	a.repeat("store")
	a.leave()
}

// differ turns n values into their n−4 fourth differences, followed by the last third, second and first difference and
// the last value. The first four steps write what means nothing before the values, where there is room for it.
func (a *columnProgram) differ() {
	a.function("differ", "func(values *scalarOctet, n int)", 0)
	a.arguments(argument{"values", reg.RDI}, argument{"n", reg.RCX})
	a.loadMask()
	kept := passRegisters()
	value := scalars{reg.Z20, reg.Z21, reg.Z22, reg.Z23, reg.Z24}
	next := scalars{reg.Z25, reg.Z26, reg.Z27, reg.Z28, reg.Z29}
	for _, x := range kept {
		for _, limb := range x {
			a.VPXORQ(limb, limb, limb)
		}
	}
	a.Label("difference")
	a.getScalars(value, reg.RDI, 0)
	for _, last := range kept {
		for i := range last {
			a.VPSUBQ(last[i], value[i], next[i])
			a.VMOVDQA64(value[i], last[i])
		}
		value, next = next, value
	}
	a.reduce(value)
	a.putScalars(reg.RDI, -together*scalarStride, value)
	a.advance(reg.RDI, scalarStride)
	a.repeat("difference")
	for depth, last := range kept {
		a.reduce(last)
		a.putScalars(reg.RDI, -(depth+1)*scalarStride, last)
	}
	a.leave()
}

// grow continues a polynomial by four values, given its n differences, the highest first and its last value at the end,
// which it moves on by as much.
func (a *columnProgram) grow() {
	a.function("grow", "func(differences *scalarOctet, n int, values *scalarOctet)", 0)
	a.arguments(argument{"differences", reg.RDI}, argument{"n", reg.RCX}, argument{"values", reg.RSI})
	a.loadMask()
	kept := passRegisters()
	a.getScalars(kept[0], reg.RDI, 0)
	for _, x := range kept[1:] {
		for i := range x {
			a.VMOVDQA64(kept[0][i], x[i])
		}
	}
	a.MOVQ(op.U32(unreduced), reg.RDX)
	a.JMP(op.LabelRef("next"))
	a.Label("sum")
	for i, limb := range kept[0] {
		a.VPADDQ(at(reg.RDI, i*limbStride), limb, limb)
	}
	for depth := 1; depth < together; depth++ {
		for i := range kept[depth] {
			a.VPADDQ(kept[depth-1][i], kept[depth][i], kept[depth][i])
		}
	}
	last := kept[together-1]
	a.reduce(last)
	a.putScalars(reg.RDI, 0, last)
	a.advance(reg.RDX, -1)
	a.JNZ(op.LabelRef("next"))
	for _, x := range kept[:together-1] {
		a.reduce(x)
	}
	a.MOVQ(op.U32(unreduced), reg.RDX)
	a.Label("next")
	a.advance(reg.RDI, scalarStride)
	a.repeat("sum")
	for depth, x := range kept {
		a.putScalars(reg.RSI, depth*scalarStride, x)
	}
	a.leave()
}
