package kzg

import (
	"crypto/rand"
	"encoding/binary"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// coefficients are those of a random linear combination: independent, uniform over the 2¹²⁸ scalars a + λ·b with a and b
// of 64 bits, and unknown to everybody else. Points are multiplied by the halves, which take a quarter of the windows of
// any scalar, and scalars by the wholes.
type coefficients struct {
	scalars []fr.Element
	halves  []splitScalar
}

func randomCoefficients(n int) *coefficients {
	entropy := make([]byte, 16*n)
	_, _ = rand.Read(entropy) // never fails: crypto/rand ends the process rather than return weak randomness
	r := &coefficients{make([]fr.Element, n), make([]splitScalar, n)}
	lambda := newLambda()
	for i := range n {
		low, high := binary.LittleEndian.Uint64(entropy[16*i:]), binary.LittleEndian.Uint64(entropy[16*i+8:])
		r.halves[i] = splitScalar{[2]uint64{low}, [2]uint64{high}}
		r.scalars[i].SetUint64(high)
		r.scalars[i].Mul(&r.scalars[i], &lambda)
		r.scalars[i].Add(&r.scalars[i], new(fr.Element).SetUint64(low))
	}
	return r
}

// times returns r[i]·scalars[i].
func (r *coefficients) times(scalars []fr.Element) []fr.Element {
	out := make(fr.Vector, len(scalars))
	out.Mul(r.scalars, scalars)
	return out
}

func newLambda() (lambda fr.Element) {
	lambda.SetBytes(append(limbBytes(lambda1), limbBytes(lambda0)...))
	return lambda
}
