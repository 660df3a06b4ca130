package adversary

import (
	"context"
	"errors"
	"testing"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/p2p"
)

const (
	height = 7 // the height that is withheld in these tests
	k      = 3
)

// everything holds every cell and every row of every height.
type everything struct{ p2p.SquareSource }

func (everything) Cells(_ context.Context, _ uint64, coords []erasure.Coord) ([]*p2p.CellProof, error) {
	cells := make([]*p2p.CellProof, len(coords))
	for i := range cells {
		cells[i] = new(p2p.CellProof)
	}
	return cells, nil
}

func (everything) Rows(_ context.Context, _ uint64, rows []int) ([]*p2p.RowProofs, error) {
	found := make([]*p2p.RowProofs, len(rows))
	for i := range found {
		found[i] = new(p2p.RowProofs)
	}
	return found, nil
}

// matrix returns every coordinate of the extended matrix.
func matrix() []erasure.Coord {
	var coords []erasure.Coord
	for row := range 2 * k {
		for column := range kzg.Columns {
			coords = append(coords, erasure.Coord{Row: row, Column: column})
		}
	}
	return coords
}

func TestWithholdLeavesTheSquareUnrecoverable(t *testing.T) {
	w := NewWithhold(everything{}, height, k)
	coords := matrix()
	cells, err := w.Cells(t.Context(), height, coords)
	if err != nil || len(cells) != len(coords) {
		t.Fatalf("have %d cells, %v", len(cells), err)
	}
	missing := 0
	served := map[erasure.Coord]bool{}
	for i, cell := range cells {
		if cell == nil {
			missing++
		}
		served[coords[i]] = cell != nil
	}
	if want := 65 * (k + 1); missing != want {
		t.Errorf("%d cells are withheld, want %d", missing, want)
	}
	if recoverable(served) {
		t.Error("the square is recoverable from what is served")
	}
	for coord, has := range served {
		if has {
			continue
		}
		served[coord] = true
		if !recoverable(served) {
			t.Fatalf("still unrecoverable with %v: the set is not a smallest one", coord)
		}
		served[coord] = false
	}
}

// recoverable tells whether rows with 64 cells and columns with k bring back all others.
func recoverable(served map[erasure.Coord]bool) bool {
	has := map[erasure.Coord]bool{}
	for coord, ok := range served {
		has[coord] = ok
	}
	for grew := true; grew; {
		rows, columns := map[int]int{}, map[int]int{}
		for coord, ok := range has {
			if ok {
				rows[coord.Row]++
				columns[coord.Column]++
			}
		}
		grew = false
		for coord, ok := range has {
			if !ok && (rows[coord.Row] >= kzg.RowCells || columns[coord.Column] >= k) {
				has[coord], grew = true, true
			}
		}
	}
	for _, ok := range has {
		if !ok {
			return false
		}
	}
	return true
}

func TestWithholdServesOtherHeightsInFull(t *testing.T) {
	w := NewWithhold(everything{}, height, k)
	cells, err := w.Cells(t.Context(), height+1, matrix())
	if err != nil {
		t.Fatal(err)
	}
	for i, cell := range cells {
		if cell == nil {
			t.Fatalf("cell %d of another height is withheld", i)
		}
	}
	if _, err := w.Rows(t.Context(), height-1, []int{0, 1, 2}); err != nil {
		t.Error(err)
	}
}

func TestWithholdAnswersNothingAsNotFound(t *testing.T) {
	w := NewWithhold(everything{}, height, k)
	if _, err := w.Cells(t.Context(), height, erasure.Withholding(k)[:4]); !errors.Is(err, da.ErrNotFound) {
		t.Errorf("cells: have %v", err)
	}
	if _, err := w.Rows(t.Context(), height, []int{0, k - 1}); !errors.Is(err, da.ErrNotFound) {
		t.Errorf("rows: have %v", err)
	}
}
