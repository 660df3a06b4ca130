package kzg

import (
	"fmt"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
)

// checkPairing checks e(left, q) = e(right, [1]₂), into which n proofs went.
func (s *Setup) checkPairing(n int, q *lines, left, right *combination) error {
	points := bls12381.BatchJacobianToAffineG1(sumAll(left, right))
	points[0].Neg(&points[0])
	holds, err := bls12381.PairingCheckFixedQ(points, []lines{*q, *s.one})
	if err != nil {
		return fmt.Errorf("kzg: pairing: %w", err)
	}
	if !holds {
		return fmt.Errorf("%w: not all of the %d proofs match", ErrInvalidProof, n)
	}
	return nil
}
