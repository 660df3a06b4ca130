package erasure

import (
	"errors"
	"slices"
	"testing"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// cellsCase is a valid input of VerifyCells, to be corrupted.
type cellsCase struct {
	commitments []kzg.Commitment
	coords      []Coord
	cells       []*kzg.Cell
	proofs      []kzg.Proof
}

func casesOf(m *ExtendedMatrix, coords ...Coord) *cellsCase {
	c := &cellsCase{commitments: slices.Clone(m.commitments[:m.K()]), coords: slices.Clone(coords)}
	for _, at := range coords {
		cell := *m.Cell(at)
		proof, _ := m.Proof(at)
		c.cells, c.proofs = append(c.cells, &cell), append(c.proofs, proof)
	}
	return c
}

// corners are coordinates of each quadrant of a matrix of three rows, one of them twice.
var corners = []Coord{{0, 0}, {2, 127}, {3, 5}, {5, 100}, {4, 100}, {5, 100}, {1, 64}}

func (c *cellsCase) verify(t *testing.T) error {
	return VerifyCells(newSetup(t), c.commitments, c.coords, c.cells, c.proofs)
}

func TestVerifyCellsAcceptsWholeMatrix(t *testing.T) {
	m := sharedMatrix(t)
	var coords []Coord
	for at := range allCells(m) {
		coords = append(coords, at)
	}
	c := casesOf(m, coords...)
	if err := c.verify(t); err != nil {
		t.Fatal(err)
	}
	for _, bad := range [][]int{{}, {17}, {0, 767}, {17, 18, 700}} {
		c := casesOf(m, coords...)
		for _, i := range bad {
			c.cells[i][100] ^= 1
		}
		have, err := FindInvalid(newSetup(t), c.commitments, c.coords, c.cells, c.proofs)
		if err != nil || !slices.Equal(have, bad) {
			t.Errorf("have %v, %v, want %v", have, err, bad)
		}
	}
	if err := casesOf(m).verify(t); err != nil {
		t.Errorf("no cells: %v", err)
	}
}

func TestVerifyCellsRefusesCorruption(t *testing.T) {
	m := sharedMatrix(t)
	order := modulusMinusOne
	order[31]++
	for _, test := range []struct {
		name    string
		corrupt func(*cellsCase)
		want    error
		bad     []int // what FindInvalid says; nil where it fails too
	}{
		{"nothing wrong", func(*cellsCase) {}, nil, []int{}},
		{"one bit of an original cell", func(c *cellsCase) { c.cells[0][31] ^= 1 }, kzg.ErrInvalidProof, []int{0}},
		{"one bit of an extended cell", func(c *cellsCase) { c.cells[3][31] ^= 1 }, kzg.ErrInvalidProof, []int{3}},
		{"wrong column", func(c *cellsCase) { c.coords[3].Column++ }, kzg.ErrInvalidProof, []int{3}},
		{"wrong row", func(c *cellsCase) { c.coords[3].Row-- }, kzg.ErrInvalidProof, []int{3}},
		{"original for extended row", func(c *cellsCase) { c.coords[2].Row = 0 }, kzg.ErrInvalidProof, []int{2}},
		{"wrong proof", func(c *cellsCase) { c.proofs[6] = c.proofs[0] }, kzg.ErrInvalidProof, []int{6}},
		{"proofs of one column swapped", func(c *cellsCase) { c.proofs[3], c.proofs[4] = c.proofs[4], c.proofs[3] }, kzg.ErrInvalidProof, []int{3, 4}},
		{"opposite errors in equal cells", func(c *cellsCase) { c.cells[3][30]++; c.cells[5][30]-- }, kzg.ErrInvalidProof, []int{3, 5}},
		{"every cell", func(c *cellsCase) {
			for _, cell := range c.cells {
				cell[1] ^= 1
			}
		}, kzg.ErrInvalidProof, []int{0, 1, 2, 3, 4, 5, 6}},
		{"scalar = r", func(c *cellsCase) { copy(c.cells[1][:], order[:]) }, kzg.ErrNonCanonicalScalar, []int{1}},
		{"proof off the curve", func(c *cellsCase) { c.proofs[1] = kzg.Proof{0: 0x80, 47: 1} }, kzg.ErrInvalidPoint, []int{1}},
		{"proof of order three", func(c *cellsCase) { c.proofs[1] = kzg.Proof{0: 0x80} }, kzg.ErrInvalidPoint, []int{1}},
		{"proof infinity, not canonical", func(c *cellsCase) { c.proofs[1] = kzg.Proof{0: 0xc0, 47: 1} }, kzg.ErrInvalidPoint, []int{1}},
		{"row 2k", func(c *cellsCase) { c.coords[2].Row = 6 }, kzg.ErrBadInput, []int{2}},
		{"row −1", func(c *cellsCase) { c.coords[2].Row = -1 }, kzg.ErrBadInput, []int{2}},
		{"column 128", func(c *cellsCase) { c.coords[2].Column = 128 }, kzg.ErrBadInput, []int{2}},
		{"nil cell", func(c *cellsCase) { c.cells[2] = nil }, kzg.ErrBadInput, []int{2}},
		{"commitments swapped", func(c *cellsCase) { c.commitments[0], c.commitments[1] = c.commitments[1], c.commitments[0] }, kzg.ErrInvalidProof, []int{0, 2, 3, 4, 5, 6}},
		{"commitment of order three", func(c *cellsCase) { c.commitments[0] = kzg.Commitment{0: 0xa0} }, kzg.ErrInvalidPoint, nil},
		{"no commitments", func(c *cellsCase) { c.commitments = nil }, kzg.ErrBadInput, nil},
		{"a coordinate missing", func(c *cellsCase) { c.coords = c.coords[1:] }, kzg.ErrBadInput, nil},
		{"a cell missing", func(c *cellsCase) { c.cells = c.cells[1:] }, kzg.ErrBadInput, nil},
		{"a proof missing", func(c *cellsCase) { c.proofs = c.proofs[1:] }, kzg.ErrBadInput, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := casesOf(m, corners...)
			test.corrupt(c)
			if err := c.verify(t); !errors.Is(err, test.want) {
				t.Errorf("VerifyCells: have %v, want %v", err, test.want)
			}
			bad, err := FindInvalid(newSetup(t), c.commitments, c.coords, c.cells, c.proofs)
			if test.bad == nil && !errors.Is(err, test.want) {
				t.Errorf("FindInvalid: have %v, want %v", err, test.want)
			}
			if !slices.Equal(bad, test.bad) {
				t.Errorf("FindInvalid: have %v, want %v", bad, test.bad)
			}
		})
	}
}

// Parts are refused whole, and those beside them are not.
func TestFindInvalidParts(t *testing.T) {
	m := sharedMatrix(t)
	for _, test := range []struct {
		name    string
		corrupt []int // cells
		ends    []int
		bad     []int
		want    error
	}{
		{name: "nothing wrong", ends: []int{2, 3, 7}},
		{name: "one cell", corrupt: []int{2}, ends: []int{2, 3, 7}, bad: []int{1}},
		{name: "one cell of several", corrupt: []int{5}, ends: []int{2, 3, 7}, bad: []int{2}},
		{name: "two of one part", corrupt: []int{3, 6}, ends: []int{2, 3, 7}, bad: []int{2}},
		{name: "all", corrupt: []int{0, 2, 6}, ends: []int{2, 3, 7}, bad: []int{0, 1, 2}},
		{name: "beside an empty part", corrupt: []int{2}, ends: []int{2, 2, 7}, bad: []int{2}},
		{name: "cells left over", ends: []int{2, 6}, want: kzg.ErrBadInput},
		{name: "cells that are not there", ends: []int{2, 8}, want: kzg.ErrBadInput},
		{name: "ends that descend", ends: []int{3, 2, 7}, want: kzg.ErrBadInput},
		{name: "no parts", want: kzg.ErrBadInput},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := casesOf(m, corners...)
			for _, i := range test.corrupt {
				c.cells[i][100] ^= 1
			}
			verifier, err := NewVerifier(newSetup(t), c.commitments)
			if err != nil {
				t.Fatal(err)
			}
			bad, err := verifier.FindInvalidParts(c.coords, c.cells, c.proofs, test.ends)
			if !errors.Is(err, test.want) || !slices.Equal(bad, test.bad) {
				t.Errorf("have %v, %v, want %v, %v", bad, err, test.bad, test.want)
			}
		})
	}
}
