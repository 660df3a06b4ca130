package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math/bits"
	"os"
	"slices"
	"strings"
	"sync"

	gokzg "github.com/protolambda/go-kzg"
	"github.com/protolambda/go-kzg/bls"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// goKZG is protolambda's go-kzg, which shares no code with ours, not even field arithmetic, over the parameters that
// c-kzg's module carries.
type goKZG struct {
	powers *gokzg.KZGSettings // of τ, 4096
	fk20   func() *gokzg.FK20MultiSettings
	cell   *gokzg.KZGSettings // for domains of 64
}

func newGoKZG() (*goKZG, error) {
	g1, g2, err := readSetup()
	if err != nil {
		return nil, err
	}
	powers := &gokzg.KZGSettings{FFTSettings: gokzg.NewFFTSettings(13), SecretG1: g1, SecretG2: g2}
	return &goKZG{
		powers: powers,
		fk20: sync.OnceValue(func() *gokzg.FK20MultiSettings {
			return gokzg.NewFK20MultiSettings(powers, 2*kzg.RowScalars, kzg.CellScalars)
		}),
		cell: gokzg.NewKZGSettings(gokzg.NewFFTSettings(6), g1[:kzg.CellScalars+1], g2),
	}, nil
}

// readSetup reads the powers of τ from a file of 4096 points of G1 in Lagrange form, 65 powers in G2, 4096 in G1.
func readSetup() (g1 []bls.G1Point, g2 []bls.G2Point, err error) {
	file, err := setupFile()
	if err != nil {
		return nil, nil, err
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, err
	}
	const inG2 = kzg.CellScalars + 1
	words := strings.Fields(string(data))
	if len(words) != 2+kzg.RowScalars+inG2+kzg.RowScalars {
		return nil, nil, fmt.Errorf("%s: %d words", file, len(words))
	}
	words = words[2+kzg.RowScalars:]
	for i, word := range words {
		encoded, err := hex.DecodeString(word)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", file, err)
		}
		if i < inG2 {
			p, err := bls.FromCompressedG2(encoded)
			if err != nil {
				return nil, nil, fmt.Errorf("%s: %w", file, err)
			}
			g2 = append(g2, *p)
			continue
		}
		p, err := bls.FromCompressedG1(encoded)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", file, err)
		}
		g1 = append(g1, *p)
	}
	return g1, g2, nil
}

var (
	errNotCanonical = errors.New("scalar is not canonical")
	errTooFew       = errors.New("too few cells")
)

// scalars decodes canonical scalars.
func scalars(data []byte) ([]bls.Fr, error) {
	out := make([]bls.Fr, len(data)/kzg.ScalarSize)
	for i := range out {
		encoded := [kzg.ScalarSize]byte(data[i*kzg.ScalarSize:])
		slices.Reverse(encoded[:])
		if !bls.FrFrom32(&out[i], encoded) {
			return nil, errNotCanonical
		}
	}
	return out, nil
}

// reversed returns values in bit-reversed order; there are 2ⁿ.
func reversed[T any](values []T) []T {
	out := make([]T, len(values))
	shift := 64 - (bits.Len(uint(len(values))) - 1)
	for i := range values {
		out[bits.Reverse64(uint64(i))>>shift] = values[i]
	}
	return out
}

// coefficients interpolates a row.
func (g *goKZG) coefficients(row *kzg.Row) ([]bls.Fr, error) {
	evaluations, err := scalars(row[:])
	if err != nil {
		return nil, err
	}
	return g.powers.FFT(reversed(evaluations), true)
}

func (g *goKZG) commit(row *kzg.Row) (kzg.Commitment, error) {
	p, err := g.coefficients(row)
	if err != nil {
		return kzg.Commitment{}, err
	}
	return kzg.Commitment(bls.ToCompressedG1(g.powers.CommitToPoly(p))), nil
}

func (g *goKZG) cells(row *kzg.Row) (*[kzg.Columns]kzg.Cell, error) {
	p, err := g.coefficients(row)
	if err != nil {
		return nil, err
	}
	return g.evaluate(p)
}

// evaluate returns the cells of a polynomial.
func (g *goKZG) evaluate(p []bls.Fr) (*[kzg.Columns]kzg.Cell, error) {
	padded := append(slices.Clone(p), make([]bls.Fr, 2*kzg.RowScalars-len(p))...)
	evaluations, err := g.powers.FFT(padded, false)
	if err != nil {
		return nil, err
	}
	return toCells(reversed(evaluations)), nil
}

func toCells(evaluations []bls.Fr) *[kzg.Columns]kzg.Cell {
	out := new([kzg.Columns]kzg.Cell)
	for i := range evaluations {
		encoded := bls.FrTo32(&evaluations[i])
		slices.Reverse(encoded[:])
		copy(out[i/kzg.CellScalars][i%kzg.CellScalars*kzg.ScalarSize:], encoded[:])
	}
	return out
}

func (g *goKZG) prove(row *kzg.Row) (*[kzg.Columns]kzg.Proof, error) {
	p, err := g.coefficients(row)
	if err != nil {
		return nil, err
	}
	proofs := new([kzg.Columns]kzg.Proof)
	points := g.fk20().DAUsingFK20Multi(p)
	for i := range proofs {
		proofs[i] = kzg.Proof(bls.ToCompressedG1(&points[i]))
	}
	return proofs, nil
}

// verify checks one cell after the other.
func (g *goKZG) verify(b *batch) bool {
	for i, cell := range b.cells {
		if b.columns[i] >= kzg.Columns {
			return false
		}
		commitment, err1 := bls.FromCompressedG1(b.commitments[i][:])
		proof, err2 := bls.FromCompressedG1(b.proofs[i][:])
		values, err3 := scalars(cell[:])
		if errors.Join(err1, err2, err3) != nil {
			return false
		}
		shift := g.powers.ExpandedRootsOfUnity[bits.Reverse8(uint8(b.columns[i]))>>1]
		if !g.cell.CheckProofMulti(commitment, proof, &shift, reversed(values)) {
			return false
		}
	}
	return true
}

// recover leaves to whoever calls it to give enough cells: go-kzg panics if they are too few, and if none is missing.
func (g *goKZG) recover(columns []int, cells []*kzg.Cell) (*[kzg.Columns]kzg.Cell, error) {
	if len(columns) < kzg.RowCells {
		return nil, errTooFew
	}
	if len(columns) == kzg.Columns {
		columns, cells = columns[1:], cells[1:]
	}
	known := make([]*bls.Fr, 2*kzg.RowScalars)
	for i, column := range columns {
		values, err := scalars(cells[i][:])
		if err != nil {
			return nil, err
		}
		for j := range values {
			known[column*kzg.CellScalars+j] = &values[j]
		}
	}
	all, err := g.powers.RecoverPolyFromSamples(reversed(known), g.powers.ZeroPolyViaMultiplication)
	if err != nil {
		return nil, err
	}
	return toCells(reversed(all)), nil
}
