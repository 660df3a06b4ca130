//go:build !purego

#include "textflag.h"
#include "octets_amd64.h"

// Eight field elements at a time, one in each 64-bit lane of a register: see type octet for the representation.
//
// Registers that hold throughout: Z13 the mask of a limb, Z14 −p⁻¹ mod 2⁵², Z24 to Z31 the limbs of p,
// K1 the mask of the six words of an element in memory.

DATA ·limbMask+0(SB)/8, $0xfffffffffffff
GLOBL ·limbMask(SB), RODATA|NOPTR, $8

DATA ·negativeInverse+0(SB)/8, $0x3fffcfffcfffd
GLOBL ·negativeInverse(SB), RODATA|NOPTR, $8

// p
DATA ·limbsP+0(SB)/8, $0xeffffffffaaab
DATA ·limbsP+8(SB)/8, $0xfeb153ffffb9f
DATA ·limbsP+16(SB)/8, $0x6b0f6241eabff
DATA ·limbsP+24(SB)/8, $0x12bf6730d2a0f
DATA ·limbsP+32(SB)/8, $0x764774b84f385
DATA ·limbsP+40(SB)/8, $0x1ba7b6434bacd
DATA ·limbsP+48(SB)/8, $0x1ea397fe69a4b
DATA ·limbsP+56(SB)/8, $0x1a011
GLOBL ·limbsP(SB), RODATA|NOPTR, $64

// 2p
DATA ·limbs2P+0(SB)/8, $0xdffffffff5556
DATA ·limbs2P+8(SB)/8, $0xfd62a7ffff73f
DATA ·limbs2P+16(SB)/8, $0xd61ec483d57ff
DATA ·limbs2P+24(SB)/8, $0x257ece61a541e
DATA ·limbs2P+32(SB)/8, $0xec8ee9709e70a
DATA ·limbs2P+40(SB)/8, $0x374f6c869759a
DATA ·limbs2P+48(SB)/8, $0x3d472ffcd3496
DATA ·limbs2P+56(SB)/8, $0x34022
GLOBL ·limbs2P(SB), RODATA|NOPTR, $64

// 64p
DATA ·limbs64P+0(SB)/8, $0xfffffffeaaac0
DATA ·limbs64P+8(SB)/8, $0xac54ffffee7fb
DATA ·limbs64P+16(SB)/8, $0xc3d8907aaffff
DATA ·limbs64P+24(SB)/8, $0xafd9cc34a83da
DATA ·limbs64P+32(SB)/8, $0x91dd2e13ce144
DATA ·limbs64P+40(SB)/8, $0xe9ed90d2eb35d
DATA ·limbs64P+48(SB)/8, $0xa8e5ff9a692c6
DATA ·limbs64P+56(SB)/8, $0x680447
GLOBL ·limbs64P(SB), RODATA|NOPTR, $64

// 2³²p
DATA ·limbsShiftedP+0(SB)/8, $0xfaaab00000000
DATA ·limbsShiftedP+8(SB)/8, $0xffb9fefffffff
DATA ·limbsShiftedP+16(SB)/8, $0xeabfffeb153ff
DATA ·limbsShiftedP+24(SB)/8, $0xd2a0f6b0f6241
DATA ·limbsShiftedP+32(SB)/8, $0x4f38512bf6730
DATA ·limbsShiftedP+40(SB)/8, $0x4bacd764774b8
DATA ·limbsShiftedP+48(SB)/8, $0x69a4b1ba7b643
DATA ·limbsShiftedP+56(SB)/8, $0x1a0111ea397fe
GLOBL ·limbsShiftedP(SB), RODATA|NOPTR, $64

// 2⁴¹⁶ mod p
DATA ·limbsOne+0(SB)/8, $0x6480ea8e9b9af
DATA ·limbsOne+8(SB)/8, $0x65766c8fe444f
DATA ·limbsOne+16(SB)/8, $0x8b540fea96f7d
DATA ·limbsOne+24(SB)/8, $0x3b2ee82efd422
DATA ·limbsOne+32(SB)/8, $0xa6723e5f0ade5
DATA ·limbsOne+40(SB)/8, $0xff6eb6fdd4230
DATA ·limbsOne+48(SB)/8, $0xe06ef23c24a25
DATA ·limbsOne+56(SB)/8, $0x14c8e
GLOBL ·limbsOne(SB), RODATA|NOPTR, $64

// multiply sets Z0 to Z7 to a·b/2⁴¹⁶, a being at SI and b in Z16 to Z23, which stay.
TEXT multiply<>(SB), NOSPLIT|NOFRAME, $0
	VPXORQ Z1, Z1, Z1
	VPXORQ Z2, Z2, Z2
	VPXORQ Z3, Z3, Z3
	VPXORQ Z4, Z4, Z4
	VPXORQ Z5, Z5, Z5
	VPXORQ Z6, Z6, Z6
	VPXORQ Z7, Z7, Z7
	VPXORQ Z8, Z8, Z8
	ROW(0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z0)
	ROW(64, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z0, Z1)
	ROW(128, Z3, Z4, Z5, Z6, Z7, Z8, Z0, Z1, Z2)
	ROW(192, Z4, Z5, Z6, Z7, Z8, Z0, Z1, Z2, Z3)
	ROW(256, Z5, Z6, Z7, Z8, Z0, Z1, Z2, Z3, Z4)
	ROW(320, Z6, Z7, Z8, Z0, Z1, Z2, Z3, Z4, Z5)
	ROW(384, Z7, Z8, Z0, Z1, Z2, Z3, Z4, Z5, Z6)
	ROW(448, Z8, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7)
	NORMALIZE(Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7)
	RET

// chordDenominators computes x₂ − x₁, from the last group of eight pairs to the first, and their products. It reads the
// coordinates 32 bits further left, so that what it writes has the factor 2⁴¹⁶ without a multiplication; a denominator
// is less than 2³³p then and a product, by one less than 2p, less than 2p. In lanes where the chord may fail, since
// x₁ or x₂ or their difference is zero, the denominator is one.
//
// func chordDenominators(denominators, products *octet, special *uint8, x, y *bls12381.G1Affine, groups int)
TEXT ·chordDenominators(SB), NOSPLIT, $8-48
	MOVQ denominators+0(FP), DI
	MOVQ products+8(FP), SI
	MOVQ special+16(FP), R8
	MOVQ x+24(FP), R9
	MOVQ y+32(FP), R10
	MOVQ groups+40(FP), CX
	CONSTANTS
	MOVQ CX, AX
	SHLQ $9, AX
	ADDQ AX, DI
	ADDQ AX, SI
	ADDQ CX, R8
	IMUL3Q $768, CX, AX
	ADDQ AX, R9
	ADDQ AX, R10

denominator:
	SUBQ $512, DI
	SUBQ $1, R8
	SUBQ $768, R9
	SUBQ $768, R10
	LOAD(R9, 0)
	VPORQ Z0, Z1, Z6
	VPTERNLOGQ $0xfe, Z2, Z3, Z6
	VPTERNLOGQ $0xfe, Z4, Z5, Z6
	VPTESTNMQ Z6, Z6, K2
	SPLITSHIFTED(Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23)
	LOAD(R10, 0)
	VPORQ Z0, Z1, Z6
	VPTERNLOGQ $0xfe, Z2, Z3, Z6
	VPTERNLOGQ $0xfe, Z4, Z5, Z6
	VPTESTNMQ Z6, Z6, K3
	KORB K2, K3, K2
	SPLITSHIFTED(Z6, Z7, Z8, Z9, Z10, Z11, Z12, Z15)
	SUBTRACT(Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23, Z6, Z7, Z8, Z9, Z10, Z11, Z12, Z15)
	VPORQ Z16, Z17, Z6
	VPTERNLOGQ $0xfe, Z18, Z19, Z6
	VPTERNLOGQ $0xfe, Z20, Z21, Z6
	VPTERNLOGQ $0xfe, Z22, Z23, Z6
	VPTESTNMQ Z6, Z6, K3
	KORB K2, K3, K2
	ADDCONSTANT(·limbsShiftedP, Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23)
	NORMALIZE(Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23)
	KMOVB K2, AX
	MOVB AX, (R8)
	TESTB AX, AX
	JZ ordinary
	ONES

ordinary:
	PUT(DI, Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23)
	CALL multiply<>(SB)
	SUBQ $512, SI
	PUT(SI, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7)
	SUBQ $1, CX
	JNZ denominator
	VZEROUPPER
	RET

// The scratch memory of chordSums.
#define INVERSE 0
#define SLOPE 512
#define FACTOR 1024
#define LEFTX 1536
#define LEFTY 2048
#define NEGATIVES 2560

// intersect stores the sums of eight pairs at DI, given the slope in Z0 to Z7 and, in the scratch memory, the left points
// and 2p − x₁ − x₂.
TEXT intersect<>(SB), NOSPLIT, $8-0
	VMOVDQA64 Z0, Z16
	VMOVDQA64 Z1, Z17
	VMOVDQA64 Z2, Z18
	VMOVDQA64 Z3, Z19
	VMOVDQA64 Z4, Z20
	VMOVDQA64 Z5, Z21
	VMOVDQA64 Z6, Z22
	VMOVDQA64 Z7, Z23
	VPSLLQ $32, Z0, Z8
	VPANDQ Z13, Z8, Z8
	VMOVDQU64 Z8, (BX)
	SHIFTED(Z0, Z1, 64, BX)
	SHIFTED(Z1, Z2, 128, BX)
	SHIFTED(Z2, Z3, 192, BX)
	SHIFTED(Z3, Z4, 256, BX)
	SHIFTED(Z4, Z5, 320, BX)
	SHIFTED(Z5, Z6, 384, BX)
	SHIFTED(Z6, Z7, 448, BX)

	// x₃ = slope² − x₁ − x₂. The slope is less than 1.3p and its square than 1.2p, so x₃ + 2p is less than 4p.
	MOVQ BX, SI
	CALL multiply<>(SB)
	LEAQ NEGATIVES(R8), SI
	VPADDQ 0(SI), Z0, Z0
	VPADDQ 64(SI), Z1, Z1
	VPADDQ 128(SI), Z2, Z2
	VPADDQ 192(SI), Z3, Z3
	VPADDQ 256(SI), Z4, Z4
	VPADDQ 320(SI), Z5, Z5
	VPADDQ 384(SI), Z6, Z6
	VPADDQ 448(SI), Z7, Z7
	NORMALIZE(Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7)
	REDUCE2
	REDUCE

	// y₃ = slope·(x₁ − x₃) − y₁. The product is less than 1.3p, so y₃ + p is less than 3p.
	GET(AX, Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23)
	VPSUBQ Z0, Z16, Z16
	VPSUBQ Z1, Z17, Z17
	VPSUBQ Z2, Z18, Z18
	VPSUBQ Z3, Z19, Z19
	VPSUBQ Z4, Z20, Z20
	VPSUBQ Z5, Z21, Z21
	VPSUBQ Z6, Z22, Z22
	VPSUBQ Z7, Z23, Z23
	ADDCONSTANT(·limbsP, Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23)
	NORMALIZE(Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23)
	JOIN
	STORE(DI, 0)
	MOVQ BX, SI
	CALL multiply<>(SB)
	LEAQ LEFTY(R8), SI
	VPSUBQ 0(SI), Z0, Z0
	VPSUBQ 64(SI), Z1, Z1
	VPSUBQ 128(SI), Z2, Z2
	VPSUBQ 192(SI), Z3, Z3
	VPSUBQ 256(SI), Z4, Z4
	VPSUBQ 320(SI), Z5, Z5
	VPSUBQ 384(SI), Z6, Z6
	VPSUBQ 448(SI), Z7, Z7
	ADDCONSTANT(·limbsP, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7)
	NORMALIZE(Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7)
	REDUCE
	REDUCE
	JOIN
	STORE(DI, 48)
	RET

// chordSums computes the sums, from the first group to the last, given the inverse of the product of all denominators in
// the scratch memory's first octet. Inverses have the factor 2⁴¹⁶ and coordinates 2³⁸⁴; the slope is needed in both.
//
// func chordSums(sums, x, y *bls12381.G1Affine, denominators, products *octet, groups int, negate uint64, scratch *[6]octet)
TEXT ·chordSums(SB), NOSPLIT, $8-64
	MOVQ sums+0(FP), DI
	MOVQ x+8(FP), R9
	MOVQ y+16(FP), R10
	MOVQ denominators+24(FP), R11
	MOVQ products+32(FP), R12
	MOVQ groups+40(FP), CX
	MOVQ negate+48(FP), R13
	MOVQ scratch+56(FP), R8
	LEAQ SLOPE(R8), BX
	LEAQ FACTOR(R8), DX
	CONSTANTS
	LEAQ LEFTX(R8), AX
	ADDQ $512, R12

sum:
	// The inverse of the denominator, and of the product of those that are left.
	GET(R8, Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23)
	MOVQ R12, SI
	CALL multiply<>(SB)
	PUT(DX, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7)
	MOVQ R11, SI
	CALL multiply<>(SB)
	PUT(R8, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7)

	// x₁, and 2p − x₁ − x₂.
	LOAD(R9, 0)
	SPLIT(Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23)
	PUT(AX, Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23)
	LOAD(R10, 0)
	SPLIT(Z6, Z7, Z8, Z9, Z10, Z11, Z12, Z15)
	VPADDQ Z6, Z16, Z16
	VPADDQ Z7, Z17, Z17
	VPADDQ Z8, Z18, Z18
	VPADDQ Z9, Z19, Z19
	VPADDQ Z10, Z20, Z20
	VPADDQ Z11, Z21, Z21
	VPADDQ Z12, Z22, Z22
	VPADDQ Z15, Z23, Z23
	LEAQ NEGATIVES(R8), SI
	VPXORQ Z0, Z0, Z0
	SUBTRACT(Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23, Z0, Z0, Z0, Z0, Z0, Z0, Z0, Z0)
	ADDCONSTANT(·limbs2P, Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23)
	PUT(SI, Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23)

	// The slope is (±y₂ − y₁) times the inverse.
	LOAD(R9, 48)
	SPLIT(Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23)
	LEAQ LEFTY(R8), SI
	PUT(SI, Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23)
	LOAD(R10, 48)
	SPLIT(Z6, Z7, Z8, Z9, Z10, Z11, Z12, Z15)
	TESTQ R13, R13
	JZ rise
	VPSUBQ Z6, Z24, Z6
	VPSUBQ Z7, Z25, Z7
	VPSUBQ Z8, Z26, Z8
	VPSUBQ Z9, Z27, Z9
	VPSUBQ Z10, Z28, Z10
	VPSUBQ Z11, Z29, Z11
	VPSUBQ Z12, Z30, Z12
	VPSUBQ Z15, Z31, Z15

rise:
	SUBTRACT(Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23, Z6, Z7, Z8, Z9, Z10, Z11, Z12, Z15)
	ADDCONSTANT(·limbsP, Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23)
	NORMALIZE(Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23)
	MOVQ DX, SI
	CALL multiply<>(SB)
	CALL intersect<>(SB)

	ADDQ $768, DI
	ADDQ $768, R9
	ADDQ $768, R10
	ADDQ $512, R11
	ADDQ $512, R12
	SUBQ $1, CX
	JNZ sum
	VZEROUPPER
	RET

// tangentDenominators computes 2y, from the last group of eight points to the first, and their products, as
// chordDenominators does. The denominator of infinity is one.
//
// func tangentDenominators(denominators, products *octet, x *bls12381.G1Affine, groups int)
TEXT ·tangentDenominators(SB), NOSPLIT, $8-32
	MOVQ denominators+0(FP), DI
	MOVQ products+8(FP), SI
	MOVQ x+16(FP), R9
	MOVQ groups+24(FP), CX
	CONSTANTS
	MOVQ CX, AX
	SHLQ $9, AX
	ADDQ AX, DI
	ADDQ AX, SI
	IMUL3Q $768, CX, AX
	ADDQ AX, R9

denominator:
	SUBQ $512, DI
	SUBQ $768, R9
	LOAD(R9, 48)
	VPORQ Z0, Z1, Z6
	VPTERNLOGQ $0xfe, Z2, Z3, Z6
	VPTERNLOGQ $0xfe, Z4, Z5, Z6
	VPTESTNMQ Z6, Z6, K2
	SPLITSHIFTED(Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23)
	VPADDQ Z16, Z16, Z16
	VPADDQ Z17, Z17, Z17
	VPADDQ Z18, Z18, Z18
	VPADDQ Z19, Z19, Z19
	VPADDQ Z20, Z20, Z20
	VPADDQ Z21, Z21, Z21
	VPADDQ Z22, Z22, Z22
	VPADDQ Z23, Z23, Z23
	NORMALIZE(Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23)
	ONES
	PUT(DI, Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23)
	CALL multiply<>(SB)
	SUBQ $512, SI
	PUT(SI, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7)
	SUBQ $1, CX
	JNZ denominator
	VZEROUPPER
	RET

// tangentSums computes doubles as chordSums does sums. The slope is 3x² times the inverse: infinity, with x = y = 0, has
// the slope zero and so becomes infinity.
//
// func tangentSums(doubles, x *bls12381.G1Affine, denominators, products *octet, groups int, scratch *[6]octet)
TEXT ·tangentSums(SB), NOSPLIT, $8-48
	MOVQ doubles+0(FP), DI
	MOVQ x+8(FP), R9
	MOVQ denominators+16(FP), R11
	MOVQ products+24(FP), R12
	MOVQ groups+32(FP), CX
	MOVQ scratch+40(FP), R8
	LEAQ SLOPE(R8), BX
	LEAQ FACTOR(R8), DX
	CONSTANTS
	LEAQ LEFTX(R8), AX
	ADDQ $512, R12

double:
	// The inverse of the denominator, and of the product of those that are left.
	GET(R8, Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23)
	MOVQ R12, SI
	CALL multiply<>(SB)
	PUT(DX, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7)
	MOVQ R11, SI
	CALL multiply<>(SB)
	PUT(R8, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7)

	// y, x, 2p − 2x and 3x², which is less than 4p.
	LOAD(R9, 48)
	SPLIT(Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23)
	LEAQ LEFTY(R8), SI
	PUT(SI, Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23)
	LOAD(R9, 0)
	SPLITSHIFTED(Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23)
	PUT(BX, Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23)
	SPLIT(Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23)
	PUT(AX, Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23)
	MOVQ BX, SI
	CALL multiply<>(SB)
	VPADDQ Z16, Z16, Z8
	VPADDQ Z17, Z17, Z9
	VPADDQ Z18, Z18, Z10
	VPADDQ Z19, Z19, Z11
	VPADDQ Z20, Z20, Z12
	VPADDQ Z21, Z21, Z15
	VPADDQ Z22, Z22, Z22
	VPADDQ Z23, Z23, Z23
	VPXORQ Z16, Z16, Z16
	SUBTRACT(Z8, Z9, Z10, Z11, Z12, Z15, Z22, Z23, Z16, Z16, Z16, Z16, Z16, Z16, Z16, Z16)
	ADDCONSTANT(·limbs2P, Z8, Z9, Z10, Z11, Z12, Z15, Z22, Z23)
	LEAQ NEGATIVES(R8), SI
	PUT(SI, Z8, Z9, Z10, Z11, Z12, Z15, Z22, Z23)
	VPADDQ Z0, Z0, Z16
	VPADDQ Z1, Z1, Z17
	VPADDQ Z2, Z2, Z18
	VPADDQ Z3, Z3, Z19
	VPADDQ Z4, Z4, Z20
	VPADDQ Z5, Z5, Z21
	VPADDQ Z6, Z6, Z22
	VPADDQ Z7, Z7, Z23
	VPADDQ Z0, Z16, Z16
	VPADDQ Z1, Z17, Z17
	VPADDQ Z2, Z18, Z18
	VPADDQ Z3, Z19, Z19
	VPADDQ Z4, Z20, Z20
	VPADDQ Z5, Z21, Z21
	VPADDQ Z6, Z22, Z22
	VPADDQ Z7, Z23, Z23
	NORMALIZE(Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23)
	MOVQ DX, SI
	CALL multiply<>(SB)
	CALL intersect<>(SB)

	ADDQ $768, DI
	ADDQ $768, R9
	ADDQ $512, R11
	ADDQ $512, R12
	SUBQ $1, CX
	JNZ double
	VZEROUPPER
	RET

// func multiplyOctet(z, x, y *octet)
TEXT ·multiplyOctet(SB), NOSPLIT, $8-24
	MOVQ z+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ y+16(FP), DX
	CONSTANTS
	GET(DX, Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23)
	CALL multiply<>(SB)
	PUT(DI, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7)
	VZEROUPPER
	RET

// func squareOctet(z *octet, n int)
TEXT ·squareOctet(SB), NOSPLIT, $8-16
	MOVQ z+0(FP), SI
	MOVQ n+8(FP), CX
	CONSTANTS
	GET(SI, Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23)

square:
	CALL multiply<>(SB)
	VMOVDQA64 Z0, Z16
	VMOVDQA64 Z1, Z17
	VMOVDQA64 Z2, Z18
	VMOVDQA64 Z3, Z19
	VMOVDQA64 Z4, Z20
	VMOVDQA64 Z5, Z21
	VMOVDQA64 Z6, Z22
	VMOVDQA64 Z7, Z23
	PUT(SI, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7)
	SUBQ $1, CX
	JNZ square
	VZEROUPPER
	RET

// func addOctet(z, x, y *octet)
TEXT ·addOctet(SB), NOSPLIT, $0-24
	MOVQ z+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ y+16(FP), DX
	VPBROADCASTQ ·limbMask(SB), Z13
	GET(SI, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7)
	VPADDQ 0(DX), Z0, Z0
	VPADDQ 64(DX), Z1, Z1
	VPADDQ 128(DX), Z2, Z2
	VPADDQ 192(DX), Z3, Z3
	VPADDQ 256(DX), Z4, Z4
	VPADDQ 320(DX), Z5, Z5
	VPADDQ 384(DX), Z6, Z6
	VPADDQ 448(DX), Z7, Z7
	NORMALIZE(Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7)
	PUT(DI, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7)
	VZEROUPPER
	RET

// func subtractOctet(z, x, y *octet)
TEXT ·subtractOctet(SB), NOSPLIT, $0-24
	MOVQ z+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ y+16(FP), DX
	VPBROADCASTQ ·limbMask(SB), Z13
	GET(SI, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7)
	VPSUBQ 0(DX), Z0, Z0
	VPSUBQ 64(DX), Z1, Z1
	VPSUBQ 128(DX), Z2, Z2
	VPSUBQ 192(DX), Z3, Z3
	VPSUBQ 256(DX), Z4, Z4
	VPSUBQ 320(DX), Z5, Z5
	VPSUBQ 384(DX), Z6, Z6
	VPSUBQ 448(DX), Z7, Z7
	ADDCONSTANT(·limbs64P, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7)
	NORMALIZE(Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7)
	PUT(DI, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7)
	VZEROUPPER
	RET
