package main

import (
	"github.com/mmcloughlin/avo/attr"
	op "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// row holds the registers of a step of Montgomery's multiplication: the sum, least limb first, the limb x of one factor
// and the q for which q·p clears the least limb.
type row struct {
	sum  [limbCount + 1]reg.VecPhysical
	x, q reg.VecPhysical
}

// multiply writes the routine that sets the result to x·y/2⁴¹⁶, x being at SI and y the operand; both stay.
//
// In each of eight rows a limb of the sum grows by at most four halves of products, less than 2⁵⁴, and a carry: with all
// rows by less than 2⁵⁷. The result is the sum of x·y and of less than 2⁴¹⁶ times p, over 2⁴¹⁶: less than
// (1 + x·y/2⁴¹⁶p)·p, where 2⁴¹⁶ is more than 2³⁵p.
func (a *program) multiply() {
	a.routine("multiply")
	a.Attributes(attr.NOSPLIT | attr.NOFRAME)
	a.Comment("Set Z0 to Z7 to x·y/2⁴¹⁶, x being at SI and y in Z16 to Z23. A product is less than (1 + x·y/2⁴¹⁶p)·p.")
	ring := [limbCount + 1]reg.VecPhysical{reg.Z0, reg.Z1, reg.Z2, reg.Z3, reg.Z4, reg.Z5, reg.Z6, reg.Z7, reg.Z8}
	for _, limb := range ring[1:] {
		a.VPXORQ(limb, limb, limb)
	}
	for i := range limbCount {
		r := row{x: reg.Z9, q: reg.Z10}
		for j := range r.sum {
			r.sum[j] = ring[(i+1+j)%len(ring)]
		}
		a.Commentf("Add limb %d of x times y, and the multiple of p that clears the least limb, which is free then.", i)
		a.VMOVDQU64(at(reg.RSI, i*limbStride), r.x)
		a.clearLeast(r)
		a.addRest(r)
	}
	a.normalize(a.result)
	a.RET()
}

// clearLeast adds what the least two limbs need and moves the carry from one to the other. Each step of that waits for the
// one before, so the processor gets half of the other products to do meanwhile.
func (a *program) clearLeast(r row) {
	y, p, t := a.operand, a.modulus, r.sum
	a.VPXORQ(t[8], t[8], t[8])
	a.VPXORQ(r.q, r.q, r.q)
	a.VPMADD52LUQ(y[0], r.x, t[0])
	a.VPMADD52LUQ(y[1], r.x, t[1])
	a.VPMADD52LUQ(t[0], a.inverse, r.q)
	a.VPMADD52HUQ(y[0], r.x, t[1])
	a.VPMADD52LUQ(y[2], r.x, t[2])
	a.VPMADD52LUQ(y[3], r.x, t[3])
	a.VPMADD52LUQ(y[4], r.x, t[4])
	a.VPMADD52LUQ(p[0], r.q, t[0])
	a.VPMADD52LUQ(y[5], r.x, t[5])
	a.VPMADD52LUQ(y[6], r.x, t[6])
	a.VPMADD52LUQ(p[1], r.q, t[1])
	a.VPMADD52LUQ(y[7], r.x, t[7])
	a.VPMADD52HUQ(p[0], r.q, t[1])
	a.VPMADD52HUQ(y[1], r.x, t[2])
	a.VPSRLQ(op.U8(limbBits), t[0], a.carried)
	a.VPMADD52HUQ(y[2], r.x, t[3])
	a.VPMADD52HUQ(y[3], r.x, t[4])
	a.VPADDQ(a.carried, t[1], t[1])
}

// addRest adds the products that nothing waits for.
func (a *program) addRest(r row) {
	for i := 4; i < limbCount; i++ {
		a.VPMADD52HUQ(a.operand[i], r.x, r.sum[i+1])
	}
	for i := 2; i < limbCount; i++ {
		a.VPMADD52LUQ(a.modulus[i], r.q, r.sum[i])
	}
	for i := 1; i < limbCount; i++ {
		a.VPMADD52HUQ(a.modulus[i], r.q, r.sum[i+1])
	}
}
