package erasure

import (
	"testing"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// allBut returns the coordinates of the extended matrix of k rows that are not withheld.
func allBut(k int, withheld []Coord) map[Coord]bool {
	cells := make(map[Coord]bool)
	for row := range 2 * k {
		for column := range kzg.Columns {
			cells[Coord{row, column}] = true
		}
	}
	for _, at := range withheld {
		delete(cells, at)
	}
	return cells
}

func TestRecoverableUpToTheSmallestWithholding(t *testing.T) {
	for _, k := range []int{1, 2, 8, 33, MaxRows} {
		withheld := Withholding(k)
		if Recoverable(k, allBut(k, withheld)) {
			t.Errorf("k = %d: recoverable although a smallest unrecoverable set is withheld", k)
		}
		for _, last := range []int{0, len(withheld) / 2, len(withheld) - 1} {
			cells := allBut(k, withheld)
			cells[withheld[last]] = true
			if !Recoverable(k, cells) {
				t.Errorf("k = %d: not recoverable although cell %v of the withheld is there", k, withheld[last])
			}
		}
	}
}

func TestRecoverablePassesOverWhatIsOutside(t *testing.T) {
	cells := make(map[Coord]int)
	for column := range kzg.RowCells - 1 {
		cells[Coord{0, column}] = column
	}
	for _, outside := range []Coord{{2, 0}, {-1, 5}, {0, kzg.Columns}, {0, -1}, {1 << 20, 3}} {
		cells[outside] = 1
	}
	if Recoverable(1, cells) {
		t.Error("cells outside the matrix counted")
	}
	if cells[Coord{1, 70}] = 1; !Recoverable(1, cells) {
		t.Error("64 columns of one row repeated: not recoverable")
	}
	for _, k := range []int{0, -1, MaxRows + 1} {
		if Recoverable(k, cells) {
			t.Errorf("k = %d: recoverable", k)
		}
	}
}
