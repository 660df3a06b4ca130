package erasure

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"testing"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// special returns rows that an adversary may choose to bring about equal, opposite and zero points.
func special() map[string]*kzg.Row {
	minusOne := new(kzg.Row)
	for i := 0; i < kzg.RowSize; i += kzg.ScalarSize {
		copy(minusOne[i:], modulusMinusOne[:])
	}
	return map[string]*kzg.Row{"0": constantRow(0), "1": constantRow(1), "2": constantRow(2), "-1": minusOne, "x": randomRow(newRand(2))}
}

// modulusMinusOne is r−1, the largest canonical scalar.
var modulusMinusOne = kzg.Scalar{
	0x73, 0xed, 0xa7, 0x53, 0x29, 0x9d, 0x7d, 0x48, 0x33, 0x39, 0xd8, 0x08, 0x09, 0xa1, 0xd8, 0x05,
	0x53, 0xbd, 0xa4, 0x02, 0xff, 0xfe, 0x5b, 0xfe, 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00,
}

func constantRow(v byte) *kzg.Row {
	row := new(kzg.Row)
	for i := kzg.ScalarSize - 1; i < kzg.RowSize; i += kzg.ScalarSize {
		row[i] = v
	}
	return row
}

// checkAgainstFK20 holds every extended row's commitment, cells and proofs against those computed from the row itself.
func checkAgainstFK20(t *testing.T, m *ExtendedMatrix) {
	t.Helper()
	direct, proofs := make([]*kzg.Row, m.K()), make([]*[kzg.Columns]kzg.Proof, m.K())
	for i := range direct {
		direct[i] = m.Row(m.K() + i)
		cells, computed, err := newSetup(t).ComputeCellsAndProofs(direct[i])
		if err != nil {
			t.Fatal(err)
		}
		proofs[i] = computed
		for c := range kzg.Columns {
			if at := (Coord{m.K() + i, c}); *m.Cell(at) != cells[c] {
				t.Errorf("cell %v differs", at)
			} else if proof, ok := m.Proof(at); !ok || proof != proofs[i][c] {
				t.Errorf("proof %v: extended %x, direct %x", at, proof, proofs[i][c])
			}
		}
	}
	for i, commitment := range commit(t, direct) {
		if have := m.Commitment(m.K() + i); have != commitment {
			t.Errorf("row %d: extended commitment %x, direct %x", m.K()+i, have, commitment)
		}
	}
}

func TestExtendEqualsDirectComputation(t *testing.T) {
	for _, k := range []int{1, 2, 3, 5} {
		t.Run(fmt.Sprint(k), func(t *testing.T) { checkAgainstFK20(t, extend(t, randomRows(1, k))) })
	}
}

// TestExtendAdversarialRows reaches every case of point addition: differences and sums of equal, opposite and zero
// points.
func TestExtendAdversarialRows(t *testing.T) {
	rows := special()
	for _, names := range [][]string{
		{"0"},
		{"-1"},
		{"0", "0", "0"},
		{"1", "1", "1"},
		{"1", "-1", "1"},
		{"0", "1", "2"},
		{"-1", "0", "1", "2"},
		{"2", "1", "0", "-1"},
		{"x", "x"},
		{"x", "0", "x"},
	} {
		t.Run(fmt.Sprint(names), func(t *testing.T) {
			var list []*kzg.Row
			for _, name := range names {
				list = append(list, rows[name])
			}
			checkAgainstFK20(t, extend(t, list))
		})
	}
}

// TestExtendManyCommitments holds extended commitments, at more rows than proofs can be computed for in a test, against
// those of the extended rows.
func TestExtendManyCommitments(t *testing.T) {
	const k = 33
	m := bare(t, k)
	var extended []*kzg.Row
	for i := range k {
		extended = append(extended, m.Row(k+i))
	}
	if err := newSetup(t).VerifyRows(extended, m.commitments[k:]); err != nil {
		t.Error(err)
	}
	for _, i := range []int{0, 1, 16, 32} {
		if have := commit(t, extended[i:i+1])[0]; have != m.Commitment(k+i) {
			t.Errorf("row %d: extended commitment %x, direct %x", k+i, m.Commitment(k+i), have)
		}
	}
}

// TestExtendManyProofs verifies a quarter of a matrix of 33 rows, which repeat six, by the original commitments, and
// holds an extended row against direct computation.
func TestExtendManyProofs(t *testing.T) {
	rows, commitments, proofs := cycled(t, 33)
	m, err := Extend(newSetup(t), rows, commitments, proofs)
	if err != nil {
		t.Fatal(err)
	}
	var coords []Coord
	for at := range allCells(m) {
		if (at.Row+at.Column)%4 == 0 {
			coords = append(coords, at)
		}
	}
	if err := casesOf(m, coords...).verify(t); err != nil {
		t.Error(err)
	}
	direct, err := proveAll(newSetup(t), []*kzg.Row{m.Row(65)})
	if err != nil {
		t.Fatal(err)
	}
	for c := range kzg.Columns {
		if m.proofs[65][c] != direct[0][c] {
			t.Errorf("column %d: proofs differ from those computed directly", c)
		}
	}
}

// TestExtendLongColumns extends as many rows as columns are extended for in full, and one more, from which on the second
// half of the columns follows from the rows: either way they are what differences make of each column.
func TestExtendLongColumns(t *testing.T) {
	for _, k := range []int{cheapColumn, cheapColumn + 1} {
		m, err := Extend(newSetup(t), randomRows(9, k), slices.Repeat([]kzg.Commitment{{0: 0xc0}}, k), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, column := range []int{0, 63, 64, 100, 127} {
			cells := make([]*kzg.Cell, k)
			for i := range cells {
				cells[i] = m.Cell(Coord{i, column})
			}
			all, _, err := ExtendColumn(cells, nil)
			if err != nil {
				t.Fatal(err)
			}
			for i := range all {
				if *all[i] != *m.Cell(Coord{i, column}) {
					t.Fatalf("k = %d: cell (%d, %d) differs", k, i, column)
				}
			}
		}
	}
}

// TestExtendMostRows commits to the rows 0, 1, … 255, constant each: the extended ones are 256 to 511.
func TestExtendMostRows(t *testing.T) {
	var commitments []kzg.Commitment
	for i := range 2 * MaxRows {
		var p bls12381.G1Affine
		p.ScalarMultiplicationBase(big.NewInt(int64(i)))
		commitments = append(commitments, p.Bytes())
	}
	extended, err := ExtendCommitments(commitments[:MaxRows])
	if err != nil {
		t.Fatal(err)
	}
	for i := range commitments {
		if extended[i] != commitments[i] {
			t.Errorf("commitment %d: have %x, want %x", i, extended[i], commitments[i])
		}
	}
}

// TestExtrapolateEqualsInterpolation holds finite differences against Lagrange's formula, for random values.
func TestExtrapolateEqualsInterpolation(t *testing.T) {
	for _, k := range []int{1, 2, 3, 4, 31, 100, 256} {
		values, copies := make([]fr.Vector, k), make([]fr.Vector, k)
		for i := range values {
			values[i] = make(fr.Vector, 9)
			values[i].MustSetRandom()
			copies[i] = append(fr.Vector(nil), values[i]...)
		}
		polynomial := fromOriginals(k)
		extrapolate(copies, subtractScalars, addScalars, func(at int, value fr.Vector) {
			want, scaled, coefficients := make(fr.Vector, 9), make(fr.Vector, 9), polynomial.at(at)
			for i := range values {
				scaled.ScalarMul(values[i], &coefficients[i])
				want.Add(want, scaled)
			}
			if !value.Equal(want) {
				t.Errorf("k = %d: row %d differs", k, at)
			}
		})
		if last := polynomial.at(k - 1); !last[k-1].IsOne() {
			t.Errorf("k = %d: a node does not give its own value", k)
		}
	}
}

func TestExtendColumn(t *testing.T) {
	m := sharedMatrix(t)
	k := m.K()
	for _, column := range []int{0, 63, 64, 127} {
		cells, proofs := make([]*kzg.Cell, 2*k), make([]kzg.Proof, 2*k)
		for i := range cells {
			cells[i] = m.Cell(Coord{i, column})
			proofs[i], _ = m.Proof(Coord{i, column})
		}
		allCells, allProofs, err := ExtendColumn(cells[:k], proofs[:k])
		if err != nil {
			t.Fatal(err)
		}
		for i := range cells {
			if *allCells[i] != *cells[i] || allProofs[i] != proofs[i] {
				t.Errorf("cell or proof (%d, %d) differs", i, column)
			}
		}
		if _, none, err := ExtendColumn(cells[:k], nil); err != nil || none != nil {
			t.Errorf("without proofs: have %v, %v", none, err)
		}
	}
}

func TestExtendRefuses(t *testing.T) {
	m, setup := sharedMatrix(t), newSetup(t)
	k := m.K()
	type input struct {
		rows        []*kzg.Row
		commitments []kzg.Commitment
		proofs      [][]kzg.Proof
	}
	for _, test := range []struct {
		name    string
		corrupt func(*input)
		want    error
	}{
		{"nothing wrong", func(*input) {}, nil},
		{"no proofs", func(in *input) { in.proofs = nil }, nil},
		{"no rows", func(in *input) { *in = input{} }, kzg.ErrBadInput},
		{"257 rows", func(in *input) { in.rows = make([]*kzg.Row, MaxRows+1) }, kzg.ErrBadInput},
		{"nil row", func(in *input) { in.rows[1] = nil }, kzg.ErrBadInput},
		{"a commitment missing", func(in *input) { in.commitments = in.commitments[1:] }, kzg.ErrBadInput},
		{"a row's proofs missing", func(in *input) { in.proofs = in.proofs[1:] }, kzg.ErrBadInput},
		{"a proof missing", func(in *input) { in.proofs[1] = in.proofs[1][1:] }, kzg.ErrBadInput},
		{"a proof too many", func(in *input) { in.proofs[1] = append(in.proofs[1], kzg.Proof{}) }, kzg.ErrBadInput},
		{"proof no point", func(in *input) { in.proofs[2][127] = kzg.Proof{} }, kzg.ErrInvalidPoint},
		{"commitment no point", func(in *input) { in.commitments[0][47]++ }, kzg.ErrInvalidPoint},
		{"commitment of order three", func(in *input) { in.commitments[0] = kzg.Commitment{0: 0x80} }, kzg.ErrInvalidPoint},
		{"scalar too large", func(in *input) { in.rows[2][0] = 0xff }, kzg.ErrNonCanonicalScalar},
	} {
		t.Run(test.name, func(t *testing.T) {
			in := &input{commitments: append([]kzg.Commitment(nil), m.commitments[:k]...)}
			for i := range k {
				row := *m.Row(i)
				in.rows, in.proofs = append(in.rows, &row), append(in.proofs, append([]kzg.Proof(nil), m.proofs[i]...))
			}
			test.corrupt(in)
			if _, err := Extend(setup, in.rows, in.commitments, in.proofs); !errors.Is(err, test.want) {
				t.Errorf("have %v, want %v", err, test.want)
			}
		})
	}
	cells := []*kzg.Cell{m.Cell(Coord{0, 0}), nil}
	if _, _, err := ExtendColumn(cells, nil); !errors.Is(err, kzg.ErrBadInput) {
		t.Errorf("ExtendColumn of nil: have %v, want %v", err, kzg.ErrBadInput)
	}
	if _, _, err := ExtendColumn(cells[:1], make([]kzg.Proof, 2)); !errors.Is(err, kzg.ErrBadInput) {
		t.Errorf("ExtendColumn with too many proofs: have %v, want %v", err, kzg.ErrBadInput)
	}
}

func TestExtendProofsRefuses(t *testing.T) {
	full := make([]kzg.Proof, kzg.Columns)
	for c := range full {
		full[c][0] = 0xc0
	}
	offCurve := append([]kzg.Proof{{0: 0x80, 47: 1}}, full[1:]...)
	for name, test := range map[string]struct {
		proofs [][]kzg.Proof
		want   error
	}{
		"no rows":       {nil, kzg.ErrBadInput},
		"a row short":   {[][]kzg.Proof{full, full[1:]}, kzg.ErrBadInput},
		"a row missing": {[][]kzg.Proof{full, nil}, kzg.ErrBadInput},
		"off the curve": {[][]kzg.Proof{full, offCurve}, kzg.ErrInvalidPoint},
		"infinity":      {[][]kzg.Proof{full, full}, nil},
	} {
		if _, err := ExtendProofs(test.proofs); !errors.Is(err, test.want) {
			t.Errorf("%s: have %v, want %v", name, err, test.want)
		}
	}
}
