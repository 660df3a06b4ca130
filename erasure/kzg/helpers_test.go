package kzg

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"testing"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// randomRow returns a row of random canonical scalars: below 2²⁴⁸, so below the modulus.
func randomRow(rng *rand.Rand) *Row {
	row := new(Row)
	for i := 0; i < len(row); i += 8 {
		binary.BigEndian.PutUint64(row[i:], rng.Uint64())
	}
	for i := 0; i < len(row); i += ScalarSize {
		row[i] = 0
	}
	return row
}

// provenRow is a row with all that can be computed from it.
type provenRow struct {
	row        *Row
	commitment Commitment
	cells      *[Columns]Cell
	proofs     *[Columns]Proof
}

// provenRows computes three random rows once for the whole test package.
var provenRows = sync.OnceValues(func() ([]provenRow, error) {
	setup, err := sharedSetup()
	if err != nil {
		return nil, err
	}
	rng, out := newRand(1), make([]provenRow, 3)
	for i := range out {
		r := &out[i]
		r.row = randomRow(rng)
		if r.commitment, err = setup.Commit(r.row); err != nil {
			return nil, err
		}
		if r.cells, r.proofs, err = setup.ComputeCellsAndProofs(r.row); err != nil {
			return nil, err
		}
	}
	return out, nil
})

func someRows(tb testing.TB) []provenRow {
	tb.Helper()
	rows, err := provenRows()
	if err != nil {
		tb.Fatal(err)
	}
	return rows
}

// modulus is r, the smallest value that is no canonical scalar.
func modulus() (m Scalar) {
	fr.Modulus().FillBytes(m[:])
	return m
}

// pointWhere returns the encoding of the point with the least x that satisfies the condition.
func pointWhere(tb testing.TB, holds func(x byte, p *bls12381.G1Affine, err error) bool) [PointSize]byte {
	tb.Helper()
	for x := range byte(255) {
		encoded := [PointSize]byte{0: compressed, PointSize - 1: x}
		var p bls12381.G1Affine
		decoder := bls12381.NewDecoder(bytes.NewReader(encoded[:]), bls12381.NoSubgroupChecks())
		if err := decoder.Decode(&p); holds(x, &p, err) {
			return encoded
		}
	}
	tb.Fatal("no such point")
	return [PointSize]byte{}
}

// badPoints are encodings that no decoder of points may accept.
func badPoints(tb testing.TB) map[string][PointSize]byte {
	tb.Helper()
	generator := someRows(tb)[0].commitment
	plain := [PointSize]byte(generator)
	plain[0] &^= compressed
	tooLarge := [PointSize]byte{}
	for i := range tooLarge {
		tooLarge[i] = 0xff
	}
	tooLarge[0] = 0x9f
	return map[string][PointSize]byte{
		"off the curve":            pointWhere(tb, func(_ byte, _ *bls12381.G1Affine, err error) bool { return err != nil }),
		"outside the subgroup":     pointWhere(tb, func(x byte, p *bls12381.G1Affine, err error) bool { return x > 0 && err == nil && !p.IsInSubGroup() }),
		"order three":              pointWhere(tb, func(_ byte, p *bls12381.G1Affine, err error) bool { return err == nil && p.X.IsZero() }),
		"x not reduced":            tooLarge,
		"without compression bit":  plain,
		"all zero":                 {},
		"infinity, sign set":       {0: 0xe0},
		"infinity, uncompressed":   {0: 0x40},
		"infinity, trailing bit":   {0: 0xc0, PointSize - 1: 1},
		"infinity, leading bit":    {0: 0xc1},
		"infinity with generator":  {0: 0xd7, 1: 0xf1},
		"compressed zero, flagged": {0: 0xa0},
	}
}
