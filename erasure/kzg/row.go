package kzg

import (
	"fmt"

	"github.com/consensys/gnark-crypto/ecc"
	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
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

// combine returns Σ scalars[i]·points[i].
func combine(points []bls12381.G1Affine, scalars []fr.Element) (bls12381.G1Affine, error) {
	var sum bls12381.G1Affine
	if _, err := sum.MultiExp(points, scalars, ecc.MultiExpConfig{}); err != nil {
		return sum, fmt.Errorf("kzg: multi-scalar multiplication of %d points: %w", len(points), err)
	}
	return sum, nil
}

// ComputeCells extends a row to its 128 cells, of which the first 64 are the row itself. It fails with
// ErrNonCanonicalScalar.
//
// It implements [compute_cells].
//
// [compute_cells]: https://github.com/ethereum/consensus-specs/blob/017a8495f7671f5fff2075a9bfc9238c1a0982f8/specs/fulu/polynomial-commitments-sampling.md#compute_cells
func (s *Setup) ComputeCells(row *Row) (*[Columns]Cell, error) {
	if _, err := decodeRow(row); err != nil {
		return nil, err
	}
	cells, err := s.rows.ComputeCells((*goethkzg.Blob)(row), 0)
	if err != nil {
		return nil, fmt.Errorf("kzg: compute cells: %w", err)
	}
	return copyCells(cells), nil
}

// ComputeCellsAndProofs extends a row to its 128 cells and proves each of them. It fails with ErrNonCanonicalScalar.
//
// It implements [compute_cells_and_kzg_proofs].
//
// [compute_cells_and_kzg_proofs]: https://github.com/ethereum/consensus-specs/blob/017a8495f7671f5fff2075a9bfc9238c1a0982f8/specs/fulu/polynomial-commitments-sampling.md#compute_cells_and_kzg_proofs
func (s *Setup) ComputeCellsAndProofs(row *Row) (*[Columns]Cell, *[Columns]Proof, error) {
	if _, err := decodeRow(row); err != nil {
		return nil, nil, err
	}
	cells, proofs, err := s.rows.ComputeCellsAndKZGProofs((*goethkzg.Blob)(row), 0)
	if err != nil {
		return nil, nil, fmt.Errorf("kzg: compute cells and proofs: %w", err)
	}
	return copyCells(cells), copyProofs(&proofs), nil
}

func copyCells(cells [Columns]*goethkzg.Cell) *[Columns]Cell {
	var out [Columns]Cell
	for i, cell := range cells {
		out[i] = Cell(*cell)
	}
	return &out
}

func copyProofs(proofs *[Columns]goethkzg.KZGProof) *[Columns]Proof {
	var out [Columns]Proof
	for i, proof := range proofs {
		out[i] = Proof(proof)
	}
	return &out
}
