package erasure

import (
	"errors"
	"fmt"
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

// bare returns a matrix without proofs.
func bare(t *testing.T, k int) *ExtendedMatrix {
	t.Helper()
	rows := randomRows(4, k)
	m, err := Extend(newSetup(t), rows, commit(t, rows), nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func recoverFrom(t *testing.T, m *ExtendedMatrix, cells map[Coord]*kzg.Cell) (*ExtendedMatrix, error) {
	t.Helper()
	return Recover(newSetup(t), m.K(), m.commitments[:m.K()], cells)
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
			if _, err := recoverFrom(t, m, cells); !errors.Is(err, ErrUnrecoverable) {
				t.Fatalf("recovered from what a withholder leaves: %v", err)
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
