package kzg

import (
	"math/bits"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fp"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// The curve's parameter x is −0xd201000000010000, its group order r is Φ₁₂(x) = x⁴ − x² + 1. So λ = x² − 1 solves
// λ² + λ + 1 = r and is a cube root of one modulo r: multiplying a point by λ multiplies its abscissa by β, a cube root
// of one in the base field. And x is a twelfth root of one, x³ a square root of −1.
const (
	parameter = 0xd201000000010000 // |x|
	lambda1   = 0xac45a4010001a402 // the high limb of λ
	lambda0   = 0x00000000ffffffff // the low one
	halfBits  = 128                // the length of λ, and of what a scalar leaves when divided by it
	beta      = "0x1a0111ea397fe699ec02408663d4de85aa0d857d89759ad4897d29650fb85f9b409427eb4f49fffd8bfd00000000aaac"
)

// signs are 64 scalars written in digits that are 1 or −1, never 0: bit v of signs[h][j] is set if the digit of 2ʲ·λʰ
// in scalar v is 1. Then
//
//	kᵥ = Σ ±2ʲ·λʰ  over h = 0, 1 and j = 0 … 127
type signs [2][halfBits]uint64

// setScaled writes plain scalars times a factor: a digit is 2u − 1 for a bit u, so that k has the digits whose bits are
// u = (k + Σ 2ʲ·λʰ)/2 modulo r.
func (s *signs) setScaled(plain *line, factor *signFactor) {
	var limbs [4][64]uint64
	for v := range plain {
		var u fr.Element
		u.Mul(&plain[v], &factor.half)
		u.Add(&u, &factor.offset)
		limbs[0][v], limbs[1][v], limbs[2][v], limbs[3][v] = splitByLambda(&u)
	}
	for i := range limbs {
		transposeBits(&limbs[i])
		copy(s[i/2][i%2*64:], limbs[i][:])
	}
}

// signFactor is what scalars are multiplied by on their way into signs.
type signFactor struct {
	half   fr.Element // half the factor
	offset fr.Element // Σ 2ʲ·λʰ/2, plain
}

func newSignFactor(factor fr.Element) signFactor {
	var lambda, ones fr.Element
	lambda.SetBytes(append(limbBytes(lambda1), limbBytes(lambda0)...))
	ones.SetBytes(append(limbBytes(1<<64-1), limbBytes(1<<64-1)...))
	one := fr.One()
	lambda.Add(&lambda, &one).Mul(&lambda, &ones)
	lambda.Halve()
	factor.Halve()
	return signFactor{factor, lambda.Bits()}
}

func limbBytes(limb uint64) []byte {
	out := make([]byte, 8)
	for i := range out {
		out[i] = byte(limb >> (56 - 8*i))
	}
	return out
}

// splitByLambda divides a plain scalar by λ: u = (r1, r0) + λ·(q1, q0).
func splitByLambda(u *fr.Element) (r0, r1, q0, q1 uint64) {
	q1, r1, r0 = divideByLambda(u[3], u[2], u[1])
	q0, r1, r0 = divideByLambda(r1, r0, u[0])
	return r0, r1, q0, q1
}

// divideByLambda divides the three-limb number n, which is less than λ·2⁶⁴, by λ.
func divideByLambda(n2, n1, n0 uint64) (q, r1, r0 uint64) {
	q = 1<<64 - 1
	if n2 < lambda1 {
		q, _ = bits.Div64(n2, n1, lambda1) // too large by two at most
	}
	high0, p0 := bits.Mul64(q, lambda0)
	p2, p1 := bits.Mul64(q, lambda1)
	p1, carry := bits.Add64(p1, high0, 0)
	p2 += carry
	r0, borrow := bits.Sub64(n0, p0, 0)
	r1, borrow = bits.Sub64(n1, p1, borrow)
	r2, _ := bits.Sub64(n2, p2, borrow)
	for r2 != 0 { // negative
		q--
		r0, carry = bits.Add64(r0, lambda0, 0)
		r1, carry = bits.Add64(r1, lambda1, carry)
		r2 += carry
	}
	if r1 > lambda1 || r1 == lambda1 && r0 >= lambda0 {
		q++
		r0, borrow = bits.Sub64(r0, lambda0, 0)
		r1, _ = bits.Sub64(r1, lambda1, borrow)
	}
	return q, r1, r0
}

// transposeBits exchanges bit j of word i and bit i of word j.
func transposeBits(m *[64]uint64) {
	mask := uint64(1<<32 - 1)
	for width := 32; width > 0; width /= 2 {
		for i := range m {
			if i&width == 0 {
				t := (m[i]>>width ^ m[i+width]) & mask
				m[i] ^= t << width
				m[i+width] ^= t
			}
		}
		mask ^= mask << (width / 2)
	}
}

// newBeta returns β.
func newBeta() (b fp.Element) {
	_, _ = b.SetString(beta)
	return b
}

// timesLambda multiplies points by λ, in place.
func timesLambda(points []bls12381.G1Affine, beta *fp.Element) {
	for i := range points {
		points[i].X.Mul(&points[i].X, beta)
	}
}
