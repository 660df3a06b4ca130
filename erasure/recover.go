package erasure

import (
	"fmt"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// Recover computes the extended matrix of k original rows with the given commitments from some of its cells. A row
// follows from any 64 of its cells and a column from any k of its 2k; the two alternate until nothing is missing. Every
// row is checked against its commitment as soon as it is whole, and every given cell against the result.
//
// It fails with ErrUnrecoverable if the cells do not suffice; with kzg.ErrInvalidProof, naming the row or the
// coordinate, if some are false (verify cells of unknown origin first); and with kzg.ErrBadInput,
// kzg.ErrNonCanonicalScalar or kzg.ErrInvalidPoint. The matrix carries no proofs: see RecoverProofs.
func Recover(setup *kzg.Setup, k int, commitments []kzg.Commitment, cells map[Coord]*kzg.Cell) (*ExtendedMatrix, error) {
	r, err := newRecovery(setup, k, commitments, cells)
	if err != nil {
		return nil, err
	}
	if err := r.peel(); err != nil {
		return nil, err
	}
	return r.finish(cells)
}

// recovery is an extended matrix with holes.
type recovery struct {
	setup       *kzg.Setup
	k           int
	commitments []kzg.Commitment         // 2k
	cells       [][kzg.Columns]*kzg.Cell // 2k rows; nil where missing
	whole       []bool                   // rows that are complete and match their commitments
	count       int                      // of whole rows
}

func newRecovery(setup *kzg.Setup, k int, commitments []kzg.Commitment, cells map[Coord]*kzg.Cell) (*recovery, error) {
	if err := checkK(k); err != nil {
		return nil, err
	}
	if len(commitments) != k {
		return nil, fmt.Errorf("%w: %d commitments for %d rows", kzg.ErrBadInput, len(commitments), k)
	}
	all, err := ExtendCommitments(commitments)
	if err != nil {
		return nil, err
	}
	r := &recovery{setup: setup, k: k, commitments: all, cells: make([][kzg.Columns]*kzg.Cell, 2*k), whole: make([]bool, 2*k)}
	for at, cell := range cells {
		if err := checkCoord(at, k); err != nil {
			return nil, err
		}
		if cell == nil {
			return nil, fmt.Errorf("%w: cell (%d, %d) is nil", kzg.ErrBadInput, at.Row, at.Column)
		}
		r.cells[at.Row][at.Column] = cell
	}
	return r, nil
}

// peel recovers rows and columns in turn until k rows are whole, from which all others follow.
func (r *recovery) peel() error {
	for {
		rows, err := r.recoverRows()
		if err != nil || r.count >= r.k {
			return err
		}
		columns, err := r.recoverColumns()
		if err != nil {
			return err
		}
		if rows+columns == 0 {
			return fmt.Errorf("%w: %d of %d rows are whole, and no other row has %d cells and no column %d",
				ErrUnrecoverable, r.count, r.k, kzg.RowCells, r.k)
		}
	}
}

// recoverRows completes every row that has enough cells and returns their number.
func (r *recovery) recoverRows() (int, error) {
	var ready []int
	for i := range r.cells {
		if !r.whole[i] && len(present(&r.cells[i])) >= kzg.RowCells {
			ready = append(ready, i)
		}
	}
	rows := make([]*kzg.Row, len(ready))
	err := inParallel(len(ready), func(n int) (err error) {
		rows[n], err = r.recoverRow(ready[n])
		return err
	})
	if err != nil {
		return 0, err
	}
	if err := r.checkRows(ready, rows); err != nil {
		return 0, err
	}
	for _, i := range ready {
		r.whole[i] = true
	}
	r.count += len(ready)
	return len(ready), nil
}

// recoverRow completes a row from the cells it has.
func (r *recovery) recoverRow(i int) (*kzg.Row, error) {
	columns := present(&r.cells[i])
	some := make([]*kzg.Cell, len(columns))
	for n, column := range columns {
		some[n] = r.cells[i][column]
	}
	all, err := r.setup.RecoverCells(columns, some)
	if err != nil {
		return nil, fmt.Errorf("row %d: %w", i, err)
	}
	for column := range all {
		r.cells[i][column] = &all[column]
	}
	return joinRow(&r.cells[i]), nil
}

func present(cells *[kzg.Columns]*kzg.Cell) []int {
	columns := make([]int, 0, kzg.Columns)
	for column, cell := range cells {
		if cell != nil {
			columns = append(columns, column)
		}
	}
	return columns
}

// checkRows checks rows against their commitments, all at once, and names a false one if there is any.
func (r *recovery) checkRows(indices []int, rows []*kzg.Row) error {
	commitments := make([]kzg.Commitment, len(indices))
	for n, i := range indices {
		commitments[n] = r.commitments[i]
	}
	err := r.setup.VerifyRows(rows, commitments)
	if err == nil {
		return nil
	}
	for n, i := range indices {
		if one := r.setup.VerifyRows(rows[n:n+1], commitments[n:n+1]); one != nil {
			return fmt.Errorf("row %d, recovered from the given cells, does not match its commitment; some of the cells are false: %w", i, one)
		}
	}
	return err
}

// recoverColumns completes every incomplete column that has enough cells and returns their number.
func (r *recovery) recoverColumns() (int, error) {
	done := make([]bool, kzg.Columns)
	err := inParallel(kzg.Columns, func(column int) (err error) {
		done[column], err = r.recoverColumn(column, 2*r.k)
		return err
	})
	count := 0
	for _, d := range done {
		if d {
			count++
		}
	}
	return count, err
}

// recoverColumn completes a column in its first rows and reports whether it was incomplete there and had enough cells.
func (r *recovery) recoverColumn(column, rows int) (bool, error) {
	have, missing := r.column(column, rows)
	if len(have) < r.k || len(missing) == 0 {
		return false, nil
	}
	have = have[:r.k]
	some := make([]*kzg.Cell, r.k)
	for n, i := range have {
		some[n] = r.cells[i][column]
	}
	values, err := decodeCells(some)
	if err != nil {
		return false, fmt.Errorf("column %d: %w", column, err)
	}
	polynomial := fromRows(have)
	for _, i := range missing {
		r.cells[i][column] = new(kzg.Cell)
		kzg.EncodePlain(r.cells[i][column][:], kzg.WeightedSum(polynomial.at(i), values))
	}
	return true, nil
}

// column returns which rows have a cell in a column, and which of the first rows have none.
func (r *recovery) column(column, rows int) (have, missing []int) {
	for i := range r.cells {
		switch {
		case r.cells[i][column] != nil:
			have = append(have, i)
		case i < rows:
			missing = append(missing, i)
		}
	}
	return have, missing
}

// finish builds the matrix once k rows are whole.
func (r *recovery) finish(given map[Coord]*kzg.Cell) (*ExtendedMatrix, error) {
	originals, err := r.originals()
	if err != nil {
		return nil, err
	}
	m := &ExtendedMatrix{k: r.k, commitments: r.commitments}
	if m.rows, err = extendRows(r.setup, originals); err != nil {
		return nil, err
	}
	for at, cell := range given {
		if *cell != *m.Cell(at) {
			return nil, fmt.Errorf("the given cell (%d, %d) contradicts the others: %w", at.Row, at.Column, kzg.ErrInvalidProof)
		}
	}
	return m, nil
}

// originals returns the original rows; those not whole follow from the first k that are, and are checked too.
func (r *recovery) originals() ([]*kzg.Row, error) {
	for i := range r.cells {
		if !r.whole[i] {
			r.cells[i] = [kzg.Columns]*kzg.Cell{}
		}
	}
	err := inParallel(kzg.RowCells, func(column int) error {
		_, err := r.recoverColumn(column, r.k)
		return err
	})
	if err != nil {
		return nil, err
	}
	rows := make([]*kzg.Row, r.k)
	var derived []int
	var unchecked []*kzg.Row
	for i := range rows {
		rows[i] = joinRow(&r.cells[i])
		if !r.whole[i] {
			derived, unchecked = append(derived, i), append(unchecked, rows[i])
		}
	}
	return rows, r.checkRows(derived, unchecked)
}

// joinRow copies the first 64 cells into a row.
func joinRow(cells *[kzg.Columns]*kzg.Cell) *kzg.Row {
	row := new(kzg.Row)
	for column := range kzg.RowCells {
		copy(row.Cell(column)[:], cells[column][:])
	}
	return row
}
