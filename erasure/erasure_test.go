package erasure

import (
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// sharedSetup loads the setup once for the whole test package.
var sharedSetup = sync.OnceValues(kzg.NewSetup)

func newSetup(tb testing.TB) *kzg.Setup {
	tb.Helper()
	setup, err := sharedSetup()
	if err != nil {
		tb.Fatal(err)
	}
	return setup
}

// randomRow returns a row of random canonical scalars: below 2²⁴⁸, so below the modulus.
func randomRow(rng *rand.Rand) *kzg.Row {
	row := new(kzg.Row)
	for i := 0; i < len(row); i += 8 {
		binary.BigEndian.PutUint64(row[i:], rng.Uint64())
	}
	for i := 0; i < len(row); i += kzg.ScalarSize {
		row[i] = 0
	}
	return row
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

func randomRows(seed uint64, k int) []*kzg.Row {
	rng := newRand(seed)
	rows := make([]*kzg.Row, k)
	for i := range rows {
		rows[i] = randomRow(rng)
	}
	return rows
}

func commit(tb testing.TB, rows []*kzg.Row) []kzg.Commitment {
	tb.Helper()
	commitments := make([]kzg.Commitment, len(rows))
	for i, row := range rows {
		var err error
		if commitments[i], err = newSetup(tb).Commit(row); err != nil {
			tb.Fatal(err)
		}
	}
	return commitments
}

func prove(tb testing.TB, rows []*kzg.Row) [][]kzg.Proof {
	tb.Helper()
	proofs := make([][]kzg.Proof, len(rows))
	for i, row := range rows {
		_, all, err := newSetup(tb).ComputeCellsAndProofs(row)
		if err != nil {
			tb.Fatal(err)
		}
		proofs[i] = all[:]
	}
	return proofs
}

// extend returns the matrix of rows, with proofs.
func extend(tb testing.TB, rows []*kzg.Row) *ExtendedMatrix {
	tb.Helper()
	m, err := Extend(newSetup(tb), rows, commit(tb, rows), prove(tb, rows))
	if err != nil {
		tb.Fatal(err)
	}
	return m
}
