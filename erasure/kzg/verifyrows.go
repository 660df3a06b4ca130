package kzg

import (
	"fmt"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"

	"github.com/ashlar-da/ashlar/erasure/parallel"
)

// VerifyRows verifies that the i-th commitment is the i-th row's, for all rows at once: with independent 128-bit γᵢ
// from this process's CSPRNG it checks commit(Σ γᵢ·rowᵢ) = Σ γᵢ·Cᵢ, one multiplication of 4096 points however many
// rows. A wrong row or commitment passes with probability 2⁻¹²⁸. It fails with ErrBadInput, ErrNonCanonicalScalar,
// ErrInvalidPoint, or ErrInvalidProof if any row does not match.
func (s *Setup) VerifyRows(rows []*Row, commitments []Commitment) error {
	return s.VerifyProvenRows(rows, commitments, nil)
}

// rowsBatch are rows to verify together.
type rowsBatch struct {
	rows        []*Row
	commitments []Commitment
	gammas      *coefficients
	proven      int // how many rows, the first, have proofs
}

func newRowsBatch(rows []*Row, commitments []Commitment, proofs [][]Proof) (*rowsBatch, error) {
	if len(rows) != len(commitments) || len(proofs) > len(rows) {
		return nil, fmt.Errorf("%w: %d rows, %d commitments, proofs of %d rows", ErrBadInput, len(rows), len(commitments), len(proofs))
	}
	for i, row := range rows {
		if row == nil {
			return nil, fmt.Errorf("%w: row %d is nil", ErrBadInput, i)
		}
	}
	for i := range proofs {
		if len(proofs[i]) != Columns {
			return nil, fmt.Errorf("%w: %d proofs of row %d, want %d", ErrBadInput, len(proofs[i]), i, Columns)
		}
	}
	return &rowsBatch{rows, commitments, randomCoefficients(len(rows)), len(proofs)}, nil
}

// verify checks commit(Σ γᵢ·rowᵢ) = Σ γᵢ·Cᵢ over all rows. It returns the sum over those that have proofs, and all
// commitments decoded.
func (b *rowsBatch) verify(s *Setup) (proven []fr.Element, commitments []bls12381.G1Affine, err error) {
	var have *bls12381.G1Affine
	var want bls12381.G1Jac
	err = parallel.Do(
		func() (err error) {
			if commitments, err = DecodePoints(b.commitments); err == nil {
				want = sumAll(newCombination(splitPoints(commitments), b.gammas.halves, 64))[0]
			}
			return err
		},
		func() (err error) {
			proven, have, err = b.commit(s)
			return err
		},
	)
	if err == nil && !have.Equal(new(bls12381.G1Affine).FromJacobian(&want)) {
		err = fmt.Errorf("%w: the %d rows do not all match their commitments", ErrInvalidProof, len(b.rows))
	}
	return proven, commitments, err
}

// commit returns Σ γᵢ·rowᵢ over the rows that have proofs, and the commitment of the sum over all.
func (b *rowsBatch) commit(s *Setup) ([]fr.Element, *bls12381.G1Affine, error) {
	proven, err := b.combine(0, b.proven)
	if err != nil {
		return nil, nil, err
	}
	all, err := b.combine(b.proven, len(b.rows))
	if err != nil {
		return nil, nil, err
	}
	all.Add(all, proven)
	return proven, s.commit(all), nil
}

// combine returns Σ γᵢ·rowᵢ over from ≤ i < to, scalar by scalar and plain, and checks every scalar.
func (b *rowsBatch) combine(from, to int) (fr.Vector, error) {
	sum := make(fr.Vector, RowScalars)
	if from == to {
		return sum, nil
	}
	err := parallel.For(RowCells, func(column int) error {
		part := sum[column*CellScalars : (column+1)*CellScalars]
		scaled := make(fr.Vector, CellScalars)
		for i := from; i < to; i++ {
			if err := DecodePlain(scaled, b.rows[i].Cell(column)[:]); err != nil {
				return fmt.Errorf("row %d, cell %d: %w", i, column, err)
			}
			scaled.ScalarMul(scaled, &b.gammas.scalars[i])
			part.Add(part, scaled)
		}
		return nil
	})
	return sum, err
}
