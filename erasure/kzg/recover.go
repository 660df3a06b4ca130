package kzg

import (
	"fmt"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// RecoverCells computes all 128 cells of an extended row from at least 64 of them; columns must ascend strictly. It
// fails with ErrBadInput, ErrNonCanonicalScalar, or ErrInvalidProof where more than 64 cells do not belong to one row.
// Whoever has not verified the cells checks the result against the row's commitment: any 64 cells are some row's.
func (s *Setup) RecoverCells(columns []int, cells []*Cell) (*[Columns]Cell, error) {
	if err := checkRecoverable(columns, cells); err != nil {
		return nil, err
	}
	all, err := s.recoverFrom(columns[:RowCells], cells)
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
	for i, column := range columns {
		if column < 0 || column >= Columns || (i > 0 && column <= columns[i-1]) {
			return fmt.Errorf("%w: column %d at %d: columns must ascend from 0 to %d", ErrBadInput, column, i, Columns-1)
		}
		if cells[i] == nil {
			return fmt.Errorf("%w: the cell of column %d is nil", ErrBadInput, column)
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

// recoverFrom computes an extended row from the 64 cells in the given columns. Written p(x) = Σ xᵛ·Aᵥ(x⁶⁴), cell c
// has the coefficients Aᵥ(y_c): so the 64 polynomials Aᵥ of degree < 64 are interpolated at the missing columns' y.
func (s *Setup) recoverFrom(columns []int, cells []*Cell) (*[Columns]Cell, error) {
	var all [Columns]Cell
	var known [Columns]bool
	nodes, values := make([]fr.Element, len(columns)), make([]fr.Vector, len(columns))
	for i, column := range columns {
		all[column], known[column] = *cells[i], true
		nodes[i], values[i] = s.cosets[column].y, make(fr.Vector, CellScalars)
		if err := DecodeScalars(values[i], cells[i][:]); err != nil {
			return nil, fmt.Errorf("cell of column %d: %w", column, err)
		}
		s.cellCoefficients(column, values[i])
	}
	polynomial := NewInterpolation(nodes)
	for column := range all {
		if !known[column] {
			coefficients := WeightedSum(polynomial.At(s.cosets[column].y), values)
			s.cellScalars(column, coefficients)
			EncodeScalars(all[column][:], coefficients)
		}
	}
	return &all, nil
}
