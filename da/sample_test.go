package da

import (
	"errors"
	"slices"
	"testing"

	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// testSamples are cells from all four quarters of the fixture's extended matrix.
func testSamples(t *testing.T, setup *kzg.Setup, block *Block) []Sample {
	t.Helper()
	matrix, err := erasure.Extend(setup, block.Square.Rows, block.Header.Commitments, block.Proofs)
	if err != nil {
		t.Fatal(err)
	}
	var samples []Sample
	for _, at := range []erasure.Coord{{Row: 0, Column: 0}, {Row: 2, Column: 100}, {Row: 6, Column: 5}, {Row: 11, Column: 127}, {Row: 5, Column: 64}} {
		proof, ok := matrix.Proof(at)
		if !ok {
			t.Fatalf("no proof at %v", at)
		}
		cell := *matrix.Cell(at)
		samples = append(samples, Sample{at, &cell, proof})
	}
	return samples
}

func TestVerifySamples(t *testing.T) {
	setup, block := newFixture(t)
	samples := testSamples(t, setup, block)
	if bad, err := VerifySamples(setup, block.Header, samples); err != nil || bad != nil {
		t.Errorf("have %v, %v", bad, err)
	}
	for i := range samples {
		if err := samples[i].Verify(setup, block.Header); err != nil {
			t.Errorf("sample %d: %v", i, err)
		}
	}
	if bad, err := VerifySamples(setup, block.Header, nil); err != nil || bad != nil {
		t.Errorf("none: have %v, %v", bad, err)
	}
}

func TestVerifySamplesNamesTheBadOnes(t *testing.T) {
	setup, block := newFixture(t)
	for name, test := range map[string]struct {
		corrupt func([]Sample)
		bad     []int
		want    error
	}{
		"cell":              {func(s []Sample) { s[1].Cell[40]++ }, []int{1}, kzg.ErrInvalidProof},
		"proof":             {func(s []Sample) { s[3].Proof = s[2].Proof }, []int{3}, kzg.ErrInvalidProof},
		"two":               {func(s []Sample) { s[0].Cell[40]++; s[4].Cell[40]++ }, []int{0, 4}, kzg.ErrInvalidProof},
		"other row":         {func(s []Sample) { s[2].Coord.Row = 7 }, []int{2}, kzg.ErrInvalidProof},
		"other column":      {func(s []Sample) { s[2].Coord.Column = 6 }, []int{2}, kzg.ErrInvalidProof},
		"no scalar":         {func(s []Sample) { s[1].Cell[0] = 0xff }, []int{1}, kzg.ErrNonCanonicalScalar},
		"no point":          {func(s []Sample) { s[1].Proof[0] = 0 }, []int{1}, kzg.ErrInvalidPoint},
		"outside the rows":  {func(s []Sample) { s[1].Coord.Row = 12 }, []int{1}, kzg.ErrBadInput},
		"outside columns":   {func(s []Sample) { s[1].Coord.Column = 128 }, []int{1}, kzg.ErrBadInput},
		"no cell":           {func(s []Sample) { s[4].Cell = nil }, []int{4}, kzg.ErrBadInput},
		"cells of two swap": {func(s []Sample) { s[0].Cell, s[1].Cell = s[1].Cell, s[0].Cell }, []int{0, 1}, kzg.ErrInvalidProof},
	} {
		samples := testSamples(t, setup, block)
		test.corrupt(samples)
		bad, err := VerifySamples(setup, block.Header, samples)
		if !errors.Is(err, test.want) || !slices.Equal(bad, test.bad) {
			t.Errorf("%s: have %v, %v, want %v, %v", name, bad, err, test.bad, test.want)
		}
	}
}

func TestVerifySamplesOfNoSquare(t *testing.T) {
	if _, err := VerifySamples(newSetup(t), &Header{}, []Sample{{}}); !errors.Is(err, kzg.ErrBadInput) {
		t.Errorf("have %v, want kzg.ErrBadInput", err)
	}
}
