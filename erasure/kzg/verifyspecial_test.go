package kzg

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
)

// specialRows holds rows whose commitments and proofs are infinity, equal or opposite.
func specialRows(t *testing.T) []provenRow {
	t.Helper()
	constant := new(Row)
	for i := ScalarSize - 1; i < RowSize; i += ScalarSize {
		constant[i] = 7
	}
	some := someRows(t)
	var rows []provenRow
	for _, row := range []*Row{new(Row), constant, some[0].row, some[0].row, negatedRow(t, some[0].row), negatedRow(t, constant)} {
		r := provenRow{row: row}
		var err1, err2 error
		r.commitment, err1 = newSetup(t).Commit(row)
		r.cells, r.proofs, err2 = newSetup(t).ComputeCellsAndProofs(row)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, r)
	}
	return rows
}

// add appends a cell of a row to the case.
func (c *cellsCase) add(r *provenRow, column int) {
	cell := r.cells[column]
	c.commitments, c.columns = append(c.commitments, r.commitment), append(c.columns, column)
	c.cells, c.proofs = append(c.cells, &cell), append(c.proofs, r.proofs[column])
}

// only returns the case of cell i alone.
func (c *cellsCase) only(i int) *cellsCase {
	return &cellsCase{c.commitments[i : i+1], c.columns[i : i+1], c.cells[i : i+1], c.proofs[i : i+1]}
}

// TestVerifySpecialRows brings about sums of equal, opposite and zero points, in batches of all sizes.
func TestVerifySpecialRows(t *testing.T) {
	all := new(cellsCase)
	var rows []*Row
	var commitments []Commitment
	for _, r := range specialRows(t) {
		rows, commitments = append(rows, r.row), append(commitments, r.commitment)
		whole := new(cellsCase)
		for column := range Columns {
			whole.add(&r, column)
			all.add(&r, column)
		}
		for _, c := range []*cellsCase{whole, whole.only(0), whole.only(127)} {
			if err := c.verify(t); err != nil {
				t.Error(err)
			}
		}
	}
	if err := all.verify(t); err != nil {
		t.Error(err)
	}
	if err := newSetup(t).VerifyRows(rows, commitments); err != nil {
		t.Error(err)
	}
	all.cells[5][ScalarSize-1] ^= 1
	if err := all.verify(t); !errors.Is(err, ErrInvalidProof) {
		t.Errorf("a cell of the zero row changed: have %v, want %v", err, ErrInvalidProof)
	}
	commitments[0], commitments[1] = commitments[1], commitments[0]
	if err := newSetup(t).VerifyRows(rows, commitments); !errors.Is(err, ErrInvalidProof) {
		t.Errorf("commitments exchanged: have %v, want %v", err, ErrInvalidProof)
	}
}

// TestBatchIsEveryCell holds that a batch verifies if and only if each of its cells does alone.
func TestBatchIsEveryCell(t *testing.T) {
	rng, rows := newRand(10), append(someRows(t), specialRows(t)...)
	for round := range 24 {
		c, right := new(cellsCase), true
		for range 1 + rng.IntN(12) {
			c.add(&rows[rng.IntN(len(rows))], rng.IntN(Columns))
		}
		if i := rng.IntN(len(c.cells)); round%3 != 0 {
			switch round % 4 {
			case 0:
				c.cells[i][1+rng.IntN(ScalarSize-1)] ^= 1 << rng.IntN(8)
			case 1:
				c.columns[i] = rng.IntN(Columns)
			case 2:
				c.proofs[i] = rows[rng.IntN(len(rows))].proofs[rng.IntN(Columns)]
			case 3:
				c.commitments[i] = rows[rng.IntN(len(rows))].commitment
			}
		}
		for i := range c.cells {
			right = right && c.only(i).verify(t) == nil
		}
		if err := c.verify(t); (err == nil) != right {
			t.Errorf("round %d: the batch comes to %v, its cells to %t", round, err, right)
		}
	}
}

// TestDecodePointsInOctets decodes as many points as go side by side, and puts a bad one at each place.
func TestDecodePointsInOctets(t *testing.T) {
	rng, points := newRand(11), make([]bls12381.G1Affine, 21)
	for i := range points {
		if points[i] = randomPoint(rng); i%6 == 4 {
			points[i] = bls12381.G1Affine{}
		}
	}
	encoded := EncodePoints[Proof](points)
	for n := range len(encoded) + 1 {
		for name, decode := range map[string]func([]Proof) ([]bls12381.G1Affine, error){
			"checked": DecodePoints[Proof], "verified": DecodeVerified[Proof],
		} {
			have, err := decode(encoded[:n])
			for i := range have {
				if err != nil || have[i] != points[i] {
					t.Fatalf("%s, point %d of %d: %v, %v", name, i, n, have[i], err)
				}
			}
		}
	}
	for name, bad := range badPoints(t) {
		for at := range len(encoded) {
			with := append([]Proof(nil), encoded...)
			with[at] = bad
			_, err := DecodePoints(with)
			if want := fmt.Sprintf("point %d:", at); !errors.Is(err, ErrInvalidPoint) || !strings.Contains(err.Error(), want) {
				t.Fatalf("%s: have %v, want %s", name, err, want)
			}
		}
	}
}
