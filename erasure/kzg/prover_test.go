package kzg

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"math/big"
	"os"
	"path/filepath"
	"testing"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
	goethkzg "github.com/crate-crypto/go-eth-kzg"
)

// TestProverPointsAreTheCeremonys commits to a random row by its cells 64 to 127: a linear map that is right at a random
// place, drawn after the points were fixed, is right.
func TestProverPointsAreTheCeremonys(t *testing.T) {
	setup := newSetup(t)
	row := new(Row)
	for i := range RowScalars {
		if _, err := rand.Read(row[i*ScalarSize+1 : (i+1)*ScalarSize]); err != nil {
			t.Fatal(err)
		}
	}
	commitment, err := setup.Commit(row)
	if err != nil {
		t.Fatal(err)
	}
	cells, err := setup.ComputeCells(row)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		encoded := encodeProverPoints(t, setup)
		if err := os.WriteFile("prover.bin", encoded, 0o644); err != nil {
			t.Fatal(err)
		}
		t.Fatalf("prover.bin rewritten; its SHA-256 is %x", sha256.Sum256(encoded))
	}
	points := make([]bls12381.G1Affine, RowScalars)
	var scalars []fr.Element
	for c := range RowCells {
		values := make([]fr.Element, CellScalars)
		if err := DecodeScalars(values, cells[RowCells+c][:]); err != nil {
			t.Fatal(err)
		}
		scalars = append(scalars, values...)
	}
	for i := range points {
		decodeSetupG1(&points[i], []byte(proverBytes[i*setupG1Size:]))
	}
	if sum := product(t, points, scalars); sum.Bytes() != commitment {
		t.Errorf("commitment by cells 64 to 127: %x; want %x", sum.Bytes(), commitment)
	}
}

// encodeProverPoints computes prover.bin: the commitment of the polynomial that is one at z alone, where all z are
// those of z⁴⁰⁹⁶ = −1, is Σ z⁻ⁱ·[τⁱ]/4096.
func encodeProverPoints(t *testing.T, setup *Setup) (out []byte) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(moduleDir(t), "trusted_setup.json"))
	if err != nil {
		t.Fatal(err)
	}
	var ceremony goethkzg.JSONTrustedSetup
	if err := json.Unmarshal(data, &ceremony); err != nil {
		t.Fatal(err)
	}
	points := make([]bls12381.G1Jac, RowScalars)
	var over4096 fr.Element
	over4096.SetUint64(RowScalars)
	over4096.Inverse(&over4096)
	for i := range points {
		var p bls12381.G1Affine
		decodeHex(t, ceremony.SetupG1Monomial[i], p.SetBytes)
		points[i].FromAffine(&p)
		multiplyPoint(&points[i], &over4096)
	}
	evaluatePoints(points, inverseOddPlaces(setup))
	for _, p := range bls12381.BatchJacobianToAffineG1(points) {
		raw := p.RawBytes()
		out = append(out, raw[:]...)
	}
	return out
}

// inverseOddPlaces returns 1/z of all places z in the cells 64 to 127.
func inverseOddPlaces(setup *Setup) []fr.Element {
	places := make([]fr.Element, RowScalars)
	for i := range places {
		places[i].Mul(&setup.cosets[RowCells+i/CellScalars].shift, &setup.cosets[i%CellScalars].y)
	}
	return fr.BatchInvert(places)
}

// evaluatePoints evaluates, at all the places, the polynomial that has the given coefficients.
func evaluatePoints(points []bls12381.G1Jac, places []fr.Element) {
	for half := len(points) / 2; half > 0; half /= 2 {
		for from := 0; from < len(points); from += 2 * half {
			z := power(places[from], half)
			for i := from; i < from+half; i++ {
				a, b := points[i], &points[i+half]
				multiplyPoint(b, &z)
				points[i].AddAssign(b)
				b.Neg(b)
				b.AddAssign(&a)
			}
		}
	}
}

func multiplyPoint(p *bls12381.G1Jac, by *fr.Element) {
	p.ScalarMultiplication(p, by.BigInt(new(big.Int)))
}
