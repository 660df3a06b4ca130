package main

import (
	"go/token"
	"go/types"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/gotypes"
	op "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const (
	limbCount  = 8
	wordCount  = 6
	laneCount  = 8
	limbBits   = 52
	wordBits   = 64
	limbStride = 8 * laneCount          // bytes from a limb to the next in an octet in memory
	octetSize  = limbCount * limbStride // bytes
	pointSize  = 2 * 8 * wordCount      // bytes: two coordinates
	groupSize  = laneCount * pointSize  // bytes of eight points
	ordinate   = pointSize / 2          // where y starts in a point
)

// octet is eight field elements in registers: limb i of all of them in register i.
type octet [limbCount]reg.VecPhysical

// program is the file that is being written. All registers are chosen by hand, because the routines call one another
// without a convention that the assembler knew. Its fields name those with a lasting purpose; besides,
//
//	Z0 to Z8    sums of products, and words of points while these are transposed
//	Z9 to Z12   scratch: a limb of one factor, the multiple of p to add, a carry
//	SI          the factor in memory; DI where results go
type program struct {
	*build.Context
	names *types.Package

	result  octet // what multiply returns
	operand octet // the factor that multiply takes in registers
	second  octet // what is combined with operand before multiply is called
	modulus octet // p, throughout

	mask    reg.VecPhysical    // of a limb, throughout
	inverse reg.VecPhysical    // −p⁻¹ mod 2⁵², throughout
	carried reg.VecPhysical    // scratch
	words   reg.OpmaskPhysical // the six words of an element in memory, throughout
	lanes   reg.OpmaskPhysical // those of eight elements that something is true of
	others  reg.OpmaskPhysical // scratch

	fixed constants
}

func newProgram() *program {
	a := &program{
		Context: build.NewContext(),
		names:   declaredTypes(),
		result:  octet{reg.Z0, reg.Z1, reg.Z2, reg.Z3, reg.Z4, reg.Z5, reg.Z6, reg.Z7},
		operand: octet{reg.Z16, reg.Z17, reg.Z18, reg.Z19, reg.Z20, reg.Z21, reg.Z22, reg.Z23},
		second:  octet{reg.Z6, reg.Z7, reg.Z8, reg.Z9, reg.Z10, reg.Z11, reg.Z12, reg.Z15},
		modulus: octet{reg.Z24, reg.Z25, reg.Z26, reg.Z27, reg.Z28, reg.Z29, reg.Z30, reg.Z31},
		mask:    reg.Z13, inverse: reg.Z14, carried: reg.Z11,
		words: reg.K1, lanes: reg.K2, others: reg.K3,
	}
	a.ConstraintExpr("!purego")
	a.fixed = a.writeConstants()
	return a
}

// declaredTypes holds the types in signatures of package kzg. Arguments point to them, so what they are does not matter.
func declaredTypes() *types.Package {
	kzg, curve := types.NewPackage("kzg", "kzg"), types.NewPackage("bls12381", "bls12381")
	for name, from := range map[string]*types.Package{"octet": kzg, "scalarOctet": kzg, "Cell": kzg, "constant": kzg, "Element": kzg, "G1Affine": curve} {
		object := types.NewTypeName(token.NoPos, from, name, nil)
		types.NewNamed(object, types.NewStruct(nil, nil), nil)
		kzg.Scope().Insert(object)
	}
	return kzg
}

// function starts one that Go calls; its declaration is in octets_amd64.go, which go vet holds the signature against.
// The frame is for those that call others.
func (a *program) function(name, signature string, frame int) {
	a.Function(name)
	a.Attributes(attr.NOSPLIT)
	parsed, err := gotypes.ParseSignatureInPackage(a.names, signature)
	if err != nil {
		panic(err) // a mistake in this program
	}
	a.Signature(parsed)
	if frame > 0 {
		a.AllocLocal(frame)
	}
}

// routine starts one that only this file calls, with arguments in registers.
func (a *program) routine(name string) {
	a.Function(name + "<>")
	a.Attributes(attr.NOSPLIT)
	a.Signature(gotypes.NewSignatureVoid())
}

func (a *program) call(routine string) { a.CALL(op.LabelRef("·" + routine + "<>(SB)")) }

// argument is one of a function's, and the register that it is loaded into.
type argument struct {
	name string
	to   reg.GPPhysical
}

func (a *program) arguments(list ...argument) {
	for _, arg := range list {
		a.Load(a.Param(arg.name), arg.to)
	}
}

func (a *program) leave() {
	a.VZEROUPPER()
	a.RET()
}

// at is memory at a pointer.
func at(pointer reg.GPPhysical, offset int) op.Mem { return op.Mem{Base: pointer, Disp: offset} }

// advance adds to a pointer, or takes from it.
func (a *program) advance(pointer reg.GPPhysical, bytes int) {
	if bytes < 0 {
		a.SUBQ(immediate(-bytes), pointer)
		return
	}
	a.ADDQ(immediate(bytes), pointer)
}

// immediate is n in the shortest form that additions have.
func immediate(n int) op.Constant {
	if n < 1<<7 {
		return op.U8(n)
	}
	return op.U32(n)
}
