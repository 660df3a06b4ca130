package kzg

import (
	"fmt"

	goethkzg "github.com/crate-crypto/go-eth-kzg"
)

// Commit computes the commitment of a row. It fails with ErrNonCanonicalScalar.
//
// It implements [blob_to_kzg_commitment].
//
// [blob_to_kzg_commitment]: https://github.com/ethereum/consensus-specs/blob/017a8495f7671f5fff2075a9bfc9238c1a0982f8/specs/deneb/polynomial-commitments.md#blob_to_kzg_commitment
func (s *Setup) Commit(row *Row) (Commitment, error) {
	scalars, err := decodeRow(row)
	if err != nil {
		return Commitment{}, err
	}
	point, err := combine(s.lagrange, scalars)
	return Commitment(point.Bytes()), err
}

// ComputeCells extends a row to its 128 cells, of which the first 64 are the row itself. It fails with
// ErrNonCanonicalScalar.
//
// It implements [compute_cells].
//
// [compute_cells]: https://github.com/ethereum/consensus-specs/blob/017a8495f7671f5fff2075a9bfc9238c1a0982f8/specs/fulu/polynomial-commitments-sampling.md#compute_cells
func (s *Setup) ComputeCells(row *Row) (*[Columns]Cell, error) {
	m := new(stripes)
	if err := s.rowStripes(m, row); err != nil {
		return nil, err
	}
	return s.cells(row, m), nil
}

// ComputeCellsAndProofs extends a row to its 128 cells and proves each of them. It fails with ErrNonCanonicalScalar.
//
// It implements [compute_cells_and_kzg_proofs].
//
// [compute_cells_and_kzg_proofs]: https://github.com/ethereum/consensus-specs/blob/017a8495f7671f5fff2075a9bfc9238c1a0982f8/specs/fulu/polynomial-commitments-sampling.md#compute_cells_and_kzg_proofs
func (s *Setup) ComputeCellsAndProofs(row *Row) (*[Columns]Cell, *[Columns]Proof, error) {
	cells, err := s.ComputeCells(row)
	if err != nil {
		return nil, nil, err
	}
	prover, err := s.prover()
	if err != nil {
		return nil, nil, fmt.Errorf("kzg: load the prover: %w", err)
	}
	_, computed, err := prover.ComputeCellsAndKZGProofs((*goethkzg.Blob)(row), 0)
	if err != nil {
		return nil, nil, fmt.Errorf("kzg: compute proofs: %w", err)
	}
	var proofs [Columns]Proof
	for i := range proofs {
		proofs[i] = Proof(computed[i])
	}
	return cells, &proofs, nil
}
