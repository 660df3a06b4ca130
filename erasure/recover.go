package erasure

import (
	"fmt"
	"slices"

	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/erasure/parallel"
)

// Recover computes the extended matrix of k original rows with the given commitments from some of its cells. A row
// follows from any 64 of its cells and a column from any k of its 2k; the two alternate until k rows are whole, from
// which the others follow. Each of the k is checked against its commitment as soon as it is whole, and every given cell
// against the result.
//
// It fails with ErrUnrecoverable if the cells do not suffice; with kzg.ErrInvalidProof, naming the row or the
// coordinate, if some are false (verify cells of unknown origin first); and with kzg.ErrBadInput,
// kzg.ErrNonCanonicalScalar, naming the coordinate, or kzg.ErrInvalidPoint. The matrix carries no proofs: see
// RecoverProofs.
func Recover(setup *kzg.Setup, k int, commitments []kzg.Commitment, cells map[Coord]*kzg.Cell) (*ExtendedMatrix, error) {
	r, err := newRecovery(setup, k, commitments, cells)
	if err != nil {
		return nil, err
	}
	if err := r.peel(); err != nil {
		return nil, err
	}
	return r.finish()
}

// recovery is an extended matrix with holes.
type recovery struct {
	setup       *kzg.Setup
	k           int
	commitments []kzg.Commitment         // 2k
	given       [][kzg.Columns]*kzg.Cell // 2k rows; nil where missing
	cells       [][kzg.Columns]*kzg.Cell // the given ones and those recovered so far
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
	r := &recovery{setup: setup, k: k, commitments: all, given: make([][kzg.Columns]*kzg.Cell, 2*k), whole: make([]bool, 2*k)}
	for at, cell := range cells {
		if err := checkCoord(at, k); err != nil {
			return nil, err
		}
		if cell == nil {
			return nil, fmt.Errorf("%w: cell (%d, %d) is nil", kzg.ErrBadInput, at.Row, at.Column)
		}
		r.given[at.Row][at.Column] = cell
	}
	r.cells = slices.Clone(r.given)
	return r, r.checkScalars()
}

// checkScalars checks every scalar of the given cells, those that recovery has no need of too.
func (r *recovery) checkScalars() error {
	return parallel.For(len(r.given), func(i int) error {
		for column, cell := range r.given[i] {
			if cell == nil {
				continue
			}
			if err := kzg.CheckScalars(cell[:]); err != nil {
				return fmt.Errorf("the given cell (%d, %d): %w", i, column, err)
			}
		}
		return nil
	})
}

// peel recovers rows and columns in turn until k rows are whole, from which all others follow.
func (r *recovery) peel() error {
	for {
		if err := r.recoverRows(); err != nil || r.count == r.k {
			return err
		}
		wanted := r.wantedCells()
		if wanted == nil {
			return fmt.Errorf("%w: %d of %d rows are whole, and no other row comes to %d cells with all columns of at least %d",
				ErrUnrecoverable, r.count, r.k, kzg.RowCells, r.k)
		}
		if err := r.interpolateCells(wanted); err != nil {
			return err
		}
	}
}

// recoverRows completes and checks rows that have enough cells, as many as are needed.
func (r *recovery) recoverRows() error {
	ready := r.readyRows()
	if len(ready) == 0 {
		return nil
	}
	sources, err := r.rowSources(ready)
	if err != nil {
		return err
	}
	rows := make([]*kzg.Row, len(ready))
	err = parallel.For(len(ready), func(n int) (err error) {
		rows[n], err = r.recoverRow(ready[n], sources[n])
		return err
	})
	if err != nil {
		return err
	}
	if err := r.checkRows(ready, rows); err != nil {
		return err
	}
	for _, i := range ready {
		r.whole[i] = true
	}
	r.count += len(ready)
	return nil
}

// readyRows returns the first rows that have enough cells, no more than are needed.
func (r *recovery) readyRows() []int {
	var ready []int
	for i := range r.cells {
		if !r.whole[i] && r.count+len(ready) < r.k && len(present(&r.cells[i])) >= kzg.RowCells {
			ready = append(ready, i)
		}
	}
	return ready
}

// rowSources prepares the recovery of rows: once for all that have their first 64 cells in the same columns.
func (r *recovery) rowSources(rows []int) ([]*kzg.Recovery, error) {
	index := make(map[[kzg.RowCells]int]int)
	var patterns [][kzg.RowCells]int
	for _, i := range rows {
		columns := [kzg.RowCells]int(present(&r.cells[i]))
		if _, seen := index[columns]; !seen {
			index[columns] = len(patterns)
			patterns = append(patterns, columns)
		}
	}
	recoveries := make([]*kzg.Recovery, len(patterns))
	err := parallel.For(len(patterns), func(n int) (err error) {
		recoveries[n], err = r.setup.NewRecovery(patterns[n][:])
		return err
	})
	sources := make([]*kzg.Recovery, len(rows))
	for n, i := range rows {
		sources[n] = recoveries[index[[kzg.RowCells]int(present(&r.cells[i]))]]
	}
	return sources, err
}

// recoverRow completes a row from its first 64 cells.
func (r *recovery) recoverRow(i int, source *kzg.Recovery) (*kzg.Row, error) {
	some := make([]*kzg.Cell, 0, kzg.Columns)
	for _, cell := range r.cells[i] {
		if cell != nil {
			some = append(some, cell)
		}
	}
	all, err := source.Cells(some[:kzg.RowCells])
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

// wantedCells returns, by column, the rows whose cells to compute from their columns so that rows come to 64 cells: as
// many rows as are needed, those that lack the fewest first. It returns nil if no row can.
func (r *recovery) wantedCells() [][]int {
	var able []int
	for column := range kzg.Columns {
		if len(r.column(column)) >= r.k {
			able = append(able, column)
		}
	}
	var rows []int
	lacking := make([][]int, 2*r.k)
	for i := range r.cells {
		lacking[i] = slices.DeleteFunc(slices.Clone(able), func(column int) bool { return r.cells[i][column] != nil })
		if have := len(present(&r.cells[i])); have < kzg.RowCells && have+len(lacking[i]) >= kzg.RowCells {
			lacking[i] = lacking[i][:kzg.RowCells-have]
			rows = append(rows, i)
		}
	}
	if rows == nil {
		return nil
	}
	slices.SortStableFunc(rows, func(a, b int) int { return len(lacking[a]) - len(lacking[b]) })
	wanted := make([][]int, kzg.Columns)
	for _, i := range rows[:min(len(rows), r.k-r.count)] {
		for _, column := range lacking[i] {
			wanted[column] = append(wanted[column], i)
		}
	}
	return wanted
}

// column returns the rows that have a cell in a column.
func (r *recovery) column(column int) []int {
	var rows []int
	for i := range r.cells {
		if r.cells[i][column] != nil {
			rows = append(rows, i)
		}
	}
	return rows
}

// finish builds the matrix once k rows are whole, and holds the given cells against it.
func (r *recovery) finish() (*ExtendedMatrix, error) {
	if err := r.interpolateOriginals(); err != nil {
		return nil, err
	}
	m := &ExtendedMatrix{k: r.k, commitments: r.commitments, rows: newRows(2 * r.k)}
	err := parallel.For(r.k, func(i int) error {
		for column, cell := range r.cells[i] {
			if cell != nil {
				*cellOf(m.rows[i], column) = *cell
			}
		}
		if r.whole[i] {
			return nil
		}
		return extendEach(r.setup, m.rows[i:i+1], i)
	})
	if err != nil {
		return nil, err
	}
	if err := extendColumns(r.setup, m.rows); err != nil {
		return nil, err
	}
	return m, r.checkGiven(m)
}

// interpolateOriginals replaces the original rows that are not whole by what k whole rows make of them. They need no
// check: commitments depend on the whole rows' as the rows do.
func (r *recovery) interpolateOriginals() error {
	var missing []int
	for i := range r.cells {
		if r.whole[i] {
			continue
		}
		r.cells[i] = [kzg.Columns]*kzg.Cell{}
		if i < r.k {
			missing = append(missing, i)
		}
	}
	return r.interpolateCells(slices.Repeat([][]int{missing}, kzg.RowCells))
}

// checkGiven holds all given cells against the matrix.
func (r *recovery) checkGiven(m *ExtendedMatrix) error {
	return parallel.For(2*r.k, func(i int) error {
		for column, cell := range r.given[i] {
			if cell != nil && *cell != *m.Cell(Coord{i, column}) {
				return fmt.Errorf("the given cell (%d, %d) contradicts the others: %w", i, column, kzg.ErrInvalidProof)
			}
		}
		return nil
	})
}

// joinRow copies the first 64 cells into a row.
func joinRow(cells *[kzg.Columns]*kzg.Cell) *kzg.Row {
	row := new(kzg.Row)
	for column := range kzg.RowCells {
		copy(row.Cell(column)[:], cells[column][:])
	}
	return row
}
