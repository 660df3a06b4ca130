package erasure

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// staircase tells which cells of a matrix of k > 64 original rows are left so that recovery takes the most steps. Row i of
// the first 64 lacks i cells, as many as columns have become able before its turn: it has none in columns 0 to 63. Column i
// comes to k cells with row i. The other rows have at most 63 cells, even with all columns before 62, but enough of them in
// each column.
func staircase(k int) func(Coord) bool {
	return func(at Coord) bool {
		other := at.Row - kzg.RowCells
		switch {
		case other < 0:
			return at.Column >= kzg.RowCells+at.Row
		case at.Column == kzg.RowCells-1:
			return other >= k-1
		default:
			return at.Column < kzg.RowCells && other < k-1-at.Column
		}
	}
}

// TestRecoverWorkIsBounded recovers from cells that let rows and columns follow one at a time only, and counts.
func TestRecoverWorkIsBounded(t *testing.T) {
	const k = 65
	m := bare(t, k)
	r, err := newRecovery(newSetup(t), k, m.commitments[:k], cellsWhere(m, staircase(k)))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.plan.steps) != kzg.RowCells {
		t.Fatalf("recovery takes %d steps, want %d: the test shows nothing otherwise", len(r.plan.steps), kzg.RowCells)
	}
	if err := r.recoverRows(); err != nil {
		t.Fatal(err)
	}
	if want := (work{rows: k, columns: 63, cells: 62*63/2 + 2}); r.work != want {
		t.Errorf("have %+v, want %+v", r.work, want)
	}
	if n := len(r.columns.polynomials); n != 63 {
		t.Errorf("%d polynomials prepared, want one for each of 63 columns", n)
	}
	recovered, err := r.finish()
	if err != nil {
		t.Fatal(err)
	}
	sameMatrix(t, recovered, m)
	if r.work.columns > 2*kzg.Columns || r.work.cells > 2*k*kzg.RowCells {
		t.Errorf("in all %+v", r.work)
	}
}

// TestRecoverNamesTheFirstFalseRow holds that the row on which others depend is named, not one of those.
func TestRecoverNamesTheFirstFalseRow(t *testing.T) {
	const k = 65
	m := bare(t, k)
	for _, row := range []int{0, 17, 62} {
		cells := cellsWhere(m, staircase(k))
		falsify(Coord{row, 127})(cells, nil)
		_, err := recoverFrom(t, m, cells)
		if want := fmt.Sprintf("row %d,", row); !errors.Is(err, kzg.ErrInvalidProof) || !strings.Contains(err.Error(), want) {
			t.Errorf("a false cell in row %d: have %v", row, err)
		}
	}
}

// FuzzPlan holds plans for the loss that the fuzzer chooses against the definition and their bounds.
func FuzzPlan(f *testing.F) {
	f.Add(uint8(3), []byte{0xff, 0x0f, 0xaa})
	f.Add(uint8(70), []byte{0x55, 0xcc, 0x1e, 0x80})
	f.Add(uint8(1), make([]byte, 32))
	f.Fuzz(func(t *testing.T, k uint8, kept []byte) {
		rows, cells := make([]indexSet, 2*(int(k)%80+1)), make(map[Coord]*kzg.Cell)
		for i := range len(rows) * kzg.Columns {
			if len(kept) > 0 && kept[i/8%len(kept)]>>(i%8)&1 == 1 {
				at := Coord{i / kzg.Columns, i % kzg.Columns}
				rows[at.Row].add(at.Column)
				cells[at] = nil
			}
		}
		checkPlan(t, rows, cells)
	})
}

// checkPlan walks through a plan: every cell that it uses is known by then.
func checkPlan(t *testing.T, rows []indexSet, known map[Coord]*kzg.Cell) {
	t.Helper()
	k := len(rows) / 2
	want := recoverable(k, known)
	p, err := planRecovery(rows)
	if !want {
		if !errors.Is(err, ErrUnrecoverable) {
			t.Fatalf("k = %d, %d cells: have %v, want %v", k, len(known), err, ErrUnrecoverable)
		}
		return
	}
	if err != nil {
		t.Fatalf("k = %d, %d cells: %v", k, len(known), err)
	}
	if len(p.steps) > kzg.RowCells+1 || p.whole.count() != k {
		t.Errorf("%d steps make %d of %d rows whole", len(p.steps), p.whole.count(), k)
	}
	for _, step := range p.steps {
		var complete []int
		for _, row := range step {
			checkRowPlan(t, p, &row, k, known)
			complete = append(complete, row.row)
		}
		for _, i := range complete {
			for column := range kzg.Columns {
				known[Coord{i, column}] = nil
			}
		}
	}
}

func checkRowPlan(t *testing.T, p *plan, row *rowPlan, k int, known map[Coord]*kzg.Cell) {
	t.Helper()
	var filled indexSet
	for _, column := range row.filled {
		filled.add(column)
		source := p.sources[column]
		for _, i := range source.first(2 * k) {
			if _, ok := known[Coord{i, column}]; !ok || source.count() != k {
				t.Fatalf("column %d is computed from %d cells, of which (%d, %d) is unknown", column, source.count(), i, column)
			}
		}
	}
	for _, column := range row.columns {
		if _, ok := known[Coord{row.row, column}]; ok == filled.has(column) {
			t.Fatalf("cell (%d, %d) is known: %t, and computed: %t", row.row, column, ok, filled.has(column))
		}
	}
}
