package kzg

import (
	"fmt"
)

// RecoverCells computes all 128 cells of an extended row from at least 64 of them; columns must ascend strictly. It
// fails with ErrBadInput, ErrNonCanonicalScalar, or ErrInvalidProof where more than 64 cells do not belong to one row.
// Whoever has not verified the cells checks the result against the row's commitment: any 64 cells are some row's.
func (s *Setup) RecoverCells(columns []int, cells []*Cell) (*[Columns]Cell, error) {
	if err := checkRecoverable(columns, cells); err != nil {
		return nil, err
	}
	r, err := s.NewRecovery(columns[:RowCells])
	if err != nil {
		return nil, err
	}
	all, err := r.Cells(cells[:RowCells])
	if err != nil {
		return nil, err
	}
	for i, column := range columns {
		if all[column] != *cells[i] {
			return nil, fmt.Errorf("%w: the cell of column %d is not of the same row as the first %d", ErrInvalidProof, column, RowCells)
		}
	}
	return all, nil
}

// RecoverCellsAndProofs is RecoverCells followed by the computation of all 128 proofs.
//
// It implements [recover_cells_and_kzg_proofs].
//
// [recover_cells_and_kzg_proofs]: https://github.com/ethereum/consensus-specs/blob/017a8495f7671f5fff2075a9bfc9238c1a0982f8/specs/fulu/polynomial-commitments-sampling.md#recover_cells_and_kzg_proofs
func (s *Setup) RecoverCellsAndProofs(columns []int, cells []*Cell) (*[Columns]Cell, *[Columns]Proof, error) {
	all, err := s.RecoverCells(columns, cells)
	if err != nil {
		return nil, nil, err
	}
	return s.ComputeCellsAndProofs(joinCells(all[:RowCells]))
}

func checkRecoverable(columns []int, cells []*Cell) error {
	if len(columns) != len(cells) {
		return fmt.Errorf("%w: %d columns for %d cells", ErrBadInput, len(columns), len(cells))
	}
	if len(cells) < RowCells || len(cells) > Columns {
		return fmt.Errorf("%w: %d cells of a row, want %d to %d", ErrBadInput, len(cells), RowCells, Columns)
	}
	for i, cell := range cells[RowCells:] {
		if cell == nil {
			return fmt.Errorf("%w: the cell of column %d is nil", ErrBadInput, columns[RowCells+i])
		}
	}
	return checkColumns(columns)
}

func checkColumns(columns []int) error {
	for i, column := range columns {
		if column < 0 || column >= Columns || (i > 0 && column <= columns[i-1]) {
			return fmt.Errorf("%w: column %d at %d: columns must ascend from 0 to %d", ErrBadInput, column, i, Columns-1)
		}
	}
	return nil
}

func joinCells(cells []Cell) *Row {
	row := new(Row)
	for column := range cells {
		*row.Cell(column) = cells[column]
	}
	return row
}
