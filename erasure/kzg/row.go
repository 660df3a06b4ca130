package kzg

import (
	"fmt"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// Commit computes the commitment of a row. It fails with ErrNonCanonicalScalar.
//
// It implements [blob_to_kzg_commitment].
//
// [blob_to_kzg_commitment]: https://github.com/ethereum/consensus-specs/blob/017a8495f7671f5fff2075a9bfc9238c1a0982f8/specs/deneb/polynomial-commitments.md#blob_to_kzg_commitment
func (s *Setup) Commit(row *Row) (Commitment, error) {
	scalars, err := decodePlainScalars(row)
	if err != nil {
		return Commitment{}, err
	}
	return Commitment(s.commit(scalars).Bytes()), nil
}

// commit returns the commitment of a row's plain scalars.
func (s *Setup) commit(scalars []fr.Element) *bls12381.G1Affine {
	sum := s.multiplyLagrange(scalars)
	return new(bls12381.G1Affine).FromJacobian(&sum)
}

// multiplyLagrange returns the sum of the Lagrange points times plain scalars.
func (s *Setup) multiplyLagrange(scalars []fr.Element) bls12381.G1Jac {
	if s.tables.rows != nil {
		return s.tables.rows().combine(scalars)
	}
	split := make([]splitScalar, len(scalars))
	for i := range scalars {
		split[i] = splitPlain(scalars[i])
	}
	return sumAll(newCombination(splitPoints(s.lagrange), split, 128))[0]
}

// ComputeCells extends a row to its 128 cells, of which the first 64 are the row itself. It fails with
// ErrNonCanonicalScalar.
//
// It implements [compute_cells].
//
// [compute_cells]: https://github.com/ethereum/consensus-specs/blob/017a8495f7671f5fff2075a9bfc9238c1a0982f8/specs/fulu/polynomial-commitments-sampling.md#compute_cells
func (s *Setup) ComputeCells(row *Row) (*[Columns]Cell, error) {
	var scalars block
	if err := decodePlainRow(&scalars, row); err != nil {
		return nil, err
	}
	s.extendScalars(&scalars)
	all := new([Columns]Cell)
	for c := range scalars {
		all[c] = *row.Cell(c)
		EncodePlain(all[RowCells+c][:], scalars[c][:])
	}
	return all, nil
}

// ExtendRow writes cells 64 to 127 of the extended row to extension, of which they fill as much as the row itself. It is
// ComputeCells for whoever has the place for them already. It fails with ErrBadInput or ErrNonCanonicalScalar.
func (s *Setup) ExtendRow(extension, row *Row) error {
	if extension == nil {
		return fmt.Errorf("%w: nil extension", ErrBadInput)
	}
	var scalars block
	if err := decodePlainRow(&scalars, row); err != nil {
		return err
	}
	s.extendScalars(&scalars)
	for c := range scalars {
		EncodePlain(extension.Cell(c)[:], scalars[c][:])
	}
	return nil
}
