package kzg

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	goethkzg "github.com/crate-crypto/go-eth-kzg"
)

// sharedPeer loads, once for the whole test package, the implementation that cells are compared with.
var sharedPeer = sync.OnceValues(goethkzg.NewContext4096Secure)

func peerCells(tb testing.TB, row *Row) *[Columns]Cell {
	tb.Helper()
	peer, err := sharedPeer()
	if err != nil {
		tb.Fatal(err)
	}
	cells, err := peer.ComputeCells((*goethkzg.Blob)(row), 1)
	if err != nil {
		tb.Fatal(err)
	}
	all := new([Columns]Cell)
	for c := range cells {
		all[c] = Cell(*cells[c])
	}
	return all
}

// edgeRows are rows whose transforms meet zeros, equal values and the largest scalars, and two random ones.
func edgeRows(tb testing.TB) map[string]*Row {
	tb.Helper()
	largest := modulus()
	largest[ScalarSize-1]--
	one, random := Scalar{ScalarSize - 1: 1}, someRows(tb)[0].row
	rows := map[string]*Row{
		"zero":              new(Row),
		"one":               (*Row)(bytes.Repeat(one[:], RowScalars)),
		"r−1":               (*Row)(bytes.Repeat(largest[:], RowScalars)),
		"0 and r−1 in turn": (*Row)(bytes.Repeat(append(make([]byte, ScalarSize), largest[:]...), RowScalars/2)),
		"one cell of r−1":   (*Row)(append(bytes.Repeat(largest[:], CellScalars), make([]byte, RowSize-CellSize)...)),
		"random":            random,
		"random, negated":   negatedRow(tb, random),
	}
	for _, i := range []int{0, 1, 63, 64, 4095} {
		row := new(Row)
		copy(row[i*ScalarSize:], one[:])
		rows[fmt.Sprintf("zero but for scalar %d", i)] = row
	}
	return rows
}

func negatedRow(tb testing.TB, row *Row) *Row {
	tb.Helper()
	scalars, err := decodeRow(row)
	if err != nil {
		tb.Fatal(err)
	}
	out := new(Row)
	for i := range scalars {
		scalars[i].Neg(&scalars[i])
	}
	EncodeScalars(out[:], scalars)
	return out
}

// edgeColumns are sets of 64 columns from which to recover.
func edgeColumns() map[string][]int {
	sets := make(map[string][]int)
	add := func(name string, holds func(column int) bool) {
		for column := range Columns {
			if holds(column) {
				sets[name] = append(sets[name], column)
			}
		}
	}
	add("first", func(c int) bool { return c < 64 })
	add("last", func(c int) bool { return c >= 64 })
	add("middle", func(c int) bool { return c >= 32 && c < 96 })
	add("even", func(c int) bool { return c%2 == 0 })
	add("odd", func(c int) bool { return c%2 == 1 })
	add("all first but one", func(c int) bool { return c < 63 || c == 127 })
	sets["random"] = newRand(6).Perm(Columns)[:RowCells]
	slices.Sort(sets["random"])
	return sets
}

func pick(all *[Columns]Cell, columns []int) []*Cell {
	cells := make([]*Cell, len(columns))
	for i, column := range columns {
		cells[i] = &all[column]
	}
	return cells
}

func TestComputeCellsEqualsPeer(t *testing.T) {
	for name, row := range edgeRows(t) {
		cells, err := newSetup(t).ComputeCells(row)
		if err != nil {
			t.Fatal(err)
		}
		want := peerCells(t, row)
		if *cells != *want {
			t.Errorf("%s: cells differ", name)
		}
		extension := new(Row)
		if err := newSetup(t).ExtendRow(extension, row); err != nil || *extension != *joinCells(want[RowCells:]) {
			t.Errorf("%s: the extension differs, error %v", name, err)
		}
	}
}

// TestRecoveryInvertsLoss recovers every edge row from every edge set of columns, all rows of a set by one Recovery.
func TestRecoveryInvertsLoss(t *testing.T) {
	setup, rows := newSetup(t), edgeRows(t)
	for columnsName, columns := range edgeColumns() {
		recovery, err := setup.NewRecovery(columns)
		if err != nil {
			t.Fatal(err)
		}
		for name, row := range rows {
			want := peerCells(t, row)
			some := pick(want, columns)
			if together, err := recovery.Cells(some); err != nil || *together != *want {
				t.Errorf("row %q from columns %q: others recovered, error %v", name, columnsName, err)
			}
			if alone, err := setup.RecoverCells(columns, some); err != nil || *alone != *want {
				t.Errorf("row %q from columns %q, alone: others recovered, error %v", name, columnsName, err)
			}
		}
	}
}

func TestRecoveryRefuses(t *testing.T) {
	setup, r := newSetup(t), modulus()
	all, even := someRows(t)[0].cells, edgeColumns()["even"]
	for name, columns := range map[string][]int{
		"no columns":     nil,
		"63 columns":     even[:63],
		"65 columns":     append(slices.Clone(even), 127),
		"a column 128":   append(slices.Clone(even[:63]), Columns),
		"a column −1":    append([]int{-1}, even[:63]...),
		"a column twice": append([]int{0}, even[:63]...),
	} {
		if _, err := setup.NewRecovery(columns); !errors.Is(err, ErrBadInput) {
			t.Errorf("%s: have %v, want %v", name, err, ErrBadInput)
		}
	}
	tooLarge := all[0]
	copy(tooLarge[CellSize-ScalarSize:], r[:])
	for setName, columns := range edgeColumns() {
		recovery, err := setup.NewRecovery(columns)
		if err != nil {
			t.Fatal(err)
		}
		some := pick(all, columns)
		for name, test := range map[string]struct {
			cells []*Cell
			want  error
		}{
			"no cells":     {nil, ErrBadInput},
			"63 cells":     {some[:63], ErrBadInput},
			"65 cells":     {append(slices.Clone(some), &all[0]), ErrBadInput},
			"a nil cell":   {append(slices.Clone(some[:63]), nil), ErrBadInput},
			"a scalar = r": {append(slices.Clone(some[:63]), &tooLarge), ErrNonCanonicalScalar},
		} {
			if _, err := recovery.Cells(test.cells); !errors.Is(err, test.want) {
				t.Errorf("columns %q, %s: have %v, want %v", setName, name, err, test.want)
			}
		}
	}
}

// FuzzCells holds cells against another implementation's, and recovery from any 64 of them against the cells.
func FuzzCells(f *testing.F) {
	f.Add([]byte{}, uint64(0))
	f.Add([]byte{1}, uint64(1))
	largest := modulus()
	largest[ScalarSize-1]--
	f.Add(bytes.Repeat(largest[:], 3), uint64(2))
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		row := new(Row)
		copy(row[:], data)
		cells, err := newSetup(t).ComputeCells(row)
		if canonical := CheckScalars(row[:]); (canonical == nil) != (err == nil) {
			t.Fatalf("canonical: %v, cells: %v", canonical, err)
		}
		if err != nil {
			return
		}
		if *cells != *peerCells(t, row) {
			t.Fatal("cells differ")
		}
		columns := newRand(seed).Perm(Columns)[:RowCells]
		slices.Sort(columns)
		if again, err := newSetup(t).RecoverCells(columns, pick(cells, columns)); err != nil || *again != *cells {
			t.Fatalf("recovered others from columns %v, error %v", columns, err)
		}
	})
}
