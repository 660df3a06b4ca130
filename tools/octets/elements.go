package main

import (
	op "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// frame is that of a function which calls others.
const frame = 8

func (a *program) multiplyOctet() {
	a.function("multiplyOctet", "func(z, x, y *octet)", frame)
	a.arguments(argument{"z", reg.RDI}, argument{"x", reg.RSI}, argument{"y", reg.RDX})
	a.loadConstants()
	a.get(a.operand, reg.RDX)
	a.call("multiply")
	a.put(reg.RDI, a.result)
	a.leave()
}

func (a *program) squareOctet() {
	a.function("squareOctet", "func(z *octet, n int)", frame)
	a.arguments(argument{"z", reg.RSI}, argument{"n", reg.RCX})
	a.loadConstants()
	a.get(a.operand, reg.RSI)
	a.Label("square")
	a.call("multiply")
	a.move(a.operand, a.result)
	a.put(reg.RSI, a.result)
	a.repeat("square")
	a.leave()
}

func (a *program) addOctet() {
	a.function("addOctet", "func(z, x, y *octet)", 0)
	a.arguments(argument{"z", reg.RDI}, argument{"x", reg.RSI}, argument{"y", reg.RDX})
	a.loadMask()
	a.get(a.result, reg.RSI)
	a.addAt(a.result, reg.RDX)
	a.normalize(a.result)
	a.put(reg.RDI, a.result)
	a.leave()
}

func (a *program) subtractOctet() {
	a.function("subtractOctet", "func(z, x, y *octet)", 0)
	a.arguments(argument{"z", reg.RDI}, argument{"x", reg.RSI}, argument{"y", reg.RDX})
	a.loadMask()
	a.get(a.result, reg.RSI)
	a.subtractAt(a.result, reg.RDX)
	a.Comment("With 64p this is positive, y being less than that.")
	a.addConstant(a.result, a.fixed.manyP)
	a.normalize(a.result)
	a.put(reg.RDI, a.result)
	a.leave()
}

// repeat ends a loop that CX counts down.
func (a *program) repeat(label string) {
	a.advance(reg.RCX, -1)
	a.JNZ(op.LabelRef(label))
}
