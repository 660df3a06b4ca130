package main

import (
	"fmt"
	"math/big"

	"github.com/mmcloughlin/avo/attr"
	op "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// seed is the absolute value of BLS12-381's parameter, which is negative.
const seed = 0xd201000000010000

// constants are where the file has its constants: those of an element have eight limbs, the others one word.
type constants struct {
	limbMask, negativeInverse     op.Mem
	p, twoP, manyP, shiftedP, one op.Mem
}

// fieldModulus computes p = (z−1)²·r/3 + z of BLS12-381's z.
func fieldModulus() *big.Int {
	z := new(big.Int).Neg(new(big.Int).SetUint64(seed))
	less := new(big.Int).Sub(z, big.NewInt(1))
	p := scalarModulus()
	p.Mul(p, less).Mul(p, less)
	return p.Div(p, big.NewInt(3)).Add(p, z)
}

// scalarModulus computes r = z⁴ − z² + 1.
func scalarModulus() *big.Int {
	z := new(big.Int).SetUint64(seed)
	square := new(big.Int).Mul(z, z)
	order := new(big.Int).Mul(square, square)
	return order.Sub(order, square).Add(order, big.NewInt(1))
}

func (a *program) writeConstants() constants {
	p, limb := fieldModulus(), power(limbBits)
	inverse := new(big.Int).ModInverse(p, limb)
	return constants{
		limbMask:        a.data("limbMask", new(big.Int).Sub(limb, big.NewInt(1)), 1),
		negativeInverse: a.data("negativeInverse", inverse.Sub(limb, inverse), 1),
		p:               a.data("limbsP", p, limbCount),
		twoP:            a.data("limbs2P", times(2, p), limbCount),
		manyP:           a.data("limbs64P", times(64, p), limbCount),
		shiftedP:        a.data("limbsShiftedP", new(big.Int).Lsh(p, shift), limbCount),
		one:             a.data("limbsOne", new(big.Int).Mod(power(limbCount*limbBits), p), limbCount),
	}
}

func power(exponent uint) *big.Int { return new(big.Int).Lsh(big.NewInt(1), exponent) }

func times(n int64, p *big.Int) *big.Int { return new(big.Int).Mul(big.NewInt(n), p) }

// data writes a constant's limbs.
func (a *program) data(name string, value *big.Int, limbs int) op.Mem {
	address := a.StaticGlobal(name)
	a.DataAttributes(attr.RODATA | attr.NOPTR)
	for _, limb := range limbsOf(value, limbs) {
		a.AppendDatum(op.U64(limb))
	}
	return address
}

// limbsOf cuts a value that they have room for into limbs.
func limbsOf(value *big.Int, n int) []uint64 {
	if value.Sign() < 0 || value.BitLen() > n*limbBits {
		panic(fmt.Sprintf("octets: %d limbs do not hold %s", n, value))
	}
	limbs, mask := make([]uint64, n), new(big.Int).Sub(power(limbBits), big.NewInt(1))
	for i := range limbs {
		limb := new(big.Int).Rsh(value, uint(i)*limbBits)
		limbs[i] = limb.And(limb, mask).Uint64()
	}
	return limbs
}

// limbOf is where limb i of a constant is.
func limbOf(constant op.Mem, i int) op.Mem { return constant.Offset(8 * i) }

// loadMask sets the only register that sums and differences take.
func (a *program) loadMask() { a.VPBROADCASTQ(a.fixed.limbMask, a.mask) }

// loadConstants sets all registers that hold throughout.
func (a *program) loadConstants() {
	a.Comment("The mask of a limb, −p⁻¹ mod 2⁵², p, and the mask of an element's six words.")
	a.loadMask()
	a.VPBROADCASTQ(a.fixed.negativeInverse, a.inverse)
	for i, limb := range a.modulus {
		a.VPBROADCASTQ(limbOf(a.fixed.p, i), limb)
	}
	a.MOVQ(op.U32(1<<wordCount-1), reg.RAX)
	a.KMOVB(reg.EAX, a.words)
}
