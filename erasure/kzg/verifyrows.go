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
	if len(rows) != len(commitments) {
		return fmt.Errorf("%w: %d rows, %d commitments", ErrBadInput, len(rows), len(commitments))
	}
	if len(rows) == 0 {
		return nil
	}
	gammas := randomCoefficients(len(rows))
	var have *bls12381.G1Affine
	var want bls12381.G1Jac
	err := parallel.Do(
		func() (err error) { want, err = combineCommitments(gammas, commitments); return err },
		func() (err error) { have, err = s.commitCombined(gammas, rows); return err },
	)
	if err != nil {
		return err
	}
	if !have.Equal(new(bls12381.G1Affine).FromJacobian(&want)) {
		return fmt.Errorf("%w: the %d rows do not all match their commitments", ErrInvalidProof, len(rows))
	}
	return nil
}

// combineCommitments returns Σ gammas[i]·commitments[i].
func combineCommitments(gammas *coefficients, commitments []Commitment) (bls12381.G1Jac, error) {
	points, err := DecodePoints(commitments)
	if err != nil {
		return bls12381.G1Jac{}, err
	}
	return sumAll(newCombination(splitPoints(points), gammas.halves, 64))[0], nil
}

// commitCombined returns the commitment of Σ gammas[i]·rows[i].
func (s *Setup) commitCombined(gammas *coefficients, rows []*Row) (*bls12381.G1Affine, error) {
	sum, err := combineRows(gammas.scalars, rows)
	if err != nil {
		return nil, err
	}
	return s.commit(sum), nil
}

// combineRows returns Σ gammas[i]·rows[i], scalar by scalar and plain, and checks every scalar.
func combineRows(gammas []fr.Element, rows []*Row) ([]fr.Element, error) {
	for i, row := range rows {
		if row == nil {
			return nil, fmt.Errorf("%w: row %d is nil", ErrBadInput, i)
		}
	}
	sum := make([]fr.Element, RowScalars)
	err := parallel.For(RowCells, func(column int) error {
		part := fr.Vector(sum[column*CellScalars : (column+1)*CellScalars])
		scaled := make(fr.Vector, CellScalars)
		for i, row := range rows {
			if err := DecodePlain(scaled, row.Cell(column)[:]); err != nil {
				return fmt.Errorf("row %d, cell %d: %w", i, column, err)
			}
			scaled.ScalarMul(scaled, &gammas[i])
			part.Add(part, scaled)
		}
		return nil
	})
	return sum, err
}
