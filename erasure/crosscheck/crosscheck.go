// Package crosscheck verifies cells a second time, by an implementation that shares no code with package kzg, not even
// field arithmetic: protolambda/go-kzg. It is slow, some milliseconds a cell, and so serves to look now and then
// whether an engine that everything rests on is right. It is never to decide anything: when the two disagree one of
// them is wrong, and a person has to find out which.
//
//	checker, err := crosscheck.New(setup)
//	err = checker.VerifyCell(commitment, column, cell, proof)   // ErrDisagrees, for what kzg found valid
//
// A row's 64 first cells that all verify are a check of its commitment too: a polynomial of degree less than 4096 is
// determined by its 4096 evaluations, which are the row.
package crosscheck

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"

	gokzg "github.com/protolambda/go-kzg"
	"github.com/protolambda/go-kzg/bls"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// ErrDisagrees means that the other implementation does not find valid what was given to it.
var ErrDisagrees = errors.New("crosscheck: the other implementation disagrees")

// Checker verifies cells by the other implementation. It is immutable and safe for concurrent use.
type Checker struct {
	settings *gokzg.KZGSettings
	shifts   [kzg.Columns]bls.Fr // of the coset on which each column's cells are evaluations
}

// New takes the ceremony's parameters over from a setup. It fails with ErrDisagrees if the other implementation does not
// accept their encodings.
func New(setup *kzg.Setup) (*Checker, error) {
	key := setup.VerificationKey()
	g1, g2 := make([]bls.G1Point, kzg.CellScalars+1), make([]bls.G2Point, kzg.CellScalars+1)
	for i, encoded := range key.Powers {
		p, err := bls.FromCompressedG1(encoded[:])
		if err != nil {
			return nil, fmt.Errorf("%w: power %d of the setup: %w", ErrDisagrees, i, err)
		}
		g1[i] = *p
	}
	tau64, err := bls.FromCompressedG2(key.Tau64[:])
	if err != nil {
		return nil, fmt.Errorf("%w: the setup in G2: %w", ErrDisagrees, err)
	}
	g2[kzg.CellScalars] = *tau64
	c := &Checker{settings: gokzg.NewKZGSettings(gokzg.NewFFTSettings(6), g1, g2)}
	roots := gokzg.NewFFTSettings(13).ExpandedRootsOfUnity // of order 8192
	for column := range c.shifts {
		c.shifts[column] = roots[bits.Reverse8(uint8(column))>>1]
	}
	return c, nil
}

// VerifyCell verifies that a cell, 0 ≤ column < 128, is of the row with the commitment. It fails with ErrDisagrees if it
// is not, be it that an encoding is malformed or that the equation does not hold.
func (c *Checker) VerifyCell(commitment kzg.Commitment, column int, cell *kzg.Cell, proof kzg.Proof) error {
	if column < 0 || column >= kzg.Columns {
		return fmt.Errorf("%w: there is no column %d", ErrDisagrees, column)
	}
	committed, err := bls.FromCompressedG1(commitment[:])
	if err != nil {
		return fmt.Errorf("%w: commitment %x: %w", ErrDisagrees, commitment, err)
	}
	proven, err := bls.FromCompressedG1(proof[:])
	if err != nil {
		return fmt.Errorf("%w: proof %x of column %d: %w", ErrDisagrees, proof, column, err)
	}
	values, err := evaluations(cell)
	if err != nil {
		return fmt.Errorf("column %d: %w", column, err)
	}
	if !c.settings.CheckProofMulti(committed, proven, &c.shifts[column], values) {
		return fmt.Errorf("%w: column %d, commitment %x", ErrDisagrees, column, commitment)
	}
	return nil
}

// evaluations decodes a cell's scalars, which are in bit-reversed order, into natural order.
func evaluations(cell *kzg.Cell) ([]bls.Fr, error) {
	values := make([]bls.Fr, kzg.CellScalars)
	for i := range values {
		littleEndian := kzg.Scalar(cell[i*kzg.ScalarSize:])
		slices.Reverse(littleEndian[:])
		if !bls.FrFrom32(&values[bits.Reverse8(uint8(i))>>2], littleEndian) {
			return nil, fmt.Errorf("%w: scalar %d of the cell is not canonical", ErrDisagrees, i)
		}
	}
	return values, nil
}
