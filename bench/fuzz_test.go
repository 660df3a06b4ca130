package main

import (
	"bytes"
	"math/big"
	"sync"
	"testing"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"

	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// provenRow is a row with what we compute of it.
type provenRow struct {
	row        *kzg.Row
	commitment kzg.Commitment
	cells      *[kzg.Columns]kzg.Cell
	proofs     *[kzg.Columns]kzg.Proof
}

// twoRows are random rows that fuzz targets start from, computed once.
var twoRows = sync.OnceValues(func() (rows [2]provenRow, err error) {
	setup, err := sharedSetup()
	if err != nil {
		return rows, err
	}
	for i := range rows {
		r := &rows[i]
		r.row = randomRow(newRand(uint64(20 + i)))
		if r.commitment, err = setup.Commit(r.row); err != nil {
			return rows, err
		}
		if r.cells, r.proofs, err = setup.ComputeCellsAndProofs(r.row); err != nil {
			return rows, err
		}
	}
	return rows, nil
})

func someRows(tb testing.TB) [2]provenRow {
	tb.Helper()
	rows, err := twoRows()
	if err != nil {
		tb.Fatal(err)
	}
	return rows
}

// rowFrom repeats data until it fills a row; unless raw its scalars are made canonical.
func rowFrom(data []byte, raw bool) *kzg.Row {
	row := new(kzg.Row)
	for at := 0; len(data) > 0 && at < len(row); {
		at += copy(row[at:], data)
	}
	for at := 0; !raw && at < len(row); at += kzg.ScalarSize {
		row[at] &= 0x3f
	}
	return row
}

func addRows(f *testing.F) {
	top := bytes.Repeat([]byte{0xff}, kzg.ScalarSize)
	order := fr.Modulus().Bytes()
	for _, seed := range [][]byte{nil, {1}, top, order, append([]byte{0x73}, make([]byte, 2*kzg.ScalarSize)...), []byte("any text that is no multiple of a scalar")} {
		f.Add(seed, false)
		f.Add(seed, true)
	}
}

// FuzzRows compares the libraries' commitments and cells.
func FuzzRows(f *testing.F) {
	libraries(f) // here, since a fuzzed call may not take long
	addRows(f)
	f.Fuzz(func(t *testing.T, data []byte, raw bool) {
		row := rowFrom(data, raw)
		sameOrRefused(t, "commitment", func(l library) (kzg.Commitment, error) { return l.commit(row) })
		sameOrRefused(t, "cells", func(l library) ([kzg.Columns]kzg.Cell, error) { return of(l.cells(row)) })
	})
}

// FuzzProofs compares the libraries' proofs.
func FuzzProofs(f *testing.F) {
	for _, l := range libraries(f) {
		if _, err := l.prove(new(kzg.Row)); err != nil { // loads what only provers need
			f.Fatal(err)
		}
	}
	f.Add([]byte{1, 2, 3}, false)
	f.Fuzz(func(t *testing.T, data []byte, raw bool) {
		row := rowFrom(data, raw)
		sameOrRefused(t, "proofs", func(l library) ([kzg.Columns]kzg.Proof, error) { return of(l.prove(row)) })
	})
}

// sameOrRefused fails the test unless all libraries compute the same, or all refuse.
func sameOrRefused[T comparable](t *testing.T, what string, compute func(library) (T, error)) {
	t.Helper()
	all := libraries(t)
	first, refused := compute(all[0])
	for _, l := range all[1:] {
		have, err := compute(l)
		if (err == nil) != (refused == nil) {
			t.Errorf("%s: %s says %v, %s says %v", what, l.name, err, all[0].name, refused)
		} else if err == nil && have != first {
			t.Errorf("%s of %s and of %s differ", what, l.name, all[0].name)
		}
	}
}

// FuzzVerifyCell compares the libraries' verdicts on one cell.
func FuzzVerifyCell(f *testing.F) {
	libraries(f)
	for _, r := range someRows(f) {
		f.Add(r.commitment[:], r.proofs[5][:], r.cells[5][:], uint8(5))
		f.Add(r.commitment[:], r.proofs[127][:], r.cells[127][:], uint8(127))
		f.Add(r.commitment[:], r.proofs[5][:], r.cells[5][:], uint8(6))
		f.Add(r.commitment[:], r.proofs[5][:], r.cells[5][:], uint8(128))
	}
	infinity := append([]byte{0xc0}, make([]byte, kzg.PointSize-1)...)
	f.Add(infinity, infinity, []byte{}, uint8(0))
	f.Add(infinity, []byte{}, []byte{}, uint8(0))
	f.Add([]byte{0x80}, infinity, []byte{}, uint8(0)) // x = 0: a point of order three
	f.Fuzz(func(t *testing.T, commitment, proof, cell []byte, column uint8) {
		b, c := new(batch), new(kzg.Cell)
		copy(c[:], cell)
		b.add(kzg.Commitment(point(commitment)), int(column), c, kzg.Proof(point(proof)))
		all := libraries(t)
		want := all[0].verify(b)
		for _, l := range all[1:] {
			if have := l.verify(b); have != want {
				t.Errorf("%s says %t, %s says %t", l.name, have, all[0].name, want)
			}
		}
	})
}

// point cuts or pads data to the length of a point.
func point(data []byte) (p [kzg.PointSize]byte) {
	copy(p[:], data)
	return p
}

// FuzzRecover compares what the libraries recover from the cells of a row that a mask leaves.
func FuzzRecover(f *testing.F) {
	libraries(f)
	f.Add([]byte{1}, bytes.Repeat([]byte{0x55}, kzg.Columns/8))
	f.Add([]byte{}, bytes.Repeat([]byte{0xf0}, kzg.Columns/8))
	f.Add([]byte("some text"), append(bytes.Repeat([]byte{0xff}, kzg.RowCells/8), 1))
	f.Add([]byte("some text"), bytes.Repeat([]byte{0xff}, kzg.RowCells/8-1))
	f.Fuzz(func(t *testing.T, data, mask []byte) {
		all, err := newSetup(t).ComputeCells(rowFrom(data, false))
		if err != nil {
			t.Fatal(err)
		}
		var columns []int
		var cells []*kzg.Cell
		for c := range kzg.Columns {
			if c/8 < len(mask) && mask[c/8]>>(c%8)&1 == 1 {
				columns, cells = append(columns, c), append(cells, &all[c])
			}
		}
		sameOrRefused(t, "recovered", func(l library) ([kzg.Columns]kzg.Cell, error) { return of(l.recover(columns, cells)) })
	})
}

// FuzzExtendColumn extends columns whose rows are combinations f·a + g·b of two rows with small factors, so that sums
// and differences of points meet, cancel and vanish; c-kzg verifies every extended cell with its extended proof.
func FuzzExtendColumn(f *testing.F) {
	someRows(f)
	if err := loadOnce(); err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{1, 0, 1, 0, 1, 0}, uint8(3))
	f.Add([]byte{1, 0, 255, 0, 1, 0}, uint8(0))
	f.Add([]byte{2, 1, 1, 1, 0, 1}, uint8(127))
	f.Add([]byte{0, 0, 0, 0, 1, 1, 0, 0}, uint8(64))
	f.Add([]byte{0, 0}, uint8(7))
	f.Fuzz(func(t *testing.T, factors []byte, column uint8) {
		k, c := len(factors)/2, int(column)%kzg.Columns
		if k < 1 || k > 12 {
			return
		}
		two := someRows(t)
		var commitments []kzg.Commitment
		var cells []*kzg.Cell
		var proofs []kzg.Proof
		for i := range k {
			x, y := int64(int8(factors[2*i])), int64(int8(factors[2*i+1]))
			commitments = append(commitments, combinePoints(x, two[0].commitment, y, two[1].commitment))
			proofs = append(proofs, combinePoints(x, two[0].proofs[c], y, two[1].proofs[c]))
			cells = append(cells, combineCells(x, &two[0].cells[c], y, &two[1].cells[c]))
		}
		extended, err1 := erasure.ExtendCommitments(commitments)
		allCells, allProofs, err2 := erasure.ExtendColumn(cells, proofs)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		columns := make([]int, 2*k)
		for i := range columns {
			columns[i] = c
		}
		if valid, err := verifyByCKZG(extended, columns, allCells, allProofs); err != nil || !valid {
			t.Errorf("c-kzg says %t, %v", valid, err)
		}
	})
}

// combinePoints returns x·p + y·q.
func combinePoints[T kzg.Commitment | kzg.Proof](x int64, p T, y int64, q T) T {
	var sum, term bls12381.G1Jac
	for i, encoded := range []T{p, q} {
		var affine bls12381.G1Affine
		bytes := [kzg.PointSize]byte(encoded)
		if _, err := affine.SetBytes(bytes[:]); err != nil {
			panic(err) // computed by us
		}
		term.FromAffine(&affine)
		sum.AddAssign(term.ScalarMultiplication(&term, big.NewInt([]int64{x, y}[i])))
	}
	var affine bls12381.G1Affine
	return T(affine.FromJacobian(&sum).Bytes())
}

// combineCells returns x·a + y·b.
func combineCells(x int64, a *kzg.Cell, y int64, b *kzg.Cell) *kzg.Cell {
	out := new(kzg.Cell)
	var f, g, u, v fr.Element
	f.SetInt64(x)
	g.SetInt64(y)
	for at := 0; at < kzg.CellSize; at += kzg.ScalarSize {
		u.SetBytes(a[at : at+kzg.ScalarSize])
		v.SetBytes(b[at : at+kzg.ScalarSize])
		u.Mul(&u, &f).Add(&u, v.Mul(&v, &g))
		encoded := u.Bytes()
		copy(out[at:], encoded[:])
	}
	return out
}
