package kzg

import (
	"errors"
	"testing"
)

// TestRowFunctionsRefuse holds that every function that takes a row checks it.
func TestRowFunctionsRefuse(t *testing.T) {
	setup, r := newSetup(t), modulus()
	bad := *someRows(t)[0].row
	copy(bad[RowSize-ScalarSize:], r[:])
	commitment := someRows(t)[0].commitment
	for name, call := range map[string]func(*Row) error{
		"Commit":                func(row *Row) error { _, err := setup.Commit(row); return err },
		"ExtendRow":             func(row *Row) error { return setup.ExtendRow(new(Row), row) },
		"ComputeCells":          func(row *Row) error { _, err := setup.ComputeCells(row); return err },
		"ComputeCellsAndProofs": func(row *Row) error { _, _, err := setup.ComputeCellsAndProofs(row); return err },
		"ProveAt":               func(row *Row) error { _, _, err := setup.ProveAt(row, Scalar{}); return err },
		"ProveRow":              func(row *Row) error { _, err := setup.ProveRow(row, commitment); return err },
		"VerifyRowProofs": func(row *Row) error {
			return setup.VerifyRowProofs([]*Row{row}, []Commitment{commitment}, []Proof{{0: 0xc0}})
		},
	} {
		if err := call(&bad); !errors.Is(err, ErrNonCanonicalScalar) {
			t.Errorf("%s: have %v, want %v", name, err, ErrNonCanonicalScalar)
		}
		if err := call(nil); !errors.Is(err, ErrBadInput) {
			t.Errorf("%s of nil: have %v, want %v", name, err, ErrBadInput)
		}
	}
}

func TestRowIsItsFirstCells(t *testing.T) {
	row := someRows(t)[0]
	for column := range RowCells {
		if *row.row.Cell(column) != row.cells[column] {
			t.Fatalf("cell %d differs from the row", column)
		}
	}
}

func TestOpeningsRoundTrip(t *testing.T) {
	setup, row := newSetup(t), someRows(t)[0]
	z, r := Scalar{31: 9}, modulus()
	proof, y, err := setup.ProveAt(row.row, z)
	if err != nil {
		t.Fatal(err)
	}
	rowProof, err := setup.ProveRow(row.row, row.commitment)
	if err != nil {
		t.Fatal(err)
	}
	wrong := y
	wrong[31] ^= 1
	other := someRows(t)[1].commitment
	rows := []*Row{row.row}
	for _, test := range []struct {
		name string
		have error
		want error
	}{
		{"evaluation", setup.VerifyAt(row.commitment, z, y, proof), nil},
		{"wrong y", setup.VerifyAt(row.commitment, z, wrong, proof), ErrInvalidProof},
		{"wrong z", setup.VerifyAt(row.commitment, Scalar{31: 8}, y, proof), ErrInvalidProof},
		{"wrong commitment", setup.VerifyAt(other, z, y, proof), ErrInvalidProof},
		{"z = r", setup.VerifyAt(row.commitment, r, y, proof), ErrNonCanonicalScalar},
		{"y = r", setup.VerifyAt(row.commitment, z, r, proof), ErrNonCanonicalScalar},
		{"bad proof", setup.VerifyAt(row.commitment, z, y, Proof{}), ErrInvalidPoint},
		{"bad commitment", setup.VerifyAt(Commitment{}, z, y, proof), ErrInvalidPoint},
		{"row", setup.VerifyRowProofs(rows, []Commitment{row.commitment}, []Proof{rowProof}), nil},
		{"row, wrong proof", setup.VerifyRowProofs(rows, []Commitment{row.commitment}, []Proof{proof}), ErrInvalidProof},
		{"row, wrong commitment", setup.VerifyRowProofs(rows, []Commitment{other}, []Proof{rowProof}), ErrInvalidProof},
		{"row, no proof", setup.VerifyRowProofs(rows, []Commitment{row.commitment}, nil), ErrBadInput},
	} {
		if !errors.Is(test.have, test.want) {
			t.Errorf("%s: have %v, want %v", test.name, test.have, test.want)
		}
	}
	if _, _, err := setup.ProveAt(row.row, r); !errors.Is(err, ErrNonCanonicalScalar) {
		t.Errorf("ProveAt r: have %v, want %v", err, ErrNonCanonicalScalar)
	}
	if _, err := setup.ProveRow(row.row, Commitment{}); !errors.Is(err, ErrInvalidPoint) {
		t.Errorf("ProveRow with a bad commitment: have %v, want %v", err, ErrInvalidPoint)
	}
}
