package erasure

import (
	"fmt"
	"math/bits"
	"slices"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// indexSet is a set of rows, or of columns.
type indexSet [2 * MaxRows / 64]uint64

func newIndexSet(members []int) (s indexSet) {
	for _, i := range members {
		s.add(i)
	}
	return s
}

func (s *indexSet) add(i int) { s[i/64] |= 1 << (i % 64) }

func (s *indexSet) has(i int) bool { return s[i/64]>>(i%64)&1 == 1 }

func (s *indexSet) count() (n int) {
	for _, word := range s {
		n += bits.OnesCount64(word)
	}
	return n
}

// first returns the least n members, or all if there are fewer.
func (s *indexSet) first(n int) []int {
	members := make([]int, 0, n)
	for w, word := range s {
		for ; word != 0 && len(members) < n; word &= word - 1 {
			members = append(members, 64*w+bits.TrailingZeros64(word))
		}
	}
	return members
}

// without returns the members that are not the other's.
func (s *indexSet) without(other *indexSet) (rest indexSet) {
	for w := range s {
		rest[w] = s[w] &^ other[w]
	}
	return rest
}

// plan says how a matrix is recovered. It follows from which cells are given, and is complete before any of them is
// decoded.
type plan struct {
	steps   [][]rowPlan           // what is in a step depends on earlier steps only
	sources [kzg.Columns]indexSet // by column, the k rows whose cells all others are computed from; none if it has too few
	whole   indexSet              // the k rows of all steps
}

// rowPlan is how a row becomes whole.
type rowPlan struct {
	row     int
	filled  []int             // columns of which a cell is computed first
	columns [kzg.RowCells]int // what the row is recovered from, ascending
}

// planner follows the recovery of a matrix by which cells are known.
type planner struct {
	plan

	k       int
	rows    []indexSet            // by row, the columns that it has cells in
	columns [kzg.Columns]indexSet // by column, the rows that have cells in it
	able    indexSet              // columns that have k cells, from which any other follows
}

// planRecovery plans to make k rows whole, given the columns in which each of 2k rows has cells. It fails with
// ErrUnrecoverable.
//
// A column is able for good once it has k cells, and its sources do not change from then on. Each step but the first,
// which takes rows that have 64 cells by themselves, is due to another column that has become able; 64 of them are
// enough for every row.
func planRecovery(rows []indexSet) (*plan, error) {
	p := &planner{k: len(rows) / 2, rows: rows}
	for i := range rows {
		for _, column := range rows[i].first(kzg.Columns) {
			p.columns[column].add(i)
		}
	}
	p.findAble()
	for have := 0; have < p.k; have = p.whole.count() {
		next := p.next(p.k - have)
		if len(next) == 0 {
			return nil, fmt.Errorf("%w: %d of %d rows are whole, and no other row comes to %d cells with all columns of at least %d",
				ErrUnrecoverable, have, p.k, kzg.RowCells, p.k)
		}
		p.complete(next)
	}
	return &p.plan, nil
}

// findAble fixes the sources of columns that have enough cells now.
func (p *planner) findAble() {
	for column := range p.columns {
		if !p.able.has(column) && p.columns[column].count() >= p.k {
			p.able.add(column)
			p.sources[column] = newIndexSet(p.columns[column].first(p.k))
		}
	}
}

// next returns the rows of the next step, at most as many as are needed: those that have enough cells or, if there are
// none, those that lack the fewest.
func (p *planner) next(needed int) []int {
	var rows []int
	lacking := make([]int, len(p.rows))
	least := kzg.Columns
	for i := range p.rows {
		have := p.rows[i].count()
		fillable := p.able.without(&p.rows[i])
		if p.whole.has(i) || have+fillable.count() < kzg.RowCells {
			continue
		}
		lacking[i] = max(kzg.RowCells-have, 0)
		least = min(least, lacking[i])
		rows = append(rows, i)
	}
	if least == 0 {
		rows = slices.DeleteFunc(rows, func(i int) bool { return lacking[i] > 0 })
	}
	slices.SortStableFunc(rows, func(a, b int) int { return lacking[a] - lacking[b] })
	return rows[:min(len(rows), needed)]
}

// complete adds the step that makes the rows whole.
func (p *planner) complete(rows []int) {
	plans := make([]rowPlan, len(rows))
	for n, i := range rows {
		plans[n] = p.planRow(i)
	}
	p.steps = append(p.steps, plans)
	for _, i := range rows {
		p.whole.add(i)
		for column := range p.columns {
			p.rows[i].add(column)
			p.columns[column].add(i)
		}
	}
	p.findAble()
}

func (p *planner) planRow(i int) rowPlan {
	have := p.rows[i].first(kzg.RowCells)
	fillable := p.able.without(&p.rows[i])
	filled := fillable.first(kzg.RowCells - len(have))
	columns := slices.Concat(have, filled)
	slices.Sort(columns)
	return rowPlan{i, filled, [kzg.RowCells]int(columns)}
}
