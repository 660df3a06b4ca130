package kzg

import (
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"testing"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
	goethkzg "github.com/crate-crypto/go-eth-kzg"
)

// peerCellsAndProofs computes with go-eth-kzg what ComputeCellsAndProofsOf does.
func peerCellsAndProofs(t *testing.T, row *Row) *CellsAndProofs {
	t.Helper()
	peer, err := sharedPeer()
	if err != nil {
		t.Fatal(err)
	}
	commitment, err := peer.BlobToKZGCommitment((*goethkzg.Blob)(row), 1)
	if err != nil {
		t.Fatal(err)
	}
	cells, proofs, err := peer.ComputeCellsAndKZGProofs((*goethkzg.Blob)(row), 1)
	if err != nil {
		t.Fatal(err)
	}
	all := &CellsAndProofs{Commitment: Commitment(commitment)}
	for c := range cells {
		all.Cells[c], all.Proofs[c] = Cell(*cells[c]), Proof(proofs[c])
	}
	return all
}

// TestProverAgreesWithPeer proves rows in one batch among which some are equal, some opposite and some so empty that
// sums meet equal, opposite and zero points, with tables of all sizes.
func TestProverAgreesWithPeer(t *testing.T) {
	edges := edgeRows(t)
	names := append(slices.Sorted(maps.Keys(edges)), "random")
	var rows []*Row
	for _, name := range names {
		rows = append(rows, edges[name])
	}
	peers := make(map[string]*CellsAndProofs)
	for name, row := range edges {
		peers[name] = peerCellsAndProofs(t, row)
	}
	for _, size := range []int{0, 1 << 20, 2 << 20, 10 << 20, DefaultTables} {
		setup, err := NewSetupWithTables(size)
		if err != nil {
			t.Fatal(err)
		}
		all, err := setup.ComputeCellsAndProofsOf(rows)
		if err != nil {
			t.Fatal(err)
		}
		for i, name := range names {
			if all[i] != *peers[name] {
				t.Errorf("tables of %d bytes: row %q differs", size, name)
			}
		}
	}
}

func TestProverOfNoRowsAndBadRows(t *testing.T) {
	setup, good, bad := newSetup(t), someRows(t)[0].row, new(Row)
	if all, err := setup.ComputeCellsAndProofsOf(nil); err != nil || len(all) != 0 {
		t.Errorf("no rows: %v, %v", all, err)
	}
	r := modulus()
	copy(bad[RowSize-ScalarSize:], r[:])
	if _, err := setup.ComputeCellsAndProofsOf([]*Row{good, bad}); !errors.Is(err, ErrNonCanonicalScalar) {
		t.Errorf("scalar = r: have %v, want %v", err, ErrNonCanonicalScalar)
	}
	if _, err := setup.ComputeCellsAndProofsOf([]*Row{nil, good}); !errors.Is(err, ErrBadInput) {
		t.Errorf("nil row: have %v, want %v", err, ErrBadInput)
	}
}

func TestCombWidths(t *testing.T) {
	for size, want := range map[int]int{0: 64, 1 << 20: 22, 8 << 20: 9, DefaultTables: 7, 60 << 20: 6, 1 << 30: 5} {
		widths, points, entries := combWidths(size), 0, 0
		for _, width := range widths {
			points += width
			entries += 1 << (width - 1)
		}
		if len(widths) != want || points != CellScalars || (size > 0 && entries*Columns*pointSize > size) {
			t.Errorf("%d bytes: groups of %v", size, widths)
		}
	}
}

// edgeScalars are scalars at the ends of what splitting by λ meets, and random ones.
func edgeScalars() []fr.Element {
	var lambda, minusOne fr.Element
	lambda.SetBytes(append(limbBytes(lambda1), limbBytes(lambda0)...))
	minusOne.SetInt64(-1)
	scalars := []fr.Element{{}, fr.One(), minusOne, lambda}
	for _, base := range []fr.Element{lambda, *new(fr.Element).Square(&lambda)} {
		for d := range int64(3) {
			var e, delta fr.Element
			delta.SetInt64(d - 1)
			scalars = append(scalars, *e.Add(&base, &delta))
		}
	}
	rng := newRand(11)
	for len(scalars) < lanes {
		var e fr.Element
		e.SetUint64(rng.Uint64())
		scalars = append(scalars, *e.Inverse(&e))
	}
	return scalars
}

// TestSigns adds the digits up again.
func TestSigns(t *testing.T) {
	var plain line
	scalars := edgeScalars()
	for v := range plain {
		plain[v] = scalars[v].Bits()
	}
	var factor, lambda fr.Element
	factor.SetUint64(7)
	lambda.SetBytes(append(limbBytes(lambda1), limbBytes(lambda0)...))
	with := newSignFactor(factor)
	var s signs
	s.setScaled(&plain, &with)
	for v := range scalars {
		var sum, want fr.Element
		for h := range 2 {
			var half fr.Element
			for j := halfBits - 1; j >= 0; j-- {
				var digit fr.Element
				digit.SetInt64(2*int64(s[h][j]>>v&1) - 1)
				half.Double(&half).Add(&half, &digit)
			}
			if h == 1 {
				half.Mul(&half, &lambda)
			}
			sum.Add(&sum, &half)
		}
		if want.Mul(&scalars[v], &factor); sum != want {
			t.Errorf("digits of 7·%s add up to %s", scalars[v].String(), sum.String())
		}
	}
}

func TestScaling(t *testing.T) {
	constants := append(edgeScalars(), edgeScalars()[:5]...)
	const rows = 2
	rng := newRand(12)
	points := make([]bls12381.G1Affine, rows*len(constants))
	for i := range points {
		points[i] = randomPoint(rng)
	}
	points[3], points[7] = bls12381.G1Affine{}, points[6]
	want := slices.Clone(points)
	for i := range want {
		want[i].ScalarMultiplication(&want[i], constants[i/rows].BigInt(new(big.Int)))
	}
	beta := newBeta()
	newScaling(constants).apply(points, rows, NewPointAdder(16), newScalingScratch(len(points)), &beta)
	for i := range points {
		if points[i] != want[i] {
			t.Errorf("%s times point %d differs", constants[i/rows].String(), i)
		}
	}
}

// TestPointTransform evaluates polynomials point by point.
func TestPointTransform(t *testing.T) {
	setup, rng := newSetup(t), newRand(13)
	transform := newPointTransform(&setup.cosets)
	const rows = 2
	scratch := newTransformScratch(rows, NewPointAdder(64))
	coefficients := make([]bls12381.G1Affine, Columns*rows)
	for i := range RowCells * rows {
		coefficients[i] = randomPoint(rng)
	}
	copy(coefficients[RowCells*rows:], coefficients)
	values := slices.Clone(coefficients)
	transform.evaluate(values, scratch)
	for _, c := range []int{0, 1, 32, 63, 64, 65, 100, 127} {
		t.Run(fmt.Sprint("column ", c), func(t *testing.T) {
			var powers []fr.Element
			var points []bls12381.G1Affine
			for j := range RowCells {
				powers = append(powers, power(setup.cosets[c].y, j))
				points = append(points, coefficients[j*rows+1])
			}
			if want := product(t, points, powers); values[c*rows+1] != want {
				t.Error("value differs")
			}
		})
	}
	transform.interpolate(values, scratch)
	for i := range values {
		var want bls12381.G1Affine
		if want.ScalarMultiplication(&coefficients[i], big.NewInt(64)); values[i] != want {
			t.Fatalf("coefficient %d differs after going there and back", i)
		}
	}
}

func BenchmarkComputeCellsAndProofsOf(b *testing.B) {
	rows := make([]*Row, 16)
	for i := range rows {
		rows[i] = someRows(b)[i%3].row
	}
	for _, mib := range []int{0, 16, 32, 68} {
		setup, err := NewSetupWithTables(mib << 20)
		if err != nil {
			b.Fatal(err)
		}
		if err := setup.LoadTables(); err != nil {
			b.Fatal(err)
		}
		for _, n := range []int{1, 8, 16} {
			b.Run(fmt.Sprintf("MiB=%d/rows=%d", mib, n), func(b *testing.B) {
				benchmark(b, n*RowSize, func() error { _, err := setup.ComputeCellsAndProofsOf(rows[:n]); return err })
			})
		}
	}
}
