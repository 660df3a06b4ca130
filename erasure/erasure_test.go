package erasure

import (
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/erasure/parallel"
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

func commitAll(setup *kzg.Setup, rows []*kzg.Row) ([]kzg.Commitment, error) {
	commitments := make([]kzg.Commitment, len(rows))
	return commitments, parallel.For(len(rows), func(i int) (err error) {
		commitments[i], err = setup.Commit(rows[i])
		return err
	})
}

func proveAll(setup *kzg.Setup, rows []*kzg.Row) ([][]kzg.Proof, error) {
	proofs := make([][]kzg.Proof, len(rows))
	return proofs, parallel.For(len(rows), func(i int) error {
		_, all, err := setup.ComputeCellsAndProofs(rows[i])
		if err == nil {
			proofs[i] = all[:]
		}
		return err
	})
}

func commit(tb testing.TB, rows []*kzg.Row) []kzg.Commitment {
	tb.Helper()
	commitments, err := commitAll(newSetup(tb), rows)
	if err != nil {
		tb.Fatal(err)
	}
	return commitments
}

// extendAll returns the matrix of rows, with proofs.
func extendAll(setup *kzg.Setup, rows []*kzg.Row) (*ExtendedMatrix, error) {
	commitments, err := commitAll(setup, rows)
	if err != nil {
		return nil, err
	}
	proofs, err := proveAll(setup, rows)
	if err != nil {
		return nil, err
	}
	return Extend(setup, rows, commitments, proofs)
}

func extend(tb testing.TB, rows []*kzg.Row) *ExtendedMatrix {
	tb.Helper()
	m, err := extendAll(newSetup(tb), rows)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// matrixOnce extends three random rows once for the whole test package.
var matrixOnce = sync.OnceValues(func() (*ExtendedMatrix, error) {
	setup, err := sharedSetup()
	if err != nil {
		return nil, err
	}
	return extendAll(setup, randomRows(3, 3))
})

func sharedMatrix(tb testing.TB) *ExtendedMatrix {
	tb.Helper()
	m, err := matrixOnce()
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// cycled returns k rows, with commitments and proofs, that repeat those of the shared matrix.
func cycled(tb testing.TB, k int) ([]*kzg.Row, []kzg.Commitment, [][]kzg.Proof) {
	tb.Helper()
	m := sharedMatrix(tb)
	var rows []*kzg.Row
	var commitments []kzg.Commitment
	var proofs [][]kzg.Proof
	for i := range k {
		at := i * i % 6
		rows, commitments, proofs = append(rows, m.Row(at)), append(commitments, m.Commitment(at)), append(proofs, m.proofs[at])
	}
	return rows, commitments, proofs
}
