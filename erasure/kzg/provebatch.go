package kzg

import (
	"fmt"
	"runtime"

	"github.com/ashlar-da/ashlar/erasure/parallel"
)

// CellsAndProofs is all that is computed from a row.
type CellsAndProofs struct {
	Commitment Commitment
	Cells      [Columns]Cell
	Proofs     [Columns]Proof
}

// ComputeCellsAndProofs extends a row to its 128 cells and proves each of them, on one processor. It fails with
// ErrBadInput or ErrNonCanonicalScalar. Whoever wants the commitment too, or has several rows, uses
// ComputeCellsAndProofsOf.
//
// It implements [compute_cells_and_kzg_proofs].
//
// [compute_cells_and_kzg_proofs]: https://github.com/ethereum/consensus-specs/blob/017a8495f7671f5fff2075a9bfc9238c1a0982f8/specs/fulu/polynomial-commitments-sampling.md#compute_cells_and_kzg_proofs
func (s *Setup) ComputeCellsAndProofs(row *Row) (*[Columns]Cell, *[Columns]Proof, error) {
	all, err := s.ComputeCellsAndProofsOf([]*Row{row})
	if err != nil {
		return nil, nil, err
	}
	return &all[0].Cells, &all[0].Proofs, nil
}

// ComputeCellsAndProofsOf computes the commitments, cells and proofs of rows, on all processors. Proofs come with the
// commitment at no cost, and rows together at less than one by one. It fails with ErrBadInput or
// ErrNonCanonicalScalar.
//
// It implements [compute_cells_and_kzg_proofs] and [blob_to_kzg_commitment].
//
// [compute_cells_and_kzg_proofs]: https://github.com/ethereum/consensus-specs/blob/017a8495f7671f5fff2075a9bfc9238c1a0982f8/specs/fulu/polynomial-commitments-sampling.md#compute_cells_and_kzg_proofs
// [blob_to_kzg_commitment]: https://github.com/ethereum/consensus-specs/blob/017a8495f7671f5fff2075a9bfc9238c1a0982f8/specs/deneb/polynomial-commitments.md#blob_to_kzg_commitment
func (s *Setup) ComputeCellsAndProofsOf(rows []*Row) ([]CellsAndProofs, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	p, err := s.tables.prover()
	if err != nil {
		return nil, err
	}
	all := make([]CellsAndProofs, len(rows))
	workers := runtime.GOMAXPROCS(0)
	batches := workers * ((len(rows) + workers*batchRows - 1) / (workers * batchRows))
	err = parallel.For(batches, func(i int) error {
		return s.proveBatch(p, all, rows, len(rows)*i/batches, len(rows)*(i+1)/batches)
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// proveBatch computes all of rows from … to−1.
func (s *Setup) proveBatch(p *prover, all []CellsAndProofs, rows []*Row, from, to int) error {
	n := to - from
	if n == 0 {
		return nil
	}
	scalars := make([]extendedScalars, n)
	for i := range scalars {
		if err := s.extend(&scalars[i], rows[from+i]); err != nil {
			return fmt.Errorf("row %d: %w", from+i, err)
		}
	}
	proofs, commitments := p.prove(scalars, newProverScratch(n))
	for i := range scalars {
		row := &all[from+i]
		row.Commitment = commitments[i].Bytes()
		for c := range Columns {
			EncodePlain(row.Cells[c][:], scalars[i][c][:])
			row.Proofs[c] = proofs[c*n+i].Bytes()
		}
	}
	return nil
}

// extend computes the scalars of all the row's cells.
func (s *Setup) extend(e *extendedScalars, row *Row) error {
	low, high := (*block)(e[:RowCells]), (*block)(e[RowCells:])
	if err := decodePlainRow(low, row); err != nil {
		return err
	}
	*high = *low
	s.extendScalars(high)
	return nil
}
