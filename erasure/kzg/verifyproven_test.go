package kzg

import (
	"errors"
	"slices"
	"testing"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
)

// provenCase is a valid input of VerifyProvenRows, to be corrupted.
type provenCase struct {
	rowsCase
	proofs [][]Proof
}

func validProven(t *testing.T) *provenCase {
	t.Helper()
	c := &provenCase{rowsCase: *validRows(t)}
	for _, r := range someRows(t)[:2] {
		c.proofs = append(c.proofs, slices.Clone(r.proofs[:]))
	}
	return c
}

func (c *provenCase) verify(t *testing.T) error {
	t.Helper()
	return newSetup(t).VerifyProvenRows(c.rows, c.commitments, c.proofs)
}

// addTo adds a multiple of the generator to a proof.
func (c *provenCase) addTo(t *testing.T, row, column, times int) {
	t.Helper()
	points, err := DecodePoints([]Proof{c.proofs[row][column]})
	if err != nil {
		t.Fatal(err)
	}
	generator := newSetup(t).powers[0]
	for range max(times, -times) {
		if times > 0 {
			points[0].Add(&points[0], &generator)
		} else {
			points[0].Sub(&points[0], &generator)
		}
	}
	c.proofs[row][column] = points[0].Bytes()
}

func TestVerifyProvenRowsAcceptsValid(t *testing.T) {
	for proven := range 3 {
		c := validProven(t)
		c.proofs = c.proofs[:proven]
		if err := c.verify(t); err != nil {
			t.Errorf("%d of %d rows proven: %v", proven, len(c.rows), err)
		}
	}
	if err := new(provenCase).verify(t); err != nil {
		t.Errorf("no rows: %v", err)
	}
	special := new(provenCase)
	for _, r := range specialRows(t) {
		special.rows, special.commitments = append(special.rows, r.row), append(special.commitments, r.commitment)
		special.proofs = append(special.proofs, r.proofs[:])
	}
	if err := special.verify(t); err != nil {
		t.Errorf("rows whose proofs are infinity, equal or opposite: %v", err)
	}
}

func TestVerifyProvenRowsRefusesCorruption(t *testing.T) {
	r := modulus()
	for _, test := range []struct {
		name    string
		corrupt func(*provenCase)
		want    error
	}{
		{"one bit of a proven row", func(c *provenCase) { c.rows[0][31] ^= 1 }, ErrInvalidProof},
		{"one bit of a row without proofs", func(c *provenCase) { c.rows[2][RowSize-1] ^= 1 }, ErrInvalidProof},
		{"commitment of another row", func(c *provenCase) { c.commitments[1] = c.commitments[2] }, ErrInvalidProof},
		{"rows and commitments swapped, not proofs", func(c *provenCase) {
			c.rows[0], c.rows[1] = c.rows[1], c.rows[0]
			c.commitments[0], c.commitments[1] = c.commitments[1], c.commitments[0]
		}, ErrInvalidProof},
		{"proofs of the row before", func(c *provenCase) { c.proofs[1] = c.proofs[0] }, ErrInvalidProof},
		{"proofs of two columns swapped", func(c *provenCase) { c.proofs[0][3], c.proofs[0][99] = c.proofs[0][99], c.proofs[0][3] }, ErrInvalidProof},
		{"proofs of two rows swapped", func(c *provenCase) { c.proofs[0][3], c.proofs[1][3] = c.proofs[1][3], c.proofs[0][3] }, ErrInvalidProof},
		{"proof negated", func(c *provenCase) { c.proofs[1][127][0] ^= isLargest }, ErrInvalidProof},
		{"proof infinity", func(c *provenCase) { c.proofs[0][0] = Proof{0: 0xc0} }, ErrInvalidProof},
		{"opposite errors in two rows of a column", func(c *provenCase) { c.addTo(t, 0, 7, 1); c.addTo(t, 1, 7, -1) }, ErrInvalidProof},
		{"opposite errors in two columns of a row", func(c *provenCase) { c.addTo(t, 0, 7, 1); c.addTo(t, 0, 8, -1) }, ErrInvalidProof},
		{"errors that cancel in rows and in columns", func(c *provenCase) {
			for _, column := range []int{7, 8} {
				c.addTo(t, 0, column, 15-2*column)
				c.addTo(t, 1, column, 2*column-15)
			}
		}, ErrInvalidProof},
		{"scalar = r", func(c *provenCase) { copy(c.rows[1][64:], r[:]) }, ErrNonCanonicalScalar},
		{"scalar = r in a row without proofs", func(c *provenCase) { copy(c.rows[2][64:], r[:]) }, ErrNonCanonicalScalar},
		{"a commitment missing", func(c *provenCase) { c.commitments = c.commitments[:2] }, ErrBadInput},
		{"a row missing", func(c *provenCase) { c.rows = c.rows[:2] }, ErrBadInput},
		{"proofs of too many rows", func(c *provenCase) { c.proofs = append(c.proofs, c.proofs...) }, ErrBadInput},
		{"a proof missing", func(c *provenCase) { c.proofs[1] = c.proofs[1][:Columns-1] }, ErrBadInput},
		{"no proofs of a row", func(c *provenCase) { c.proofs[0] = nil }, ErrBadInput},
		{"nil row", func(c *provenCase) { c.rows[2] = nil }, ErrBadInput},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := validProven(t)
			test.corrupt(c)
			if err := c.verify(t); !errors.Is(err, test.want) {
				t.Errorf("have %v, want %v", err, test.want)
			}
		})
	}
	for name, bad := range badPoints(t) {
		t.Run("proof "+name, func(t *testing.T) {
			c := validProven(t)
			c.proofs[1][64] = bad
			if err := c.verify(t); !errors.Is(err, ErrInvalidPoint) {
				t.Errorf("have %v, want %v", err, ErrInvalidPoint)
			}
		})
	}
}

// TestVerifyProvenRowsRefusesEveryFalseProof corrupts the proof of each column in turn.
func TestVerifyProvenRowsRefusesEveryFalseProof(t *testing.T) {
	c := validProven(t)
	generator := newSetup(t).powers[0]
	for column := range Columns {
		good := c.proofs[0][column]
		points, err := DecodePoints([]Proof{good})
		if err != nil {
			t.Fatal(err)
		}
		c.proofs[0][column] = new(bls12381.G1Affine).Add(&points[0], &generator).Bytes()
		if err := c.verify(t); !errors.Is(err, ErrInvalidProof) {
			t.Errorf("column %d: have %v, want %v", column, err, ErrInvalidProof)
		}
		c.proofs[0][column] = good
	}
}
