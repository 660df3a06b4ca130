package kzg

import (
	"crypto/rand"
	"fmt"

	"github.com/consensys/gnark-crypto/ecc"
	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// term is a sum of scalar multiples.
type term struct {
	points  []bls12381.G1Affine
	scalars []fr.Element
}

// combineAll returns the sum of all terms.
func combineAll(terms ...term) (bls12381.G1Affine, error) {
	var all term
	for _, t := range terms {
		all.points = append(all.points, t.points...)
		all.scalars = append(all.scalars, t.scalars...)
	}
	return combine(all.points, all.scalars)
}

func negated(scalars []fr.Element) []fr.Element {
	out := make([]fr.Element, len(scalars))
	for i := range scalars {
		out[i].Neg(&scalars[i])
	}
	return out
}

// combine returns Σ scalars[i]·points[i].
func combine(points []bls12381.G1Affine, scalars []fr.Element) (bls12381.G1Affine, error) {
	var sum bls12381.G1Affine
	if _, err := sum.MultiExp(points, scalars, ecc.MultiExpConfig{}); err != nil {
		return sum, fmt.Errorf("kzg: multi-scalar multiplication of %d points: %w", len(points), err)
	}
	return sum, nil
}

// randomScalars returns n independent, uniform 128-bit scalars that nobody else can predict.
func randomScalars(n int) []fr.Element {
	const size = 16
	entropy := make([]byte, n*size)
	_, _ = rand.Read(entropy) // never fails: crypto/rand ends the process rather than return weak randomness
	scalars := make([]fr.Element, n)
	for i := range scalars {
		scalars[i].SetBytes(entropy[i*size : (i+1)*size])
	}
	return scalars
}

// checkCombination checks e(Σ r·quotients, q) = e(Σ terms, [1]₂).
func (s *Setup) checkCombination(q *lines, quotients []bls12381.G1Affine, r []fr.Element, terms ...term) error {
	left, err := combine(quotients, r)
	if err != nil {
		return err
	}
	right, err := combineAll(terms...)
	if err != nil {
		return err
	}
	left.Neg(&left)
	holds, err := bls12381.PairingCheckFixedQ([]bls12381.G1Affine{left, right}, []lines{*q, *s.one})
	if err != nil {
		return fmt.Errorf("kzg: pairing: %w", err)
	}
	if !holds {
		return fmt.Errorf("%w: not all of the %d proofs match", ErrInvalidProof, len(quotients))
	}
	return nil
}
