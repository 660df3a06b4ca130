package kzg

import (
	"errors"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// cellsCase is a valid input of VerifyCells, to be corrupted.
type cellsCase struct {
	commitments []Commitment
	columns     []int
	cells       []*Cell
	proofs      []Proof
}

// validCells holds original and extended cells, a column that occurs twice and one cell that does.
func validCells(tb testing.TB) *cellsCase {
	tb.Helper()
	rows, c := someRows(tb), new(cellsCase)
	for _, at := range [][2]int{{0, 0}, {0, 127}, {1, 64}, {2, 64}, {1, 63}, {1, 63}} {
		row, cell := rows[at[0]], rows[at[0]].cells[at[1]]
		c.commitments, c.columns = append(c.commitments, row.commitment), append(c.columns, at[1])
		c.cells, c.proofs = append(c.cells, &cell), append(c.proofs, row.proofs[at[1]])
	}
	return c
}

func (c *cellsCase) verify(tb testing.TB) error {
	return newSetup(tb).VerifyCells(c.commitments, c.columns, c.cells, c.proofs)
}

func TestVerifyCellsAcceptsValid(t *testing.T) {
	if err := validCells(t).verify(t); err != nil {
		t.Error(err)
	}
	if err := new(cellsCase).verify(t); err != nil {
		t.Errorf("no cells: %v", err)
	}
	for _, r := range someRows(t) {
		c := new(cellsCase)
		for column := range Columns {
			c.commitments, c.columns = append(c.commitments, r.commitment), append(c.columns, column)
			c.cells, c.proofs = append(c.cells, &r.cells[column]), append(c.proofs, r.proofs[column])
		}
		if err := c.verify(t); err != nil {
			t.Errorf("all cells of a row: %v", err)
		}
	}
}

func TestVerifyCellsRefusesCorruption(t *testing.T) {
	r := modulus()
	for _, test := range []struct {
		name    string
		corrupt func(*cellsCase)
		want    error
	}{
		{"one bit of a cell", func(c *cellsCase) { c.cells[0][31] ^= 1 }, ErrInvalidProof},
		{"last bit of a cell", func(c *cellsCase) { c.cells[1][CellSize-1] ^= 1 }, ErrInvalidProof},
		{"wrong column", func(c *cellsCase) { c.columns[2] = 65 }, ErrInvalidProof},
		{"wrong row", func(c *cellsCase) { c.commitments[2] = c.commitments[0] }, ErrInvalidProof},
		{"proof of another cell", func(c *cellsCase) { c.proofs[0] = c.proofs[1] }, ErrInvalidProof},
		{"proof negated", func(c *cellsCase) { c.proofs[0][0] ^= 0x20 }, ErrInvalidProof},
		{"proof zero", func(c *cellsCase) { c.proofs[0] = Proof{0: 0xc0} }, ErrInvalidProof},
		{"cells of two rows swapped", func(c *cellsCase) { c.cells[2], c.cells[3] = c.cells[3], c.cells[2] }, ErrInvalidProof},
		{"proofs of two rows swapped", func(c *cellsCase) { c.proofs[2], c.proofs[3] = c.proofs[3], c.proofs[2] }, ErrInvalidProof},
		{"opposite errors in equal cells", func(c *cellsCase) { c.cells[4][30]++; c.cells[5][30]-- }, ErrInvalidProof},
		{"scalar = r", func(c *cellsCase) { copy(c.cells[3][32:], r[:]) }, ErrNonCanonicalScalar},
		{"column −1", func(c *cellsCase) { c.columns[0] = -1 }, ErrBadInput},
		{"column 128", func(c *cellsCase) { c.columns[0] = Columns }, ErrBadInput},
		{"nil cell", func(c *cellsCase) { c.cells[0] = nil }, ErrBadInput},
		{"a commitment missing", func(c *cellsCase) { c.commitments = c.commitments[1:] }, ErrBadInput},
		{"a column missing", func(c *cellsCase) { c.columns = c.columns[1:] }, ErrBadInput},
		{"a cell missing", func(c *cellsCase) { c.cells = c.cells[1:] }, ErrBadInput},
		{"a proof missing", func(c *cellsCase) { c.proofs = c.proofs[1:] }, ErrBadInput},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := validCells(t)
			test.corrupt(c)
			if err := c.verify(t); !errors.Is(err, test.want) {
				t.Errorf("have %v, want %v", err, test.want)
			}
		})
	}
	for name, bad := range badPoints(t) {
		t.Run(name, func(t *testing.T) {
			for what, corrupt := range map[string]func(*cellsCase){
				"commitment": func(c *cellsCase) { c.commitments[1] = bad },
				"proof":      func(c *cellsCase) { c.proofs[1] = bad },
			} {
				c := validCells(t)
				corrupt(c)
				if err := c.verify(t); !errors.Is(err, ErrInvalidPoint) {
					t.Errorf("%s: have %v, want %v", what, err, ErrInvalidPoint)
				}
			}
		})
	}
}

// TestVerifyBatchFolds verifies cells of the sum of two rows, of which only the summands' commitments are given.
func TestVerifyBatchFolds(t *testing.T) {
	rows := someRows(t)
	sum := addRows(t, rows[0].row, rows[1].row)
	cells, proofs, err := newSetup(t).ComputeCellsAndProofs(sum)
	if err != nil {
		t.Fatal(err)
	}
	commitments, err := DecodeCommitments([]Commitment{rows[0].commitment, rows[1].commitment})
	if err != nil {
		t.Fatal(err)
	}
	fold := Fold{Rows: 3, Transpose: func(w []fr.Element) []fr.Element {
		out := make([]fr.Element, 2)
		out[0].Add(&w[0], &w[2])
		out[1].Add(&w[1], &w[2])
		return out
	}}
	batch := Batch{
		Rows: []int{2, 0}, Columns: []int{100, 100}, Cells: []*Cell{&cells[100], &rows[0].cells[100]},
		Proofs: []Proof{proofs[100], rows[0].proofs[100]},
	}
	if err := newSetup(t).VerifyBatch(commitments, fold, batch); err != nil {
		t.Error(err)
	}
	batch.Rows[0] = 1
	if err := newSetup(t).VerifyBatch(commitments, fold, batch); !errors.Is(err, ErrInvalidProof) {
		t.Errorf("cell of another row: have %v, want %v", err, ErrInvalidProof)
	}
	batch.Rows[0] = 3
	if err := newSetup(t).VerifyBatch(commitments, fold, batch); !errors.Is(err, ErrBadInput) {
		t.Errorf("row outside the fold: have %v, want %v", err, ErrBadInput)
	}
}

func addRows(t *testing.T, a, b *Row) *Row {
	t.Helper()
	x, err1 := decodeRow(a)
	y, err2 := decodeRow(b)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	for i := range x {
		x[i].Add(&x[i], &y[i])
	}
	sum := new(Row)
	EncodeScalars(sum[:], x)
	return sum
}

// FuzzCell holds that no cell but the true one verifies, whatever the bytes of cell and proof, and that nothing panics.
func FuzzCell(f *testing.F) {
	row := someRows(f)[0]
	f.Add(5, row.cells[5][:], row.proofs[5][:])
	f.Add(6, row.cells[5][:], row.proofs[5][:])
	f.Add(-1, []byte{}, []byte{0xc0})
	f.Fuzz(func(t *testing.T, column int, cell, proof []byte) {
		c := &cellsCase{[]Commitment{row.commitment}, []int{column}, []*Cell{new(Cell)}, make([]Proof, 1)}
		copy(c.cells[0][:], cell)
		copy(c.proofs[0][:], proof)
		if c.verify(t) == nil && (*c.cells[0] != row.cells[column] || c.proofs[0] != row.proofs[column]) {
			t.Fatalf("a false cell verifies in column %d", column)
		}
	})
}
