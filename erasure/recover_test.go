package erasure

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

func allCells(m *ExtendedMatrix) map[Coord]*kzg.Cell {
	cells := make(map[Coord]*kzg.Cell)
	for row := range 2 * m.K() {
		for column := range kzg.Columns {
			cells[Coord{row, column}] = m.Cell(Coord{row, column})
		}
	}
	return cells
}

// cellsWhere returns the cells of the matrix whose coordinates satisfy the condition, which is asked
// row by row: one that draws answers the same every time.
func cellsWhere(m *ExtendedMatrix, keep func(Coord) bool) map[Coord]*kzg.Cell {
	cells := make(map[Coord]*kzg.Cell)
	for row := range 2 * m.K() {
		for column := range kzg.Columns {
			if at := (Coord{row, column}); keep(at) {
				cells[at] = m.Cell(at)
			}
		}
	}
	return cells
}

// sameMatrix holds two matrices equal in cells and commitments.
func sameMatrix(t *testing.T, have, want *ExtendedMatrix) {
	t.Helper()
	for row := range 2 * want.K() {
		if have.Commitment(row) != want.Commitment(row) {
			t.Errorf("commitment of row %d differs", row)
		}
	}
	for at, cell := range allCells(want) {
		if *have.Cell(at) != *cell {
			t.Errorf("cell %v differs", at)
		}
	}
}

// bare returns a random matrix without proofs.
func bare(tb testing.TB, k int) *ExtendedMatrix {
	tb.Helper()
	rows := randomRows(4, k)
	m, err := Extend(newSetup(tb), rows, commit(tb, rows), nil)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

func recoverFrom(tb testing.TB, m *ExtendedMatrix, cells map[Coord]*kzg.Cell) (*ExtendedMatrix, error) {
	tb.Helper()
	return Recover(newSetup(tb), m.K(), m.commitments[:m.K()], cells)
}

// recoverable decides by the definition: whole rows and columns are filled until nothing changes.
func recoverable(k int, cells map[Coord]*kzg.Cell) bool {
	have := make(map[Coord]bool)
	for at := range cells {
		have[at] = true
	}
	for before := -1; before < len(have); {
		before = len(have)
		for row := range 2 * k {
			fillLine(have, kzg.Columns, kzg.RowCells, func(i int) Coord { return Coord{row, i} })
		}
		for column := range kzg.Columns {
			fillLine(have, 2*k, k, func(i int) Coord { return Coord{i, column} })
		}
	}
	return len(have) == 2*k*kzg.Columns
}

func fillLine(have map[Coord]bool, length, enough int, at func(int) Coord) {
	count := 0
	for i := range length {
		if have[at(i)] {
			count++
		}
	}
	for i := 0; count >= enough && i < length; i++ {
		have[at(i)] = true
	}
}

func TestWithholdingIsMinimal(t *testing.T) {
	for _, k := range []int{1, 2, 5} {
		t.Run(fmt.Sprint(k), func(t *testing.T) {
			m := bare(t, k)
			cells, withheld := allCells(m), Withholding(k)
			if len(withheld) != 65*(k+1) {
				t.Fatalf("withholding %d cells, want %d", len(withheld), 65*(k+1))
			}
			for _, at := range withheld {
				delete(cells, at)
			}
			if recovered, err := recoverFrom(t, m, cells); !errors.Is(err, ErrUnrecoverable) || recovered != nil {
				t.Fatalf("recovered from what a withholder leaves: %v", err)
			}
			for _, at := range withheld {
				cells[at] = m.Cell(at)
				if !recoverable(k, cells) {
					t.Fatalf("with %v returned it is still unrecoverable", at)
				}
				delete(cells, at)
			}
			for _, at := range []Coord{withheld[0], withheld[len(withheld)/2], withheld[len(withheld)-1]} {
				cells[at] = m.Cell(at)
				recovered, err := recoverFrom(t, m, cells)
				if err != nil {
					t.Fatalf("with %v returned: %v", at, err)
				}
				sameMatrix(t, recovered, m)
				delete(cells, at)
			}
		})
	}
}

// TestRecoverInvertsLoss drops random cells at rates around the threshold: Recover(drop(Extend(x))) is Extend(x)
// wherever the definition says that it is recoverable, and ErrUnrecoverable elsewhere.
func TestRecoverInvertsLoss(t *testing.T) {
	rng := newRand(5)
	outcomes := make(map[bool]int)
	for _, k := range []int{1, 2, 3, 7} {
		m := bare(t, k)
		for _, rate := range []float64{0, 0.3, 0.45, 0.5, 0.52, 0.55, 0.6, 0.75, 1} {
			cells := cellsWhere(m, func(Coord) bool { return rng.Float64() >= rate })
			outcomes[checkRecovery(t, m, cells)]++
		}
	}
	if outcomes[true] < 8 || outcomes[false] < 8 {
		t.Errorf("%d patterns were recoverable and %d not: too few to tell", outcomes[true], outcomes[false])
	}
}

// TestRecoverInvertsBlockLoss drops whole rows, whole columns and then some, in random mixtures.
func TestRecoverInvertsBlockLoss(t *testing.T) {
	rng := newRand(8)
	outcomes := make(map[bool]int)
	matrices := []*ExtendedMatrix{bare(t, 1), bare(t, 2), bare(t, 4)}
	for range 20 {
		m := matrices[rng.IntN(len(matrices))]
		rows, columns := chance(rng, 2*m.K()), chance(rng, kzg.Columns)
		rate := 0.2 * rng.Float64()
		cells := cellsWhere(m, func(at Coord) bool { return (!rows[at.Row] || !columns[at.Column]) && rng.Float64() >= rate })
		outcomes[checkRecovery(t, m, cells)]++
	}
	if outcomes[true] < 4 || outcomes[false] < 4 {
		t.Errorf("%d patterns were recoverable and %d not: too few to tell", outcomes[true], outcomes[false])
	}
}

// chance marks each of n indices with one random probability.
func chance(rng *rand.Rand, n int) []bool {
	marks, rate := make([]bool, n), 0.5+0.4*rng.Float64()
	for i := range marks {
		marks[i] = rng.Float64() < rate
	}
	return marks
}

// checkRecovery holds Recover against the definition and returns its verdict.
func checkRecovery(tb testing.TB, m *ExtendedMatrix, cells map[Coord]*kzg.Cell) bool {
	tb.Helper()
	want := recoverable(m.K(), cells)
	recovered, err := recoverFrom(tb, m, cells)
	switch {
	case !want && !errors.Is(err, ErrUnrecoverable):
		tb.Errorf("k = %d, %d cells: have %v, want %v", m.K(), len(cells), err, ErrUnrecoverable)
	case want && err != nil:
		tb.Errorf("k = %d, %d cells: %v", m.K(), len(cells), err)
	case want:
		for at, cell := range allCells(m) {
			if *recovered.Cell(at) != *cell {
				tb.Fatalf("k = %d, %d cells: cell %v differs", m.K(), len(cells), at)
			}
		}
	}
	return want
}

func TestRecoverFromCorners(t *testing.T) {
	m := bare(t, 5)
	k := m.K()
	for name, keep := range map[string]func(Coord) bool{
		"the square":                     func(at Coord) bool { return at.Row < k && at.Column < 64 },
		"the opposite corner":            func(at Coord) bool { return at.Row >= k && at.Column >= 64 },
		"every other row and column":     func(at Coord) bool { return at.Row%2 == 1 && at.Column%2 == 1 },
		"64 whole columns":               func(at Coord) bool { return at.Column%2 == 0 },
		"k whole extended rows":          func(at Coord) bool { return at.Row >= k },
		"columns that give rows in turn": func(at Coord) bool { return (at.Column+13*at.Row)%128 < 64 },
	} {
		t.Run(name, func(t *testing.T) {
			if !checkRecovery(t, m, cellsWhere(m, keep)) {
				t.Error("unrecoverable by definition")
			}
		})
	}
}

func TestRecoverRefuses(t *testing.T) {
	m := bare(t, 3)
	order := modulusMinusOne
	order[31]++
	for _, test := range []struct {
		name    string
		corrupt func(cells map[Coord]*kzg.Cell, commitments []kzg.Commitment)
		want    error
	}{
		{"false cell in a row with others to spare", falsify(Coord{1, 100}), kzg.ErrInvalidProof},
		{"false cell among the first of a row", falsify(Coord{1, 3}), kzg.ErrInvalidProof},
		{"false cell of an extended row", falsify(Coord{4, 3}), kzg.ErrInvalidProof},
		{"false cell where the row is lost", func(cells map[Coord]*kzg.Cell, _ []kzg.Commitment) {
			dropRow(cells, 5)
			cells[Coord{5, 0}] = new(kzg.Cell)
		}, kzg.ErrInvalidProof},
		{"false cell that only a column needs", func(cells map[Coord]*kzg.Cell, _ []kzg.Commitment) {
			for column := range 65 {
				for row := range 3 {
					delete(cells, Coord{row, column})
				}
			}
			falsify(Coord{3, 0})(cells, nil)
		}, kzg.ErrInvalidProof},
		{"commitments swapped", func(_ map[Coord]*kzg.Cell, c []kzg.Commitment) { c[0], c[1] = c[1], c[0] }, kzg.ErrInvalidProof},
		{"commitment no point", func(_ map[Coord]*kzg.Cell, c []kzg.Commitment) { c[2] = kzg.Commitment{} }, kzg.ErrInvalidPoint},
		{"scalar = r", func(cells map[Coord]*kzg.Cell, _ []kzg.Commitment) {
			bad := *cells[Coord{2, 2}]
			copy(bad[:], order[:])
			cells[Coord{2, 2}] = &bad
		}, kzg.ErrNonCanonicalScalar},
		{"scalar = r in a cell that nothing follows from", func(cells map[Coord]*kzg.Cell, _ []kzg.Commitment) {
			bad := *cells[Coord{5, 127}]
			copy(bad[kzg.CellSize-kzg.ScalarSize:], order[:])
			cells[Coord{5, 127}] = &bad
		}, kzg.ErrNonCanonicalScalar},
		{"false cell that nothing follows from", falsify(Coord{5, 127}), kzg.ErrInvalidProof},
		{"nil cell", func(cells map[Coord]*kzg.Cell, _ []kzg.Commitment) { cells[Coord{0, 0}] = nil }, kzg.ErrBadInput},
		{"row −1", func(cells map[Coord]*kzg.Cell, _ []kzg.Commitment) { cells[Coord{-1, 0}] = new(kzg.Cell) }, kzg.ErrBadInput},
		{"row 2k", func(cells map[Coord]*kzg.Cell, _ []kzg.Commitment) { cells[Coord{6, 0}] = new(kzg.Cell) }, kzg.ErrBadInput},
		{"column 128", func(cells map[Coord]*kzg.Cell, _ []kzg.Commitment) { cells[Coord{0, 128}] = new(kzg.Cell) }, kzg.ErrBadInput},
		{"nothing", func(cells map[Coord]*kzg.Cell, _ []kzg.Commitment) { clear(cells) }, ErrUnrecoverable},
	} {
		t.Run(test.name, func(t *testing.T) {
			cells, commitments := allCells(m), append([]kzg.Commitment(nil), m.commitments[:3]...)
			test.corrupt(cells, commitments)
			if _, err := Recover(newSetup(t), 3, commitments, cells); !errors.Is(err, test.want) {
				t.Errorf("have %v, want %v", err, test.want)
			}
		})
	}
	for _, k := range []int{-1, 0, 2, 4, 257} {
		if _, err := Recover(newSetup(t), k, m.commitments[:3], allCells(m)); !errors.Is(err, kzg.ErrBadInput) {
			t.Errorf("k = %d: have %v, want %v", k, err, kzg.ErrBadInput)
		}
	}
}

// falsify replaces a cell by one that differs in one bit.
func falsify(at Coord) func(map[Coord]*kzg.Cell, []kzg.Commitment) {
	return func(cells map[Coord]*kzg.Cell, _ []kzg.Commitment) {
		bad := *cells[at]
		bad[kzg.CellSize-1] ^= 1
		cells[at] = &bad
	}
}

func dropRow(cells map[Coord]*kzg.Cell, row int) {
	for column := range kzg.Columns {
		delete(cells, Coord{row, column})
	}
}

// FuzzRecover lets the fuzzer choose which cells of a matrix of one row are lost.
func FuzzRecover(f *testing.F) {
	m := bare(f, 1)
	f.Add(make([]byte, 32))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Add([]byte{0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55})
	f.Fuzz(func(t *testing.T, lost []byte) {
		checkRecovery(t, m, cellsWhere(m, func(at Coord) bool {
			bit := at.Row*kzg.Columns + at.Column
			return bit/8 >= len(lost) || lost[bit/8]>>(bit%8)&1 == 0
		}))
	})
}
