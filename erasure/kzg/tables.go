package kzg

import (
	"sync"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

const (
	// DefaultTables is how many bytes of tables NewSetup allows.
	DefaultTables = 32 << 20
	// MaxTables is how many bytes of tables are of any use.
	MaxTables = 128 << 20
	// rowTable is the size in bytes of the table for rows.
	rowTable = (fr.Bits + rowDigits) / rowDigits * RowScalars * pointSize
	// leastCombs is the size in bytes of the least tables that proofs are computed from: the points themselves.
	leastCombs = 2 * RowScalars * pointSize
	// passingCombs is the size in bytes of those that are built for one call where none are kept.
	passingCombs = 2 << 20
)

// tables are what a Setup keeps to compute faster. They are built when they are first needed.
type tables struct {
	rows   func() *fixedBase       // for commitments; nil: none
	prover func() (*prover, error) // for proofs; builds one on every call if none is kept
	keep   bool                    // whether there is anything to build beforehand
}

// newTables divides memory. Commitments come first: every node that takes part in consensus verifies rows, and few prove any.
func newTables(s *Setup, bytes int) *tables {
	t := new(tables)
	if bytes >= rowTable {
		bytes -= rowTable
		t.rows = sync.OnceValue(func() *fixedBase { return newFixedBase(s.lagrange, rowDigits) })
	}
	t.prover = func() (*prover, error) { return newProver(s, passingCombs) }
	if bytes >= leastCombs {
		t.keep = true
		t.prover = sync.OnceValues(func() (*prover, error) { return newProver(s, bytes) })
	}
	return t
}

// LoadTables builds the tables in some tenths of a second; otherwise that happens when they are first needed, by a row to be
// verified or committed to or by a proof to be computed. Verifiers of cells never need any.
func (s *Setup) LoadTables() error {
	if s.tables.rows != nil {
		s.tables.rows()
	}
	if !s.tables.keep {
		return nil
	}
	_, err := s.tables.prover()
	return err
}
