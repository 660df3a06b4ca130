package erasure

import (
	"fmt"
	"testing"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// special returns rows that an adversary may choose to bring about equal, opposite and zero points.
func special() map[string]*kzg.Row {
	minusOne, one, two := constantRow(0), constantRow(1), constantRow(2)
	for i := 0; i < kzg.RowSize; i += kzg.ScalarSize {
		copy(minusOne[i:], modulusMinusOne[:])
	}
	return map[string]*kzg.Row{"0": constantRow(0), "1": one, "2": two, "-1": minusOne}
}

// modulusMinusOne is r−1, the largest canonical scalar.
var modulusMinusOne = kzg.Scalar{
	0x73, 0xed, 0xa7, 0x53, 0x29, 0x9d, 0x7d, 0x48, 0x33, 0x39, 0xd8, 0x08, 0x09, 0xa1, 0xd8, 0x05,
	0x53, 0xbd, 0xa4, 0x02, 0xff, 0xfe, 0x5b, 0xfe, 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00,
}

func constantRow(v byte) *kzg.Row {
	row := new(kzg.Row)
	for i := kzg.ScalarSize - 1; i < kzg.RowSize; i += kzg.ScalarSize {
		row[i] = v
	}
	return row
}

// checkAgainstFK20 holds every extended row's commitment, cells and proofs against those computed from the row itself.
func checkAgainstFK20(t *testing.T, m *ExtendedMatrix) {
	t.Helper()
	for i := m.K(); i < 2*m.K(); i++ {
		commitment, err := newSetup(t).Commit(m.Row(i))
		if err != nil {
			t.Fatal(err)
		}
		if commitment != m.Commitment(i) {
			t.Errorf("row %d: extended commitment %x, direct %x", i, m.Commitment(i), commitment)
		}
		cells, proofs, err := newSetup(t).ComputeCellsAndProofs(m.Row(i))
		if err != nil {
			t.Fatal(err)
		}
		for c := range kzg.Columns {
			if at := (Coord{i, c}); *m.Cell(at) != cells[c] {
				t.Errorf("cell %v differs", at)
			} else if proof, ok := m.Proof(at); !ok || proof != proofs[c] {
				t.Errorf("proof %v: extended %x, direct %x", at, proof, proofs[c])
			}
		}
	}
}

func TestExtendEqualsDirectComputation(t *testing.T) {
	for _, k := range []int{1, 2, 3, 5} {
		t.Run(fmt.Sprint(k), func(t *testing.T) { checkAgainstFK20(t, extend(t, randomRows(1, k))) })
	}
}

func TestExtendAdversarialRows(t *testing.T) {
	rows, other := special(), randomRow(newRand(2))
	for _, names := range [][]string{
		{"0"}, {"0", "0", "0"}, {"1", "1", "1"}, {"-1", "-1"}, {"1", "-1", "1"}, {"0", "1", "2"}, {"0", "1"}, {"-1", "0", "1", "2"},
		{"x", "x"}, {"x", "0", "x"}, {"0", "x", "x", "1"},
	} {
		t.Run(fmt.Sprint(names), func(t *testing.T) {
			var list []*kzg.Row
			for _, name := range names {
				row := rows[name]
				if name == "x" {
					row = other
				}
				list = append(list, row)
			}
			checkAgainstFK20(t, extend(t, list))
		})
	}
}
