package erasure

import (
	"math"
	"testing"
)

// TestSamplesForConfidence holds, for each k, the least number of samples that reaches 2⁻²⁰, 2⁻³⁰ and 2⁻⁴⁰.
func TestSamplesForConfidence(t *testing.T) {
	for _, test := range []struct{ k, samples, bits int }{
		{16, 44, 20},
		{16, 66, 30},
		{16, 88, 40},
		{64, 47, 20},
		{64, 70, 30},
		{64, 93, 40},
		{128, 47, 20},
		{128, 71, 30},
		{128, 94, 40},
	} {
		bound := math.Ldexp(1, -test.bits)
		if have := MissProbability(test.k, test.samples); have > bound {
			t.Errorf("k = %d: %d samples miss with %g > %g", test.k, test.samples, have, bound)
		}
		if have := MissProbability(test.k, test.samples-1); have <= bound {
			t.Errorf("k = %d: %d samples already miss with %g ≤ %g", test.k, test.samples-1, have, bound)
		}
	}
}

func TestMissProbability(t *testing.T) {
	for _, test := range []struct {
		k, samples int
		want       float64
	}{
		{64, 16, 8.4e-3},
		{64, 30, 1.3e-4},
		{1, 1, 126. / 256},
		{1, 2, 126. / 256 * 125 / 255},
		{1, 127, 0},
		{1, 1000, 0},
		{64, 0, 1},
		{64, -1, 1},
		{0, 30, 1},
		{-1, 30, 1},
	} {
		if have := MissProbability(test.k, test.samples); math.Abs(have-test.want) > 0.01*test.want {
			t.Errorf("k = %d, %d samples: have %g, want %g", test.k, test.samples, have, test.want)
		}
	}
	if last := MissProbability(1, 126); last <= 0 {
		t.Errorf("126 samples of 256 can all miss 130, have %g", last)
	}
}

func TestWithholdingBounds(t *testing.T) {
	for _, k := range []int{-1, 0, MaxRows + 1} {
		if have := Withholding(k); have != nil {
			t.Errorf("k = %d: have %d coordinates, want none", k, len(have))
		}
	}
	for k := 1; k <= MaxRows; k++ {
		distinct := make(map[Coord]bool)
		for _, at := range Withholding(k) {
			if err := checkCoord(at, k); err != nil {
				t.Fatal(err)
			}
			distinct[at] = true
		}
		if len(distinct) != 65*(k+1) {
			t.Fatalf("k = %d: %d coordinates, want %d", k, len(distinct), 65*(k+1))
		}
	}
}
