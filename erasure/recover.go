package erasure

import (
	"fmt"
	"slices"
	"sort"

	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/erasure/parallel"
)

// Recover computes the extended matrix of k original rows with the given commitments from some of its cells. A row
// follows from any 64 of its cells and a column from any k of its 2k; the two alternate until k rows are whole, from
// which the others follow. The k are checked against their commitments, and every given cell against the result.
//
// The work is bounded whatever is missing, in whatever order the rest follows. Which row follows from which cells is
// decided before any of them is decoded, so that too few cells cost next to nothing. Then k rows are recovered, once each; a
// column is prepared at most once, and again at the end, for k² multiplications; a cell that is computed from its column
// takes 64·k, and there are at most 64 of them for each of the k rows and 64 for each original row that is not one of
// them; and the k rows take one check together.
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
	if err := r.recoverRows(); err != nil {
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
	plan        *plan
	columns     columnSources
	work        work
}

// work counts what was done.
type work struct{ rows, columns, cells int }

func newRecovery(setup *kzg.Setup, k int, commitments []kzg.Commitment, cells map[Coord]*kzg.Cell) (*recovery, error) {
	if err := checkK(k); err != nil {
		return nil, err
	}
	if len(commitments) != k {
		return nil, fmt.Errorf("%w: %d commitments for %d rows", kzg.ErrBadInput, len(commitments), k)
	}
	r := &recovery{setup: setup, k: k, given: make([][kzg.Columns]*kzg.Cell, 2*k)}
	have := make([]indexSet, 2*k)
	for at, cell := range cells {
		if err := checkCoord(at, k); err != nil {
			return nil, err
		}
		if cell == nil {
			return nil, fmt.Errorf("%w: cell (%d, %d) is nil", kzg.ErrBadInput, at.Row, at.Column)
		}
		r.given[at.Row][at.Column] = cell
		have[at.Row].add(at.Column)
	}
	r.cells = slices.Clone(r.given)
	var err error
	if r.plan, err = planRecovery(have); err != nil {
		return nil, err
	}
	if r.commitments, err = ExtendCommitments(commitments); err != nil {
		return nil, err
	}
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

// recoverRows makes k rows whole, as planned, and checks them.
func (r *recovery) recoverRows() error {
	for _, rows := range r.plan.steps {
		wanted := make([][]int, kzg.Columns)
		for _, p := range rows {
			for _, column := range p.filled {
				wanted[column] = append(wanted[column], p.row)
			}
		}
		if err := r.interpolateCells(wanted); err != nil {
			return err
		}
		sources, err := r.rowSources(rows)
		if err != nil {
			return err
		}
		r.work.rows += len(rows)
		err = parallel.For(len(rows), func(n int) error { return r.recoverRow(&rows[n], sources[n]) })
		if err != nil {
			return err
		}
	}
	return r.checkRows()
}

// rowSources prepares the recovery of rows: once for all that are recovered from the same columns.
func (r *recovery) rowSources(rows []rowPlan) ([]*kzg.Recovery, error) {
	index := make(map[[kzg.RowCells]int]int)
	var patterns [][kzg.RowCells]int
	for _, p := range rows {
		if _, seen := index[p.columns]; !seen {
			index[p.columns] = len(patterns)
			patterns = append(patterns, p.columns)
		}
	}
	recoveries := make([]*kzg.Recovery, len(patterns))
	err := parallel.For(len(patterns), func(n int) (err error) {
		recoveries[n], err = r.setup.NewRecovery(patterns[n][:])
		return err
	})
	sources := make([]*kzg.Recovery, len(rows))
	for n, p := range rows {
		sources[n] = recoveries[index[p.columns]]
	}
	return sources, err
}

// recoverRow completes a row from 64 cells.
func (r *recovery) recoverRow(p *rowPlan, source *kzg.Recovery) error {
	var some [kzg.RowCells]*kzg.Cell
	for n, column := range p.columns {
		some[n] = r.cells[p.row][column]
	}
	all, err := source.Cells(some[:])
	if err != nil {
		return fmt.Errorf("row %d: %w", p.row, err)
	}
	for column := range all {
		r.cells[p.row][column] = &all[column]
	}
	return nil
}

// checkRows checks the whole rows against their commitments, all at once. If some are false it names the first in the
// order of the plan, on which others may depend.
func (r *recovery) checkRows() error {
	var rows []*kzg.Row
	var commitments []kzg.Commitment
	var indices []int
	for _, step := range r.plan.steps {
		for _, p := range step {
			rows = append(rows, joinRow(&r.cells[p.row]))
			commitments, indices = append(commitments, r.commitments[p.row]), append(indices, p.row)
		}
	}
	err := r.setup.VerifyRows(rows, commitments)
	if err == nil {
		return nil
	}
	first := sort.Search(len(rows)-1, func(n int) bool { return r.setup.VerifyRows(rows[:n+1], commitments[:n+1]) != nil })
	return fmt.Errorf("row %d, recovered from the given cells, does not match its commitment; some of the cells are false: %w", indices[first], err)
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
		if r.plan.whole.has(i) {
			return nil
		}
		return extendRow(r.setup, m.rows[i], i)
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
	for i := range r.k {
		if !r.plan.whole.has(i) {
			r.cells[i] = [kzg.Columns]*kzg.Cell{}
			missing = append(missing, i)
		}
	}
	r.columns = columnSources{}
	for column := range r.plan.sources {
		r.plan.sources[column] = r.plan.whole
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
