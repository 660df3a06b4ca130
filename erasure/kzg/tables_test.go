package kzg

import (
	"errors"
	"fmt"
	"runtime"
	"testing"
)

// size returns how many bytes of tables are kept once they are loaded.
func (t *tables) size() (bytes int, err error) {
	if t.rows != nil {
		bytes = len(t.rows().shifts) * pointSize
	}
	if !t.keep {
		return bytes, nil
	}
	p, err := t.prover()
	for c := range p.combs {
		for _, table := range p.combs[c].tables {
			bytes += len(table) * pointSize
		}
	}
	return bytes, err
}

// TestTablesFitTheirBound holds that tables take the memory they are given and no more, none with none.
func TestTablesFitTheirBound(t *testing.T) {
	for _, test := range []struct {
		bytes, least int
		rows, keep   bool
	}{
		{0, 0, false, false},
		{leastCombs - 1, 0, false, false},
		{leastCombs, leastCombs, false, true},
		{rowTable - 1, 4 << 20, false, true},
		{rowTable, rowTable, true, false},
		{8 << 20, rowTable, true, false},
		{rowTable + leastCombs, rowTable + leastCombs, true, true},
		{DefaultTables, DefaultTables * 3 / 4, true, true},
		{MaxTables, MaxTables / 2, true, true},
	} {
		setup, err := NewSetupWithTables(test.bytes)
		if err != nil {
			t.Fatal(err)
		}
		if err := setup.LoadTables(); err != nil {
			t.Fatal(err)
		}
		size, err := setup.tables.size()
		if err != nil || size < test.least || size > test.bytes {
			t.Errorf("with %d bytes allowed tables take %d: %v", test.bytes, size, err)
		}
		if rows := setup.tables.rows != nil; rows != test.rows || setup.tables.keep != test.keep {
			t.Errorf("with %d bytes allowed: for rows %t, for proofs %t", test.bytes, rows, setup.tables.keep)
		}
	}
}

// TestTablesChangeNothing computes and verifies with none and with those of rows alone what the shared setup computed.
func TestTablesChangeNothing(t *testing.T) {
	for _, bytes := range []int{0, 8 << 20} {
		setup, err := NewSetupWithTables(bytes)
		if err != nil {
			t.Fatal(err)
		}
		var rows []*Row
		var commitments []Commitment
		for _, r := range someRows(t) {
			commitment, err := setup.Commit(r.row)
			if err != nil || commitment != r.commitment {
				t.Errorf("%d bytes: commitment %x, %v; want %x", bytes, commitment, err, r.commitment)
			}
			rows, commitments = append(rows, r.row), append(commitments, r.commitment)
		}
		for name, row := range edgeRows(t) {
			commitment, err := setup.Commit(row)
			if want, wantErr := newSetup(t).Commit(row); commitment != want || !errors.Is(err, wantErr) {
				t.Errorf("%d bytes: commitment of row %q: %x, %v; want %x, %v", bytes, name, commitment, err, want, wantErr)
			}
		}
		if err := setup.VerifyRows(rows, commitments); err != nil {
			t.Errorf("%d bytes: rows: %v", bytes, err)
		}
		commitments[0], commitments[1] = commitments[1], commitments[0]
		if err := setup.VerifyRows(rows, commitments); !errors.Is(err, ErrInvalidProof) {
			t.Errorf("%d bytes: commitments swapped: have %v, want %v", bytes, err, ErrInvalidProof)
		}
		proof, y, err := setup.ProveAt(rows[0], Scalar{31: 5})
		if wantProof, wantY, _ := newSetup(t).ProveAt(rows[0], Scalar{31: 5}); err != nil || proof != wantProof || y != wantY {
			t.Errorf("%d bytes: proof at a point: %x, %x, %v", bytes, proof, y, err)
		}
	}
}

// BenchmarkTables loads the tables of each bound and says what memory the setup takes with them.
func BenchmarkTables(b *testing.B) {
	for _, mib := range []int{0, 1, 8, 16, 32, 64, 128} {
		b.Run(fmt.Sprintf("MiB=%d", mib), func(b *testing.B) {
			before := heap()
			var setup *Setup
			for b.Loop() {
				var err error
				if setup, err = NewSetupWithTables(mib << 20); err != nil {
					b.Fatal(err)
				}
				if err := setup.LoadTables(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric((heap()-before)/(1<<20), "MiB")
			runtime.KeepAlive(setup)
		})
	}
}

// heap returns the bytes that are in use.
func heap() float64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return float64(stats.HeapAlloc)
}
