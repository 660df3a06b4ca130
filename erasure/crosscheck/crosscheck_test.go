package crosscheck

import (
	"errors"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// proven is a row's cells with what binds them.
type proven struct {
	commitment kzg.Commitment
	cells      *[kzg.Columns]kzg.Cell
	proofs     *[kzg.Columns]kzg.Proof
}

func prove(t *testing.T, setup *kzg.Setup, row *kzg.Row) *proven {
	t.Helper()
	commitment, err := setup.Commit(row)
	if err != nil {
		t.Fatal(err)
	}
	cells, proofs, err := setup.ComputeCellsAndProofs(row)
	if err != nil {
		t.Fatal(err)
	}
	return &proven{commitment, cells, proofs}
}

func newChecker(t *testing.T) (*kzg.Setup, *Checker) {
	t.Helper()
	setup, err := kzg.NewSetup()
	if err != nil {
		t.Fatal(err)
	}
	checker, err := New(setup)
	if err != nil {
		t.Fatal(err)
	}
	return setup, checker
}

// countingRow is a row of distinct scalars.
func countingRow() *kzg.Row {
	row := new(kzg.Row)
	for i := range kzg.RowScalars {
		row[i*kzg.ScalarSize+3], row[i*kzg.ScalarSize+7], row[i*kzg.ScalarSize+31] = byte(i>>8), byte(i), 1
	}
	return row
}

// TestAgrees holds all columns of a row, and rows with points at infinity.
func TestAgrees(t *testing.T) {
	setup, checker := newChecker(t)
	ones := new(kzg.Row)
	for i := range kzg.RowScalars {
		ones[i*kzg.ScalarSize+31] = 1
	}
	for name, row := range map[string]*kzg.Row{"counting": countingRow(), "zero": new(kzg.Row), "ones": ones} {
		p := prove(t, setup, row)
		for column := range kzg.Columns {
			if err := checker.VerifyCell(p.commitment, column, &p.cells[column], p.proofs[column]); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// TestDisagrees gives the checker what is not valid, one thing at a time.
func TestDisagrees(t *testing.T) {
	setup, checker := newChecker(t)
	const column = 70
	p := prove(t, setup, countingRow())
	another := prove(t, setup, new(kzg.Row))
	modulus := p.cells[column]
	fr.Modulus().FillBytes(modulus[:kzg.ScalarSize])
	altered := p.cells[column]
	altered[kzg.CellSize-1] ^= 1
	for name, err := range map[string]error{
		"another row's commitment": checker.VerifyCell(another.commitment, column, &p.cells[column], p.proofs[column]),
		"another row's cell":       checker.VerifyCell(p.commitment, column, &another.cells[column], p.proofs[column]),
		"another row's proof":      checker.VerifyCell(p.commitment, column, &p.cells[column], another.proofs[column]),
		"another column's proof":   checker.VerifyCell(p.commitment, column, &p.cells[column], p.proofs[column+1]),
		"another column":           checker.VerifyCell(p.commitment, column+1, &p.cells[column], p.proofs[column]),
		"an altered cell":          checker.VerifyCell(p.commitment, column, &altered, p.proofs[column]),
		"a scalar of r":            checker.VerifyCell(p.commitment, column, &modulus, p.proofs[column]),
		"no commitment":            checker.VerifyCell(kzg.Commitment{}, column, &p.cells[column], p.proofs[column]),
		"no proof":                 checker.VerifyCell(p.commitment, column, &p.cells[column], kzg.Proof{}),
		"a negative column":        checker.VerifyCell(p.commitment, -1, &p.cells[column], p.proofs[column]),
		"column 128":               checker.VerifyCell(p.commitment, kzg.Columns, &p.cells[column], p.proofs[column]),
	} {
		if !errors.Is(err, ErrDisagrees) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
