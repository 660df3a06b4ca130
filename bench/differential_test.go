package main

import (
	"math/rand/v2"
	"slices"
	"testing"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"

	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// rowOf returns the row with scalar(i) at place i.
func rowOf(scalar func(i int) fr.Element) *kzg.Row {
	row := new(kzg.Row)
	for i := range kzg.RowScalars {
		encoded := scalar(i)
		bytes := encoded.Bytes()
		copy(row[i*kzg.ScalarSize:], bytes[:])
	}
	return row
}

// scaled returns factor·row.
func scaled(row *kzg.Row, factor int64) *kzg.Row {
	var f fr.Element
	f.SetInt64(factor)
	return rowOf(func(i int) (e fr.Element) {
		e.SetBytes(row[i*kzg.ScalarSize : (i+1)*kzg.ScalarSize])
		return *e.Mul(&e, &f)
	})
}

func constantRow(value int64) *kzg.Row {
	return rowOf(func(int) (e fr.Element) { return *e.SetInt64(value) })
}

// unitRow is zero but for a 1.
func unitRow(at int) *kzg.Row {
	return rowOf(func(i int) (e fr.Element) {
		if i == at {
			e.SetOne()
		}
		return e
	})
}

// trickyRows are random rows and those for which an engine's special cases are.
func trickyRows() map[string]*kzg.Row {
	random := randomRow(newRand(2))
	alternating := rowOf(func(i int) (e fr.Element) { return *e.SetInt64(int64(1 - 2*(i%2))) })
	full := rowOf(func(i int) (e fr.Element) { return *e.SetUint64(uint64(i) + 1).Inverse(&e) })
	halfEmpty := *random
	clear(halfEmpty[kzg.RowSize/2:])
	return map[string]*kzg.Row{
		"random":          random,
		"negated":         scaled(random, -1),
		"inverses":        full,
		"zero":            new(kzg.Row),
		"one everywhere":  constantRow(1),
		"r−1 everywhere":  constantRow(-1),
		"first alone":     unitRow(0),
		"last alone":      unitRow(kzg.RowScalars - 1),
		"one cell's edge": unitRow(kzg.CellScalars),
		"±1":              alternating,
		"half empty":      &halfEmpty,
	}
}

// TestLibrariesAgreeOnRows holds commitments, cells and proofs of all libraries against ours.
func TestLibrariesAgreeOnRows(t *testing.T) {
	all := libraries(t)
	for name, row := range trickyRows() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			agree(t, all, row)
		})
	}
}

// agree compares everything that is computed from a row and returns it.
func agree(t *testing.T, all []library, row *kzg.Row) (kzg.Commitment, *[kzg.Columns]kzg.Cell, *[kzg.Columns]kzg.Proof) {
	t.Helper()
	commitment := same(t, all, "commitment", func(l library) (kzg.Commitment, error) { return l.commit(row) })
	cells := same(t, all, "cells", func(l library) ([kzg.Columns]kzg.Cell, error) { return of(l.cells(row)) })
	proofs := same(t, all, "proofs", func(l library) ([kzg.Columns]kzg.Proof, error) { return of(l.prove(row)) })
	return commitment, &cells, &proofs
}

func of[T any](p *T, err error) (T, error) {
	if err != nil {
		var none T
		return none, err
	}
	return *p, nil
}

// same fails the test unless all libraries compute the same, and returns it.
func same[T comparable](t *testing.T, all []library, what string, compute func(library) (T, error)) T {
	t.Helper()
	var first T
	for i, l := range all {
		have, err := compute(l)
		if err != nil {
			t.Fatalf("%s: %s: %v", l.name, what, err)
		}
		if i == 0 {
			first = have
		} else if have != first {
			t.Errorf("%s of %s and of %s differ", what, l.name, all[0].name)
		}
	}
	return first
}

// TestBatchesAgree proves tricky rows in one batch, equal and opposite ones beside each other, and holds each against
// c-kzg.
func TestBatchesAgree(t *testing.T) {
	var names []string
	var rows []*kzg.Row
	for name, row := range trickyRows() {
		names, rows = append(names, name, "opposite of "+name), append(rows, row, scaled(row, -1))
	}
	rows = append(rows, rows[0], rows[0])
	names = append(names, names[0]+" again", names[0]+" once more")
	ours, err := newSetup(t).ComputeCellsAndProofsOf(rows)
	if err != nil {
		t.Fatal(err)
	}
	theirs := libraries(t)[2]
	for i, row := range rows {
		t.Run(names[i], func(t *testing.T) {
			t.Parallel()
			commitment, cells, proofs := agree(t, []library{theirs}, row)
			if ours[i].Commitment != commitment || ours[i].Cells != *cells || ours[i].Proofs != *proofs {
				t.Errorf("ours differ from those of %s", theirs.name)
			}
		})
	}
}

// trickySquares are rows whose finite differences, of commitments and of proofs, meet equal, opposite and zero points.
func trickySquares() map[string][]*kzg.Row {
	a, b := randomRow(newRand(3)), randomRow(newRand(4))
	return map[string][]*kzg.Row{
		"random":           {a, b, randomRow(newRand(5))},
		"zero":             {new(kzg.Row), new(kzg.Row)},
		"equal":            {a, a, a},
		"negated":          {a, scaled(a, -1), a},
		"arithmetic":       {a, scaled(a, 2), scaled(a, 3)},
		"through zero":     {scaled(a, 2), a, new(kzg.Row)},
		"to zero":          {scaled(a, 3), scaled(a, 2), scaled(a, 1)},
		"zero first":       {new(kzg.Row), new(kzg.Row), a},
		"constants":        {constantRow(1), constantRow(-1), constantRow(2), constantRow(0)},
		"units":            {unitRow(0), unitRow(kzg.RowScalars - 1)},
		"a single row":     {a},
		"r−1 everywhere":   {constantRow(-1), constantRow(-1), constantRow(-1)},
		"zeros in between": {a, new(kzg.Row), scaled(a, -1), new(kzg.Row)},
	}
}

// TestLibrariesAgreeOnExtendedRows holds the commitments, cells and proofs of extended rows, which we derive by
// additions, against those that the libraries compute from the rows. go-kzg takes part in the first of each square.
func TestLibrariesAgreeOnExtendedRows(t *testing.T) {
	all := libraries(t)
	for name, rows := range trickySquares() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := extend(t, rows)
			for i := m.K(); i < 2*m.K(); i++ {
				compared := all[2:3]
				if i == m.K() {
					compared = all[1:]
				}
				commitment, cells, proofs := agree(t, compared, m.Row(i))
				if commitment != m.Commitment(i) {
					t.Errorf("row %d: commitment differs", i)
				}
				for column := range kzg.Columns {
					at := erasure.Coord{Row: i, Column: column}
					if proof, _ := m.Proof(at); *m.Cell(at) != cells[column] || proof != proofs[column] {
						t.Fatalf("%v: cell or proof differs", at)
					}
				}
			}
		})
	}
}

func extend(t *testing.T, rows []*kzg.Row) *erasure.ExtendedMatrix {
	t.Helper()
	var commitments []kzg.Commitment
	var proofs [][]kzg.Proof
	for _, row := range rows {
		commitment, err := newSetup(t).Commit(row)
		if err != nil {
			t.Fatal(err)
		}
		_, all, err := newSetup(t).ComputeCellsAndProofs(row)
		if err != nil {
			t.Fatal(err)
		}
		commitments, proofs = append(commitments, commitment), append(proofs, all[:])
	}
	m, err := erasure.Extend(newSetup(t), rows, commitments, proofs)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestLibrariesAgreeOnBatches verifies cells of tricky rows in one batch, as they are and corrupted.
func TestLibrariesAgreeOnBatches(t *testing.T) {
	all, rng, valid := libraries(t), newRand(6), new(batch)
	for _, row := range trickyRows() {
		m := extend(t, []*kzg.Row{row})
		for _, column := range []int{0, 1, rng.IntN(kzg.Columns), kzg.Columns - 1} {
			proof, _ := m.Proof(erasure.Coord{Column: column})
			valid.add(m.Commitment(0), column, m.Cell(erasure.Coord{Column: column}), proof)
		}
	}
	expect(t, all, "valid", valid, true)
	expect(t, all, "empty", new(batch), true)
	for name, corrupt := range corruptions {
		for range 3 {
			spoilt := valid.clone()
			corrupt(spoilt, rng)
			expect(t, all, name, spoilt, false)
		}
	}
}

// TestLibrariesAgreeOnWholeRows verifies tricky rows together with all their proofs, as they are and corrupted, by our
// equation for whole rows and by c-kzg's for cells.
func TestLibrariesAgreeOnWholeRows(t *testing.T) {
	var rows []*kzg.Row
	for _, row := range trickyRows() {
		rows = append(rows, row)
	}
	all, err := newSetup(t).ComputeCellsAndProofsOf(rows)
	if err != nil {
		t.Fatal(err)
	}
	var commitments []kzg.Commitment
	valid, rng := new(batch), newRand(8)
	for i := range all {
		commitments = append(commitments, all[i].Commitment)
		for c := range kzg.Columns {
			valid.add(all[i].Commitment, c, &all[i].Cells[c], all[i].Proofs[c])
		}
	}
	check := func(name string, b *batch, want bool) {
		t.Helper()
		expect(t, libraries(t)[2:3], name, b, want)
		proofs := slices.Collect(slices.Chunk(b.proofs, kzg.Columns))
		if have := newSetup(t).VerifyProvenRows(rows, commitments, proofs) == nil; have != want {
			t.Errorf("%s: ours says %t, want %t", name, have, want)
		}
	}
	check("valid", valid, true)
	for _, name := range []string{"another proof", "a proof of zeros", "errors that cancel"} {
		for range 3 {
			spoilt := valid.clone()
			corruptions[name](spoilt, rng)
			check(name, spoilt, false)
		}
	}
}

func (b *batch) add(commitment kzg.Commitment, column int, cell *kzg.Cell, proof kzg.Proof) {
	b.commitments, b.columns = append(b.commitments, commitment), append(b.columns, column)
	b.cells, b.proofs = append(b.cells, cell), append(b.proofs, proof)
}

func (b *batch) clone() *batch {
	return &batch{slices.Clone(b.commitments), slices.Clone(b.columns), slices.Clone(b.cells), slices.Clone(b.proofs)}
}

func expect(t *testing.T, all []library, name string, b *batch, want bool) {
	t.Helper()
	for _, l := range all {
		if have := l.verify(b); have != want {
			t.Errorf("%s: %s says %t, want %t", name, l.name, have, want)
		}
	}
}

// corruptions make a valid batch invalid.
var corruptions = map[string]func(*batch, *rand.Rand){
	"a cell's bit": func(b *batch, rng *rand.Rand) {
		i := rng.IntN(len(b.cells))
		cell := *b.cells[i]
		cell[rng.IntN(kzg.CellScalars)*kzg.ScalarSize+kzg.ScalarSize-1] ^= 1
		b.cells[i] = &cell
	},
	"a scalar of r": func(b *batch, rng *rand.Rand) {
		i := rng.IntN(len(b.cells))
		cell := *b.cells[i]
		fr.Modulus().FillBytes(cell[:kzg.ScalarSize])
		b.cells[i] = &cell
	},
	"another commitment": func(b *batch, rng *rand.Rand) {
		i := rng.IntN(len(b.cells))
		b.commitments[i] = kzg.Commitment(other(b.commitments[i]))
	},
	"another proof": func(b *batch, rng *rand.Rand) {
		i := rng.IntN(len(b.cells))
		b.proofs[i] = kzg.Proof(other(b.proofs[i]))
	},
	"a proof of zeros": func(b *batch, rng *rand.Rand) { b.proofs[rng.IntN(len(b.proofs))] = kzg.Proof{} },
	"errors that cancel": func(b *batch, rng *rand.Rand) {
		i := rng.IntN(len(b.proofs) - 1)
		b.proofs[i], b.proofs[i+1] = moved(b.proofs[i], false), moved(b.proofs[i+1], true)
	},
}

// other returns another point: the opposite one, or the generator for infinity.
func other[T ~[kzg.PointSize]byte](p T) T {
	if p[0]&0x40 != 0 {
		return T(moved(kzg.Proof(p), false))
	}
	p[0] ^= 0x20
	return p
}

// moved adds the generator to a proof, or subtracts it.
func moved(proof kzg.Proof, subtract bool) kzg.Proof {
	var p bls12381.G1Affine
	if _, err := p.SetBytes(proof[:]); err != nil {
		panic(err) // a proof of a valid batch
	}
	_, _, generator, _ := bls12381.Generators()
	if subtract {
		generator.Neg(&generator)
	}
	return p.Add(&p, &generator).Bytes()
}

// TestLibrariesAgreeOnRecovery recovers tricky rows from random halves of their cells and more.
func TestLibrariesAgreeOnRecovery(t *testing.T) {
	all, rng := libraries(t), newRand(7)
	for name, row := range trickyRows() {
		for _, n := range []int{kzg.RowCells, kzg.RowCells + rng.IntN(kzg.RowCells)} {
			want, err := newSetup(t).ComputeCells(row)
			if err != nil {
				t.Fatal(err)
			}
			columns := rng.Perm(kzg.Columns)[:n]
			slices.Sort(columns)
			cells := make([]*kzg.Cell, n)
			for i, column := range columns {
				cells[i] = &want[column]
			}
			have := same(t, all, name, func(l library) ([kzg.Columns]kzg.Cell, error) { return of(l.recover(columns, cells)) })
			if have != *want {
				t.Errorf("%s: recovered others from %d cells", name, n)
			}
		}
	}
}
