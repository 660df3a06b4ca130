package kzg

import (
	"bytes"
	"errors"
	"testing"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
)

// rowsCase is a valid input of VerifyRows, to be corrupted.
type rowsCase struct {
	rows        []*Row
	commitments []Commitment
}

func validRows(t *testing.T) *rowsCase {
	t.Helper()
	c := new(rowsCase)
	for _, r := range someRows(t) {
		row := *r.row
		c.rows, c.commitments = append(c.rows, &row), append(c.commitments, r.commitment)
	}
	return c
}

func TestVerifyRowsAcceptsValid(t *testing.T) {
	setup, c := newSetup(t), validRows(t)
	for n := range len(c.rows) + 1 {
		if err := setup.VerifyRows(c.rows[:n], c.commitments[:n]); err != nil {
			t.Errorf("%d rows: %v", n, err)
		}
	}
	if err := setup.VerifyRows([]*Row{new(Row), new(Row)}, []Commitment{{0: 0xc0}, {0: 0xc0}}); err != nil {
		t.Errorf("zero rows: %v", err)
	}
}

func TestVerifyRowsRefusesCorruption(t *testing.T) {
	r := modulus()
	for _, test := range []struct {
		name    string
		corrupt func(*rowsCase)
		want    error
	}{
		{"one bit of the first scalar", func(c *rowsCase) { c.rows[0][31] ^= 1 }, ErrInvalidProof},
		{"one bit of the last scalar", func(c *rowsCase) { c.rows[2][RowSize-1] ^= 1 }, ErrInvalidProof},
		{"rows swapped", func(c *rowsCase) { c.rows[0], c.rows[1] = c.rows[1], c.rows[0] }, ErrInvalidProof},
		{"commitment of another row", func(c *rowsCase) { c.commitments[1] = c.commitments[2] }, ErrInvalidProof},
		{"commitment negated", func(c *rowsCase) { c.commitments[1][0] ^= 0x20 }, ErrInvalidProof},
		{"commitment of the zero row", func(c *rowsCase) { c.commitments[1] = Commitment{0: 0xc0} }, ErrInvalidProof},
		{"opposite errors in two rows", func(c *rowsCase) { shift(c.rows[0], 1); shift(c.rows[1], -1) }, ErrInvalidProof},
		{"scalar = r", func(c *rowsCase) { copy(c.rows[1][64:], r[:]) }, ErrNonCanonicalScalar},
		{"a commitment missing", func(c *rowsCase) { c.commitments = c.commitments[:2] }, ErrBadInput},
		{"a row missing", func(c *rowsCase) { c.rows = c.rows[:2] }, ErrBadInput},
		{"nil row", func(c *rowsCase) { c.rows[2] = nil }, ErrBadInput},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := validRows(t)
			test.corrupt(c)
			if err := newSetup(t).VerifyRows(c.rows, c.commitments); !errors.Is(err, test.want) {
				t.Errorf("have %v, want %v", err, test.want)
			}
		})
	}
	for name, bad := range badPoints(t) {
		t.Run("commitment "+name, func(t *testing.T) {
			c := validRows(t)
			c.commitments[1] = bad
			if err := newSetup(t).VerifyRows(c.rows, c.commitments); !errors.Is(err, ErrInvalidPoint) {
				t.Errorf("have %v, want %v", err, ErrInvalidPoint)
			}
		})
	}
}

// shift adds d to the low byte of a row's first scalar; the random rows leave room.
func shift(row *Row, d int) {
	row[ScalarSize-2] += byte(d)
}

// TestVerifyRowsSmallOrderAttack adds a point of order three to each commitment. A random combination of unchecked points
// would miss one of them one time in three.
func TestVerifyRowsSmallOrderAttack(t *testing.T) {
	c := validRows(t)
	order3 := badPoints(t)["order three"]
	var small bls12381.G1Affine
	decoder := bls12381.NewDecoder(bytes.NewReader(order3[:]), bls12381.NoSubgroupChecks())
	if err := decoder.Decode(&small); err != nil {
		t.Fatal(err)
	}
	for i := range c.commitments {
		points, err := DecodePoints(c.commitments[i : i+1])
		if err != nil {
			t.Fatal(err)
		}
		points[0].Add(&points[0], &small)
		c.commitments[i] = points[0].Bytes()
	}
	for range 16 {
		if err := newSetup(t).VerifyRows(c.rows, c.commitments); !errors.Is(err, ErrInvalidPoint) {
			t.Fatalf("have %v, want %v", err, ErrInvalidPoint)
		}
	}
}
