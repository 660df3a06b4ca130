package kzg

import (
	"math/bits"
	"slices"
	"testing"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	gokzg "github.com/protolambda/go-kzg"
	"github.com/protolambda/go-kzg/bls"
)

// independent builds the settings of an implementation that shares no code with ours, not even field arithmetic.
func independent(t *testing.T) *gokzg.KZGSettings {
	t.Helper()
	settings := &gokzg.KZGSettings{FFTSettings: gokzg.NewFFTSettings(6), SecretG2: make([]bls.G2Point, CellScalars+1)}
	for i := range newSetup(t).powers {
		settings.SecretG1 = append(settings.SecretG1, independentPoint(t, newSetup(t).powers[i].Bytes()))
	}
	g2 := decodeSetupG2([]byte(setupBytes[setupSize-setupG2Size:]))
	encoded := g2.Bytes()
	tau64, err := bls.FromCompressedG2(encoded[:])
	if err != nil {
		t.Fatal(err)
	}
	settings.SecretG2[CellScalars] = *tau64
	return settings
}

func independentPoint(t *testing.T, encoded [PointSize]byte) bls.G1Point {
	t.Helper()
	p, err := bls.FromCompressedG1(encoded[:])
	if err != nil {
		t.Fatalf("%x: %v", encoded, err)
	}
	return *p
}

func independentScalar(t *testing.T, encoded Scalar) (e bls.Fr) {
	t.Helper()
	slices.Reverse(encoded[:])
	if !bls.FrFrom32(&e, encoded) {
		t.Fatalf("%x is not canonical", encoded)
	}
	return e
}

// verifyIndependently is VerifyCells for one well-formed cell.
func verifyIndependently(t *testing.T, settings *gokzg.KZGSettings, c *cellsCase) bool {
	t.Helper()
	commitment, proof := independentPoint(t, c.commitments[0]), independentPoint(t, c.proofs[0])
	shift := independentScalar(t, newSetup(t).cosets[c.columns[0]].shift.Bytes())
	values := make([]bls.Fr, CellScalars)
	for j := range values {
		natural := bits.Reverse8(uint8(j)) >> 2
		values[natural] = independentScalar(t, Scalar(c.cells[0][j*ScalarSize:]))
	}
	return settings.CheckProofMulti(&commitment, &proof, &shift, values)
}

// TestVerdictsAgreeWithIndependentImplementation holds our verdict on cells, true and false ones, against go-kzg's.
func TestVerdictsAgreeWithIndependentImplementation(t *testing.T) {
	settings, rows, rng := independent(t), someRows(t), newRand(3)
	for i := range 24 {
		row, column := rows[rng.IntN(len(rows))], rng.IntN(Columns)
		cell := row.cells[column]
		c := &cellsCase{[]Commitment{row.commitment}, []int{column}, []*Cell{&cell}, []Proof{row.proofs[column]}}
		switch i % 4 {
		case 1:
			cell[1+rng.IntN(ScalarSize-1)] ^= 1 << rng.IntN(8)
		case 2:
			c.columns[0] = (column + 1) % Columns
		case 3:
			c.commitments[0] = Commitment{0: 0xc0}
		}
		ours, theirs := c.verify(t) == nil, verifyIndependently(t, settings, c)
		if ours != theirs || ours != (i%4 == 0) {
			t.Errorf("corruption %d of column %d: ours %t, theirs %t", i%4, column, ours, theirs)
		}
	}
}

// TestDecodingAgreesWithIndependentImplementation holds our verdict on encodings of points against go-kzg's.
func TestDecodingAgreesWithIndependentImplementation(t *testing.T) {
	encodings := badPoints(t)
	encodings["generator"] = newSetup(t).powers[0].Bytes()
	encodings["infinity"] = (&bls12381.G1Affine{}).Bytes()
	for name, encoded := range encodings {
		_, ours := DecodePoints([]Proof{encoded})
		_, theirs := bls.FromCompressedG1(encoded[:])
		if (ours == nil) != (theirs == nil) {
			t.Errorf("%s: ours %v, theirs %v", name, ours, theirs)
		}
	}
}
