package sampling

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strings"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// ErrConfidence means that a text names no confidence. The message says what does.
var ErrConfidence = errors.New("sampling: confidence")

// Confidence is 1 − P as docs/threat-model.md defines it, held as the exact P: near 1 a
// floating-point number could not tell one from the next. The zero value is no confidence.
type Confidence struct {
	miss *big.Rat // P, 0 ≤ P < 1; nil: 1
}

// confidences are decimals between 0 and 1, both excluded further down. Sixty digits are
// more than any number of samples is asked for.
var confidences = regexp.MustCompile(`^0?\.[0-9]{1,60}$`)

// ParseConfidence reads a decimal above 0 and below 1, such as 0.9999, exactly.
func ParseConfidence(text string) (Confidence, error) {
	if !confidences.MatchString(text) || strings.Trim(text, "0.") == "" {
		return Confidence{}, fmt.Errorf("%w: %q: want a decimal above 0 and below 1, such as 0.9999, of at most 60 digits", ErrConfidence, text)
	}
	c, _ := new(big.Rat).SetString(text) // the pattern admits nothing else
	return Confidence{new(big.Rat).Sub(big.NewRat(1, 1), c)}, nil
}

// ConfidenceOf returns what a number of distinct samples of a square of k rows, drawn
// beforehand and all verified, establishes: 1 − Π_{i<s} (N−W−i)/(N−i). It is none where
// there is nothing to draw: k < 1 or samples < 1.
func ConfidenceOf(k, samples int) Confidence {
	if k < 1 || k > maxK || samples < 1 {
		return Confidence{}
	}
	o := newOdds(k)
	for range samples {
		o.draw()
	}
	return Confidence{new(big.Rat).SetFrac(o.num, o.den)}
}

// Samples returns the least number of samples that reaches the confidence on a square of k
// rows, 1 to 256: the least s with P(s) ≤ P. It is 0 for no confidence, and for no rows.
func (c Confidence) Samples(k int) int {
	if c.miss == nil || k < 1 || k > maxK {
		return 0
	}
	o := newOdds(k)
	for !o.within(c.miss) {
		o.draw()
	}
	return o.samples
}

// Miss returns P, rounded up, 1 for no confidence.
func (c Confidence) Miss() float64 {
	if c.miss == nil {
		return 1
	}
	miss, exact := c.miss.Float64()
	if !exact && new(big.Rat).SetFloat64(miss).Cmp(c.miss) < 0 {
		return math.Nextafter(miss, 2)
	}
	return miss
}

// String writes the confidence as a decimal: exactly if it has 60 digits or fewer, otherwise
// with three digits of P, rounded so that it never says more than holds. None is "0".
func (c Confidence) String() string {
	if c.miss == nil {
		return "0"
	}
	value := new(big.Rat).Sub(big.NewRat(1, 1), c.miss)
	if digits, exact := value.FloatPrec(); exact && digits <= 60 {
		return value.FloatString(digits)
	}
	digits := significant(c.miss)
	up := new(big.Rat).SetFrac(ceiling(c.miss, digits), power(digits))
	return new(big.Rat).Sub(big.NewRat(1, 1), up).FloatString(digits)
}

// significant returns how many decimals show three digits of a positive number below 1.
func significant(p *big.Rat) int {
	digits := 3
	for tenth := big.NewRat(1, 10); p.Cmp(tenth) < 0; digits++ {
		tenth.Mul(tenth, big.NewRat(1, 10))
	}
	return digits
}

func power(digits int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
}

// ceiling returns p·10^digits rounded up.
func ceiling(p *big.Rat, digits int) *big.Int {
	scaled := new(big.Int).Mul(p.Num(), power(digits))
	whole, rest := new(big.Int).QuoRem(scaled, p.Denom(), new(big.Int))
	if rest.Sign() > 0 {
		whole.Add(whole, big.NewInt(1))
	}
	return whole
}

// odds is P as a fraction, after so many samples.
type odds struct {
	total, kept int // N and N−W
	samples     int
	num, den    *big.Int
}

func newOdds(k int) *odds {
	const stuck = kzg.Columns - kzg.RowCells + 1 // cells whose loss a row does not survive
	total := 2 * k * kzg.Columns
	return &odds{total: total, kept: total - stuck*(k+1), num: big.NewInt(1), den: big.NewInt(1)}
}

// draw takes one more sample. Beyond N−W some cell of the set is among them for certain.
func (o *odds) draw() {
	if o.samples <= o.kept {
		o.num.Mul(o.num, big.NewInt(int64(o.kept-o.samples)))
		o.den.Mul(o.den, big.NewInt(int64(o.total-o.samples)))
	}
	o.samples++
}

// within tells whether P is at most a bound.
func (o *odds) within(bound *big.Rat) bool {
	left := new(big.Int).Mul(o.num, bound.Denom())
	return left.Cmp(new(big.Int).Mul(bound.Num(), o.den)) <= 0
}
