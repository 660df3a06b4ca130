package kzg

import (
	"fmt"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
	goethkzg "github.com/crate-crypto/go-eth-kzg"
)

// RecoverCells computes all 128 cells of an extended row from at least 64 of them; columns must ascend strictly. It
// fails with ErrBadInput or ErrNonCanonicalScalar. It cannot tell whether the given cells belong to one row: whoever
// has not verified them compares the result with the row's commitment.
func (s *Setup) RecoverCells(columns []int, cells []*Cell) (*[Columns]Cell, error) {
	ids, blocks, err := recoveryInput(columns, cells)
	if err != nil {
		return nil, err
	}
	recovered, err := s.rows.RecoverCells(ids, blocks, 0)
	if err != nil {
		return nil, fmt.Errorf("kzg: recover cells: %w", err)
	}
	return copyCells(recovered), nil
}

// RecoverCellsAndProofs is RecoverCells followed by the computation of all 128 proofs.
//
// It implements [recover_cells_and_kzg_proofs].
//
// [recover_cells_and_kzg_proofs]: https://github.com/ethereum/consensus-specs/blob/017a8495f7671f5fff2075a9bfc9238c1a0982f8/specs/fulu/polynomial-commitments-sampling.md#recover_cells_and_kzg_proofs
func (s *Setup) RecoverCellsAndProofs(columns []int, cells []*Cell) (*[Columns]Cell, *[Columns]Proof, error) {
	ids, blocks, err := recoveryInput(columns, cells)
	if err != nil {
		return nil, nil, err
	}
	recovered, proofs, err := s.rows.RecoverCellsAndComputeKZGProofs(ids, blocks, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("kzg: recover cells and proofs: %w", err)
	}
	return copyCells(recovered), copyProofs(&proofs), nil
}

func recoveryInput(columns []int, cells []*Cell) ([]uint64, []*goethkzg.Cell, error) {
	if len(columns) != len(cells) {
		return nil, nil, fmt.Errorf("%w: %d columns for %d cells", ErrBadInput, len(columns), len(cells))
	}
	if len(cells) < RowCells || len(cells) > Columns {
		return nil, nil, fmt.Errorf("%w: %d cells of a row, want %d to %d", ErrBadInput, len(cells), RowCells, Columns)
	}
	ids, blocks := make([]uint64, len(cells)), make([]*goethkzg.Cell, len(cells))
	for i, column := range columns {
		if column < 0 || column >= Columns || (i > 0 && column <= columns[i-1]) {
			return nil, nil, fmt.Errorf("%w: column %d at %d: columns must ascend from 0 to %d", ErrBadInput, column, i, Columns-1)
		}
		if err := checkCell(cells[i]); err != nil {
			return nil, nil, fmt.Errorf("cell of column %d: %w", column, err)
		}
		ids[i], blocks[i] = uint64(column), (*goethkzg.Cell)(cells[i])
	}
	return ids, blocks, nil
}

func checkCell(cell *Cell) error {
	if cell == nil {
		return fmt.Errorf("%w: nil cell", ErrBadInput)
	}
	var scalars [CellScalars]fr.Element
	return DecodeScalars(scalars[:], cell[:])
}
