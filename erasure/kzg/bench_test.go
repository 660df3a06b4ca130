package kzg

import (
	"fmt"
	"slices"
	"testing"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
)

func BenchmarkNewSetup(b *testing.B) {
	for b.Loop() {
		if _, err := NewSetup(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCommit(b *testing.B) {
	setup, row := newSetup(b), someRows(b)[0].row
	benchmark(b, RowSize, func() error { _, err := setup.Commit(row); return err })
}

func BenchmarkComputeCells(b *testing.B) {
	setup, row := newSetup(b), someRows(b)[0].row
	benchmark(b, RowSize, func() error { _, err := setup.ComputeCells(row); return err })
}

func BenchmarkComputeCellsAndProofs(b *testing.B) {
	setup, row := newSetup(b), someRows(b)[0].row
	benchmark(b, RowSize, func() error { _, _, err := setup.ComputeCellsAndProofs(row); return err })
}

func BenchmarkVerifyRows(b *testing.B) {
	for _, n := range []int{1, 34, 128} {
		b.Run(fmt.Sprintf("rows=%d", n), func(b *testing.B) {
			var rows []*Row
			var commitments []Commitment
			for i := range n {
				r := someRows(b)[i%3]
				rows, commitments = append(rows, r.row), append(commitments, r.commitment)
			}
			benchmark(b, n*RowSize, func() error { return newSetup(b).VerifyRows(rows, commitments) })
		})
	}
}

func BenchmarkVerifyCells(b *testing.B) {
	for _, n := range []int{1, 16, 128, 34 * Columns} {
		b.Run(fmt.Sprintf("cells=%d", n), func(b *testing.B) {
			c := new(cellsCase)
			for i := range n {
				r, column := someRows(b)[i/Columns%3], i%Columns
				c.commitments, c.columns = append(c.commitments, r.commitment), append(c.columns, column)
				c.cells, c.proofs = append(c.cells, &r.cells[column]), append(c.proofs, r.proofs[column])
			}
			benchmark(b, n*CellSize, func() error { return c.verify(b) })
		})
	}
}

// BenchmarkDecodePoints decodes points that are good, and as many with one outside the subgroup.
func BenchmarkDecodePoints(b *testing.B) {
	for _, n := range []int{leastSumCheck, RowScalars} {
		good := newSetup(b).lagrange[:n]
		bad := slices.Clone(good)
		bad[2*n/3] = shifted(bad[2*n/3], 1)
		for name, points := range map[string][]bls12381.G1Affine{"good": good, "bad": bad} {
			b.Run(fmt.Sprintf("points=%d/%s", n, name), func(b *testing.B) {
				encoded := EncodePoints[Proof](points)
				for b.Loop() {
					if _, err := DecodePoints(encoded); (err == nil) != (name == "good") {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkRecoverCells(b *testing.B) {
	columns := make([]int, RowCells)
	for i := range columns {
		columns[i] = 2 * i
	}
	c := recoverable(b, columns)
	benchmark(b, RowSize, func() error { _, err := newSetup(b).RecoverCells(c.columns, c.cells); return err })
}

func BenchmarkRecovery(b *testing.B) {
	c := recoverable(b, edgeColumns()["random"])
	recovery, err := newSetup(b).NewRecovery(c.columns)
	if err != nil {
		b.Fatal(err)
	}
	benchmark(b, RowSize, func() error { _, err := recovery.Cells(c.cells); return err })
}

// benchmark measures f, which processes size bytes.
func benchmark(b *testing.B, size int, f func() error) {
	b.SetBytes(int64(size))
	for b.Loop() {
		if err := f(); err != nil {
			b.Fatal(err)
		}
	}
}
