// Macros for eight field elements at a time: see type octet for the representation, and octets_amd64.s for the registers
// that hold throughout.

#define CONSTANTS \
	VPBROADCASTQ ·limbMask(SB), Z13        \
	VPBROADCASTQ ·negativeInverse(SB), Z14 \
	VPBROADCASTQ ·limbsP+0(SB), Z24        \
	VPBROADCASTQ ·limbsP+8(SB), Z25        \
	VPBROADCASTQ ·limbsP+16(SB), Z26       \
	VPBROADCASTQ ·limbsP+24(SB), Z27       \
	VPBROADCASTQ ·limbsP+32(SB), Z28       \
	VPBROADCASTQ ·limbsP+40(SB), Z29       \
	VPBROADCASTQ ·limbsP+48(SB), Z30       \
	VPBROADCASTQ ·limbsP+56(SB), Z31       \
	MOVQ $0x3f, AX                         \
	KMOVB AX, K1

// CARRY moves what exceeds 52 bits of lo, which may be negative, to hi.
#define CARRY(lo, hi) \
	VPSRAQ $52, lo, Z11  \
	VPANDQ Z13, lo, lo   \
	VPADDQ Z11, hi, hi

#define NORMALIZE(l0, l1, l2, l3, l4, l5, l6, l7) \
	CARRY(l0, l1) \
	CARRY(l1, l2) \
	CARRY(l2, l3) \
	CARRY(l3, l4) \
	CARRY(l4, l5) \
	CARRY(l5, l6) \
	CARRY(l6, l7)

// ROW adds a limb at SI times b to the sum t, and a multiple of p that clears t0, whose carry goes to t1.
#define ROW(offset, t0, t1, t2, t3, t4, t5, t6, t7, t8) \
	VMOVDQU64 offset(SI), Z9  \
	VPXORQ t8, t8, t8         \
	VPXORQ Z10, Z10, Z10      \
	VPMADD52LUQ Z16, Z9, t0   \
	VPMADD52LUQ Z17, Z9, t1   \
	VPMADD52LUQ t0, Z14, Z10  \
	VPMADD52HUQ Z16, Z9, t1   \
	VPMADD52LUQ Z18, Z9, t2   \
	VPMADD52LUQ Z19, Z9, t3   \
	VPMADD52LUQ Z20, Z9, t4   \
	VPMADD52LUQ Z24, Z10, t0  \
	VPMADD52LUQ Z21, Z9, t5   \
	VPMADD52LUQ Z22, Z9, t6   \
	VPMADD52LUQ Z25, Z10, t1  \
	VPMADD52LUQ Z23, Z9, t7   \
	VPMADD52HUQ Z24, Z10, t1  \
	VPMADD52HUQ Z17, Z9, t2   \
	VPSRLQ $52, t0, Z11       \
	VPMADD52HUQ Z18, Z9, t3   \
	VPMADD52HUQ Z19, Z9, t4   \
	VPADDQ Z11, t1, t1        \
	VPMADD52HUQ Z20, Z9, t5   \
	VPMADD52HUQ Z21, Z9, t6   \
	VPMADD52HUQ Z22, Z9, t7   \
	VPMADD52HUQ Z23, Z9, t8   \
	VPMADD52LUQ Z26, Z10, t2  \
	VPMADD52LUQ Z27, Z10, t3  \
	VPMADD52LUQ Z28, Z10, t4  \
	VPMADD52LUQ Z29, Z10, t5  \
	VPMADD52LUQ Z30, Z10, t6  \
	VPMADD52LUQ Z31, Z10, t7  \
	VPMADD52HUQ Z25, Z10, t2  \
	VPMADD52HUQ Z26, Z10, t3  \
	VPMADD52HUQ Z27, Z10, t4  \
	VPMADD52HUQ Z28, Z10, t5  \
	VPMADD52HUQ Z29, Z10, t6  \
	VPMADD52HUQ Z30, Z10, t7  \
	VPMADD52HUQ Z31, Z10, t8

#define GET(ptr, l0, l1, l2, l3, l4, l5, l6, l7) \
	VMOVDQU64 0(ptr), l0   \
	VMOVDQU64 64(ptr), l1  \
	VMOVDQU64 128(ptr), l2 \
	VMOVDQU64 192(ptr), l3 \
	VMOVDQU64 256(ptr), l4 \
	VMOVDQU64 320(ptr), l5 \
	VMOVDQU64 384(ptr), l6 \
	VMOVDQU64 448(ptr), l7

#define PUT(ptr, l0, l1, l2, l3, l4, l5, l6, l7) \
	VMOVDQU64 l0, 0(ptr)   \
	VMOVDQU64 l1, 64(ptr)  \
	VMOVDQU64 l2, 128(ptr) \
	VMOVDQU64 l3, 192(ptr) \
	VMOVDQU64 l4, 256(ptr) \
	VMOVDQU64 l5, 320(ptr) \
	VMOVDQU64 l6, 384(ptr) \
	VMOVDQU64 l7, 448(ptr)

// LOAD transposes the coordinates at an offset in eight points into Z0 to Z5, a word of each in a register.
#define LOAD(ptr, offset) \
	VMOVDQU64.Z (offset+0)(ptr), K1, Z0    \
	VMOVDQU64.Z (offset+96)(ptr), K1, Z1   \
	VMOVDQU64.Z (offset+192)(ptr), K1, Z2  \
	VMOVDQU64.Z (offset+288)(ptr), K1, Z3  \
	VMOVDQU64.Z (offset+384)(ptr), K1, Z4  \
	VMOVDQU64.Z (offset+480)(ptr), K1, Z5  \
	VMOVDQU64.Z (offset+576)(ptr), K1, Z6  \
	VMOVDQU64.Z (offset+672)(ptr), K1, Z7  \
	VPUNPCKLQDQ Z1, Z0, Z8                 \
	VPUNPCKHQDQ Z1, Z0, Z9                 \
	VPUNPCKLQDQ Z3, Z2, Z10                \
	VPUNPCKHQDQ Z3, Z2, Z11                \
	VPUNPCKLQDQ Z5, Z4, Z0                 \
	VPUNPCKHQDQ Z5, Z4, Z1                 \
	VPUNPCKLQDQ Z7, Z6, Z2                 \
	VPUNPCKHQDQ Z7, Z6, Z3                 \
	VSHUFI64X2 $0x88, Z10, Z8, Z4          \
	VSHUFI64X2 $0xdd, Z10, Z8, Z5          \
	VSHUFI64X2 $0x88, Z2, Z0, Z6           \
	VSHUFI64X2 $0xdd, Z2, Z0, Z7           \
	VSHUFI64X2 $0x88, Z6, Z4, Z0           \
	VSHUFI64X2 $0xdd, Z6, Z4, Z4           \
	VSHUFI64X2 $0x88, Z7, Z5, Z2           \
	VSHUFI64X2 $0x88, Z11, Z9, Z6          \
	VSHUFI64X2 $0xdd, Z11, Z9, Z7          \
	VSHUFI64X2 $0x88, Z3, Z1, Z8           \
	VSHUFI64X2 $0xdd, Z3, Z1, Z9           \
	VSHUFI64X2 $0x88, Z8, Z6, Z1           \
	VSHUFI64X2 $0xdd, Z8, Z6, Z5           \
	VSHUFI64X2 $0x88, Z9, Z7, Z3

// STORE is the inverse of LOAD.
#define STORE(ptr, offset) \
	VPXORQ Z12, Z12, Z12                   \
	VPUNPCKLQDQ Z1, Z0, Z8                 \
	VPUNPCKHQDQ Z1, Z0, Z9                 \
	VPUNPCKLQDQ Z3, Z2, Z10                \
	VPUNPCKHQDQ Z3, Z2, Z11                \
	VPUNPCKLQDQ Z5, Z4, Z6                 \
	VPUNPCKHQDQ Z5, Z4, Z7                 \
	VSHUFI64X2 $0x88, Z10, Z8, Z0          \
	VSHUFI64X2 $0xdd, Z10, Z8, Z1          \
	VSHUFI64X2 $0x88, Z12, Z6, Z2          \
	VSHUFI64X2 $0xdd, Z12, Z6, Z3          \
	VSHUFI64X2 $0x88, Z2, Z0, Z4           \
	VMOVDQU64 Z4, K1, (offset+0)(ptr)      \
	VSHUFI64X2 $0x88, Z3, Z1, Z4           \
	VMOVDQU64 Z4, K1, (offset+192)(ptr)    \
	VSHUFI64X2 $0xdd, Z2, Z0, Z4           \
	VMOVDQU64 Z4, K1, (offset+384)(ptr)    \
	VSHUFI64X2 $0xdd, Z3, Z1, Z4           \
	VMOVDQU64 Z4, K1, (offset+576)(ptr)    \
	VSHUFI64X2 $0x88, Z11, Z9, Z0          \
	VSHUFI64X2 $0xdd, Z11, Z9, Z1          \
	VSHUFI64X2 $0x88, Z12, Z7, Z2          \
	VSHUFI64X2 $0xdd, Z12, Z7, Z3          \
	VSHUFI64X2 $0x88, Z2, Z0, Z4           \
	VMOVDQU64 Z4, K1, (offset+96)(ptr)     \
	VSHUFI64X2 $0x88, Z3, Z1, Z4           \
	VMOVDQU64 Z4, K1, (offset+288)(ptr)    \
	VSHUFI64X2 $0xdd, Z2, Z0, Z4           \
	VMOVDQU64 Z4, K1, (offset+480)(ptr)    \
	VSHUFI64X2 $0xdd, Z3, Z1, Z4           \
	VMOVDQU64 Z4, K1, (offset+672)(ptr)

// SPLIT cuts the words in Z0 to Z5 into limbs.
#define SPLIT(l0, l1, l2, l3, l4, l5, l6, l7) \
	VPANDQ Z13, Z0, l0          \
	VPSHRDQ $52, Z1, Z0, l1     \
	VPANDQ Z13, l1, l1          \
	VPSHRDQ $40, Z2, Z1, l2     \
	VPANDQ Z13, l2, l2          \
	VPSHRDQ $28, Z3, Z2, l3     \
	VPANDQ Z13, l3, l3          \
	VPSHRDQ $16, Z4, Z3, l4     \
	VPANDQ Z13, l4, l4          \
	VPSRLQ $4, Z4, l5           \
	VPANDQ Z13, l5, l5          \
	VPSHRDQ $56, Z5, Z4, l6     \
	VPANDQ Z13, l6, l6          \
	VPSRLQ $44, Z5, l7

// SPLITSHIFTED cuts 2³² times the words in Z0 to Z5 into limbs.
#define SPLITSHIFTED(l0, l1, l2, l3, l4, l5, l6, l7) \
	VPSLLQ $32, Z0, l0          \
	VPANDQ Z13, l0, l0          \
	VPSHRDQ $20, Z1, Z0, l1     \
	VPANDQ Z13, l1, l1          \
	VPSRLQ $8, Z1, l2           \
	VPANDQ Z13, l2, l2          \
	VPSHRDQ $60, Z2, Z1, l3     \
	VPANDQ Z13, l3, l3          \
	VPSHRDQ $48, Z3, Z2, l4     \
	VPANDQ Z13, l4, l4          \
	VPSHRDQ $36, Z4, Z3, l5     \
	VPANDQ Z13, l5, l5          \
	VPSHRDQ $24, Z5, Z4, l6     \
	VPANDQ Z13, l6, l6          \
	VPSRLQ $12, Z5, l7

// JOIN puts the limbs in Z0 to Z7 together to words in Z0 to Z5.
#define JOIN \
	VPSLLQ $52, Z1, Z8    \
	VPORQ Z8, Z0, Z0      \
	VPSRLQ $12, Z1, Z1    \
	VPSLLQ $40, Z2, Z8    \
	VPORQ Z8, Z1, Z1      \
	VPSRLQ $24, Z2, Z2    \
	VPSLLQ $28, Z3, Z8    \
	VPORQ Z8, Z2, Z2      \
	VPSRLQ $36, Z3, Z3    \
	VPSLLQ $16, Z4, Z8    \
	VPORQ Z8, Z3, Z3      \
	VPSRLQ $48, Z4, Z4    \
	VPSLLQ $4, Z5, Z8     \
	VPORQ Z8, Z4, Z4      \
	VPSLLQ $56, Z6, Z8    \
	VPORQ Z8, Z4, Z4      \
	VPSRLQ $8, Z6, Z5     \
	VPSLLQ $44, Z7, Z8    \
	VPORQ Z8, Z5, Z5

// SHIFTED puts 2³² times the limbs lo and hi of one element, hi being the next after lo, into a limb at ptr.
#define SHIFTED(lo, hi, offset, ptr) \
	VPSRLQ $20, lo, Z9               \
	VPSLLQ $32, hi, Z8               \
	VPTERNLOGQ $0xea, Z9, Z13, Z8    \
	VMOVDQU64 Z8, offset(ptr)

#define SUBTRACT(x0, x1, x2, x3, x4, x5, x6, x7, y0, y1, y2, y3, y4, y5, y6, y7) \
	VPSUBQ x0, y0, x0 \
	VPSUBQ x1, y1, x1 \
	VPSUBQ x2, y2, x2 \
	VPSUBQ x3, y3, x3 \
	VPSUBQ x4, y4, x4 \
	VPSUBQ x5, y5, x5 \
	VPSUBQ x6, y6, x6 \
	VPSUBQ x7, y7, x7

// ADDCONSTANT adds the limbs of a constant.
#define ADDCONSTANT(constant, l0, l1, l2, l3, l4, l5, l6, l7) \
	VPADDQ.BCST constant+0(SB), l0, l0  \
	VPADDQ.BCST constant+8(SB), l1, l1  \
	VPADDQ.BCST constant+16(SB), l2, l2 \
	VPADDQ.BCST constant+24(SB), l3, l3 \
	VPADDQ.BCST constant+32(SB), l4, l4 \
	VPADDQ.BCST constant+40(SB), l5, l5 \
	VPADDQ.BCST constant+48(SB), l6, l6 \
	VPADDQ.BCST constant+56(SB), l7, l7

// SELECT replaces Z0 to Z7 by Z16 to Z23, once normalized, in lanes where these are not negative.
#define SELECT \
	NORMALIZE(Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23) \
	VPMOVQ2M Z23, K2       \
	KNOTB K2, K2           \
	VMOVDQA64 Z16, K2, Z0  \
	VMOVDQA64 Z17, K2, Z1  \
	VMOVDQA64 Z18, K2, Z2  \
	VMOVDQA64 Z19, K2, Z3  \
	VMOVDQA64 Z20, K2, Z4  \
	VMOVDQA64 Z21, K2, Z5  \
	VMOVDQA64 Z22, K2, Z6  \
	VMOVDQA64 Z23, K2, Z7

// REDUCE subtracts p from Z0 to Z7 in lanes where that leaves no negative value.
#define REDUCE \
	VPSUBQ Z24, Z0, Z16 \
	VPSUBQ Z25, Z1, Z17 \
	VPSUBQ Z26, Z2, Z18 \
	VPSUBQ Z27, Z3, Z19 \
	VPSUBQ Z28, Z4, Z20 \
	VPSUBQ Z29, Z5, Z21 \
	VPSUBQ Z30, Z6, Z22 \
	VPSUBQ Z31, Z7, Z23 \
	SELECT

// REDUCE2 does it with 2p.
#define REDUCE2 \
	VPSUBQ.BCST ·limbs2P+0(SB), Z0, Z16  \
	VPSUBQ.BCST ·limbs2P+8(SB), Z1, Z17  \
	VPSUBQ.BCST ·limbs2P+16(SB), Z2, Z18 \
	VPSUBQ.BCST ·limbs2P+24(SB), Z3, Z19 \
	VPSUBQ.BCST ·limbs2P+32(SB), Z4, Z20 \
	VPSUBQ.BCST ·limbs2P+40(SB), Z5, Z21 \
	VPSUBQ.BCST ·limbs2P+48(SB), Z6, Z22 \
	VPSUBQ.BCST ·limbs2P+56(SB), Z7, Z23 \
	SELECT

// ONES sets Z16 to Z23 to one in the lanes of K2.
#define ONES \
	VPBROADCASTQ ·limbsOne+0(SB), K2, Z16   \
	VPBROADCASTQ ·limbsOne+8(SB), K2, Z17   \
	VPBROADCASTQ ·limbsOne+16(SB), K2, Z18  \
	VPBROADCASTQ ·limbsOne+24(SB), K2, Z19  \
	VPBROADCASTQ ·limbsOne+32(SB), K2, Z20  \
	VPBROADCASTQ ·limbsOne+40(SB), K2, Z21  \
	VPBROADCASTQ ·limbsOne+48(SB), K2, Z22  \
	VPBROADCASTQ ·limbsOne+56(SB), K2, Z23
