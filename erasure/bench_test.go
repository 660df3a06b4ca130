package erasure

import (
	"fmt"
	"testing"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

func BenchmarkExtend(b *testing.B) {
	for _, k := range []int{1, 34, 64, 128} {
		for _, proven := range []bool{false, true} {
			b.Run(fmt.Sprintf("k=%d/proofs=%t", k, proven), func(b *testing.B) {
				rows, commitments, proofs := cycled(b, k)
				if !proven {
					proofs = nil
				}
				benchmark(b, k*kzg.RowSize, func() error { _, err := Extend(newSetup(b), rows, commitments, proofs); return err })
			})
		}
	}
}

func BenchmarkVerifyCells(b *testing.B) {
	for _, k := range []int{34, 128} {
		rows, commitments, proofs := cycled(b, k)
		m, err := Extend(newSetup(b), rows, commitments, proofs)
		if err != nil {
			b.Fatal(err)
		}
		for _, samples := range []int{1, 30} {
			b.Run(fmt.Sprintf("k=%d/cells=%d", k, samples), func(b *testing.B) {
				var coords []Coord
				for i := range samples {
					coords = append(coords, Coord{(7*i + k) % (2 * k), 11 * i % kzg.Columns})
				}
				c := casesOf(m, coords...)
				benchmark(b, samples*kzg.CellSize, func() error {
					return VerifyCells(newSetup(b), c.commitments, c.coords, c.cells, c.proofs)
				})
			})
		}
	}
}

func BenchmarkRecoverProofs(b *testing.B) {
	rows, commitments, proofs := cycled(b, 34)
	m, err := Extend(newSetup(b), rows, commitments, proofs)
	if err != nil {
		b.Fatal(err)
	}
	for name, keep := range map[string]func(Coord) bool{
		"one row":       func(at Coord) bool { return at.Row != 3 },
		"a tenth":       func(at Coord) bool { return (at.Row+at.Column)%10 != 0 },
		"original rows": func(at Coord) bool { return at.Row >= 34 },
	} {
		b.Run("missing="+name, func(b *testing.B) {
			known := make(map[Coord]kzg.Proof)
			for at := range cellsWhere(m, keep) {
				known[at], _ = m.Proof(at)
			}
			benchmark(b, len(rows)*kzg.RowSize, func() error { _, err := RecoverProofs(newSetup(b), m, known); return err })
		})
	}
}

// BenchmarkRecoverStaircase recovers from what makes recovery take the most steps, and the same cells' number in one step.
func BenchmarkRecoverStaircase(b *testing.B) {
	for _, k := range []int{65, MaxRows} {
		rows, commitments, _ := cycled(b, k)
		m, err := Extend(newSetup(b), rows, commitments, nil)
		if err != nil {
			b.Fatal(err)
		}
		for name, keep := range map[string]func(Coord) bool{
			"staircase": staircase(k),
			"columns":   func(at Coord) bool { return at.Row >= k && at.Column < kzg.RowCells },
		} {
			b.Run(fmt.Sprintf("k=%d/from=%s", k, name), func(b *testing.B) {
				cells := cellsWhere(m, keep)
				benchmark(b, k*kzg.RowSize, func() error { _, err := recoverFrom(b, m, cells); return err })
			})
		}
	}
}

func BenchmarkRecover(b *testing.B) {
	for _, k := range []int{34} {
		rows, commitments, _ := cycled(b, k)
		m, err := Extend(newSetup(b), rows, commitments, nil)
		if err != nil {
			b.Fatal(err)
		}
		for name, keep := range map[string]func(Coord) bool{
			"rows":    func(at Coord) bool { return at.Row < k && at.Column%2 == 0 },
			"columns": func(at Coord) bool { return at.Column%2 == 0 && at.Row >= k },
			"both":    func(at Coord) bool { return (at.Row+at.Column)%2 == 0 },
		} {
			b.Run(fmt.Sprintf("k=%d/from=%s", k, name), func(b *testing.B) {
				cells := cellsWhere(m, keep)
				benchmark(b, k*kzg.RowSize, func() error { _, err := recoverFrom(b, m, cells); return err })
			})
		}
	}
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
