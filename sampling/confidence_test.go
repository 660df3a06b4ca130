package sampling

import (
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/ashlar-da/ashlar/erasure"
)

// formula is P as docs/threat-model.md writes it: Π (N−W−i)/(N−i), i < s.
func formula(k, s int) *big.Rat {
	n, w := int64(256*k), int64(65*(k+1))
	p := big.NewRat(1, 1)
	for i := range int64(s) {
		p.Mul(p, big.NewRat(n-w-i, n-i))
	}
	return p
}

func TestConfidenceIsTheFormula(t *testing.T) {
	t.Parallel()
	for _, k := range []int{1, 2, 8, 33, 64, 128, 256} {
		for _, s := range []int{1, 2, 4, 8, 30, 70, 126} {
			c := ConfidenceOf(k, s)
			if want := formula(k, s); c.miss.Cmp(want) != 0 {
				t.Errorf("k = %d, s = %d: P = %v, want %v", k, s, c.miss, want)
			}
			if approximate := erasure.MissProbability(k, s); math.Abs(c.Miss()-approximate) > 1e-9*approximate {
				t.Errorf("k = %d, s = %d: P = %g, the float says %g", k, s, c.Miss(), approximate)
			}
		}
	}
}

// TestSamplesIsTheLeast holds what a confidence asks for against the formula, on both sides.
func TestSamplesIsTheLeast(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"0.5", "0.9", "0.9999", "0.999999", "0.99999999999999999999", "0." + strings.Repeat("9", 60), ".00001"} {
		c, err := ParseConfidence(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range []int{1, 8, 33, 64, 256} {
			s := c.Samples(k)
			if formula(k, s).Cmp(c.miss) > 0 || formula(k, s-1).Cmp(c.miss) <= 0 {
				t.Errorf("%s at k = %d: %d samples are not the least", text, k, s)
			}
		}
	}
}

func TestSamplesKnown(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		text string
		k    int
		want int
	}{{"0.9999", 33, 31}, {"0.9999", 64, 31}, {"0.9999", 1, 13}, {"0.99", 33, 16}, {"0.5", 1, 1}, {"0.9999", 0, 0}, {"0.9999", 257, 0}} {
		c, err := ParseConfidence(row.text)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Samples(row.k); got != row.want {
			t.Errorf("%s at k = %d: %d samples, want %d", row.text, row.k, got, row.want)
		}
	}
}

// TestNearOneIsExact has two confidences that no float tells apart.
func TestNearOneIsExact(t *testing.T) {
	t.Parallel()
	exactly := ConfidenceOf(33, 200)
	if c := exactly.Samples(33); c != 200 {
		t.Errorf("200 samples' own confidence asks for %d", c)
	}
	more := Confidence{new(big.Rat).Mul(exactly.miss, big.NewRat(1e18-1, 1e18))}
	if got := more.Samples(33); got != 201 {
		t.Errorf("a little more asks for %d, want 201", got)
	}
	if exactly.Miss() <= 0 || exactly.String() == "1" {
		t.Errorf("%s: P = %g", exactly, exactly.Miss())
	}
}

func TestConfidenceText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"0.9999": "0.9999", ".5": "0.5", "0.99990": "0.9999", "0." + strings.Repeat("9", 60): "0." + strings.Repeat("9", 60)} {
		c, err := ParseConfidence(text)
		if err != nil || c.String() != want {
			t.Errorf("%q: %v, %v, want %s", text, c, err, want)
		}
	}
	for _, bad := range []string{"", "0", "1", "0.0", ".", "1.0", "-0.5", "0.9e3", "0,9", "99%", "0." + strings.Repeat("9", 61), "0.9 "} {
		if c, err := ParseConfidence(bad); !errors.Is(err, ErrConfidence) {
			t.Errorf("%q: %v, %v", bad, c, err)
		}
	}
	for _, row := range []struct {
		c    Confidence
		want string
	}{{Confidence{}, "0"}, {ConfidenceOf(0, 30), "0"}, {ConfidenceOf(33, 0), "0"}, {ConfidenceOf(1, 127), "1"}, {ConfidenceOf(64, 30), "0.999871"}, {ConfidenceOf(1, 1), "0.5078125"}} {
		if got := row.c.String(); got != row.want {
			t.Errorf("got %s, want %s", got, row.want)
		}
	}
}

// TestShownConfidenceIsNeverTooMuch reads back what is shown, and compares.
func TestShownConfidenceIsNeverTooMuch(t *testing.T) {
	t.Parallel()
	for _, k := range []int{1, 33, 256} {
		for s := 1; s < 110; s++ {
			c := ConfidenceOf(k, s)
			shown, err := ParseConfidence(c.String())
			if err != nil || shown.miss.Cmp(c.miss) < 0 {
				t.Fatalf("k = %d, s = %d: %v is shown as %v (%v)", k, s, c.miss, c, err)
			}
			if float := new(big.Rat).SetFloat64(c.Miss()); float.Cmp(c.miss) < 0 {
				t.Fatalf("k = %d, s = %d: P is %v, as a number %g", k, s, c.miss, c.Miss())
			}
		}
	}
}

func FuzzParseConfidence(f *testing.F) {
	f.Add("0.9999")
	f.Add(".000")
	f.Fuzz(func(t *testing.T, in string) {
		c, err := ParseConfidence(in)
		if err != nil {
			return
		}
		again, err := ParseConfidence(c.String())
		if err != nil || again.miss.Cmp(c.miss) != 0 {
			t.Errorf("%q became %v, %v", in, again, err)
		}
		if s := c.Samples(33); s < 1 || s > 4096 {
			t.Errorf("%q asks for %d samples", in, s)
		}
	})
}
