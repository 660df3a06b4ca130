package main

import (
	"errors"
	"sync"
	"testing"

	goethkzg "github.com/crate-crypto/go-eth-kzg"
	ckzg "github.com/ethereum/c-kzg-4844/v2/bindings/go"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// batch is a set of cells to verify.
type batch struct {
	commitments []kzg.Commitment
	columns     []int
	cells       []*kzg.Cell
	proofs      []kzg.Proof
}

// library is one implementation. verify says whether it accepts.
type library struct {
	name    string
	commit  func(*kzg.Row) (kzg.Commitment, error)
	cells   func(*kzg.Row) (*[kzg.Columns]kzg.Cell, error)
	prove   func(*kzg.Row) (*[kzg.Columns]kzg.Proof, error)
	verify  func(*batch) bool
	recover func(columns []int, cells []*kzg.Cell) (*[kzg.Columns]kzg.Cell, error)
}

// sharedSetup loads our setup once for all tests.
var sharedSetup = sync.OnceValues(kzg.NewSetup)

func newSetup(tb testing.TB) *kzg.Setup {
	tb.Helper()
	setup, err := sharedSetup()
	if err != nil {
		tb.Fatal(err)
	}
	return setup
}

// loadLibraries loads ours first, and then those that it is held against.
var loadLibraries = sync.OnceValues(func() ([]library, error) {
	setup, err1 := sharedSetup()
	theirs, err2 := goethkzg.NewContext4096Secure()
	independent, err3 := newGoKZG()
	if err := errors.Join(err1, err2, err3, loadOnce()); err != nil {
		return nil, err
	}
	return []library{
		oursLibrary(setup), goEthKZGLibrary(theirs), cKZGLibrary(),
		{"go-kzg", independent.commit, independent.cells, independent.prove, independent.verify, independent.recover},
	}, nil
})

// loadOnce loads c-kzg without a table: tests compute little.
var loadOnce = sync.OnceValue(func() error { return loadCKZG(0) })

func libraries(tb testing.TB) []library {
	tb.Helper()
	all, err := loadLibraries()
	if err != nil {
		tb.Fatal(err)
	}
	return all
}

func oursLibrary(s *kzg.Setup) library {
	return library{
		"ours", s.Commit, s.ComputeCells,
		func(row *kzg.Row) (*[kzg.Columns]kzg.Proof, error) {
			_, proofs, err := s.ComputeCellsAndProofs(row)
			return proofs, err
		},
		func(b *batch) bool { return s.VerifyCells(b.commitments, b.columns, b.cells, b.proofs) == nil },
		s.RecoverCells,
	}
}

func goEthKZGLibrary(c *goethkzg.Context) library {
	return library{
		"go-eth-kzg",
		func(row *kzg.Row) (kzg.Commitment, error) {
			commitment, err := c.BlobToKZGCommitment((*goethkzg.Blob)(row), 1)
			return kzg.Commitment(commitment), err
		},
		func(row *kzg.Row) (*[kzg.Columns]kzg.Cell, error) {
			cells, err := c.ComputeCells((*goethkzg.Blob)(row), 1)
			return fromGoEthKZG(cells, err)
		},
		func(row *kzg.Row) (*[kzg.Columns]kzg.Proof, error) {
			_, computed, err := c.ComputeCellsAndKZGProofs((*goethkzg.Blob)(row), 1)
			proofs := new([kzg.Columns]kzg.Proof)
			for i := range computed {
				proofs[i] = kzg.Proof(computed[i])
			}
			return proofs, err
		},
		func(b *batch) bool {
			return c.VerifyCellKZGProofBatch(convert[goethkzg.KZGCommitment](b.commitments), unsigned(b.columns),
				toGoEthKZG(b.cells), convert[goethkzg.KZGProof](b.proofs)) == nil
		},
		func(columns []int, cells []*kzg.Cell) (*[kzg.Columns]kzg.Cell, error) {
			all, err := c.RecoverCells(unsigned(columns), toGoEthKZG(cells), 1)
			return fromGoEthKZG(all, err)
		},
	}
}

func cKZGLibrary() library {
	return library{
		"c-kzg",
		func(row *kzg.Row) (kzg.Commitment, error) {
			commitment, err := ckzg.BlobToKZGCommitment((*ckzg.Blob)(row))
			return kzg.Commitment(commitment), err
		},
		func(row *kzg.Row) (*[kzg.Columns]kzg.Cell, error) {
			cells, err := ckzg.ComputeCells((*ckzg.Blob)(row))
			return fromCKZG(cells), err
		},
		func(row *kzg.Row) (*[kzg.Columns]kzg.Proof, error) {
			_, computed, err := ckzg.ComputeCellsAndKZGProofs((*ckzg.Blob)(row))
			proofs := new([kzg.Columns]kzg.Proof)
			for i := range computed {
				proofs[i] = kzg.Proof(computed[i])
			}
			return proofs, err
		},
		func(b *batch) bool {
			valid, err := verifyByCKZG(b.commitments, b.columns, b.cells, b.proofs)
			return valid && err == nil
		},
		func(columns []int, cells []*kzg.Cell) (*[kzg.Columns]kzg.Cell, error) {
			all, err := ckzg.RecoverCells(unsigned(columns), toCKZG(cells))
			return fromCKZG(all), err
		},
	}
}

func verifyByCKZG(commitments []kzg.Commitment, columns []int, cells []*kzg.Cell, proofs []kzg.Proof) (bool, error) {
	if err := loadOnce(); err != nil {
		return false, err
	}
	return ckzg.VerifyCellKZGProofBatch(convert[ckzg.Bytes48](commitments), unsigned(columns), toCKZG(cells), convert[ckzg.Bytes48](proofs))
}

func convert[B, A ~[kzg.PointSize]byte](points []A) []B {
	out := make([]B, len(points))
	for i := range points {
		out[i] = B(points[i])
	}
	return out
}

func unsigned(columns []int) []uint64 {
	out := make([]uint64, len(columns))
	for i, column := range columns {
		out[i] = uint64(column)
	}
	return out
}

func toGoEthKZG(cells []*kzg.Cell) []*goethkzg.Cell {
	out := make([]*goethkzg.Cell, len(cells))
	for i := range cells {
		out[i] = (*goethkzg.Cell)(cells[i])
	}
	return out
}

func fromGoEthKZG(cells [kzg.Columns]*goethkzg.Cell, err error) (*[kzg.Columns]kzg.Cell, error) {
	if err != nil {
		return nil, err
	}
	out := new([kzg.Columns]kzg.Cell)
	for i := range cells {
		out[i] = kzg.Cell(*cells[i])
	}
	return out, nil
}

func toCKZG(cells []*kzg.Cell) []ckzg.Cell {
	out := make([]ckzg.Cell, len(cells))
	for i := range cells {
		out[i] = ckzg.Cell(*cells[i])
	}
	return out
}

func fromCKZG(cells [kzg.Columns]ckzg.Cell) *[kzg.Columns]kzg.Cell {
	out := new([kzg.Columns]kzg.Cell)
	for i := range cells {
		out[i] = kzg.Cell(cells[i])
	}
	return out
}
