package blobfee

import (
	"errors"
	"math"
	"math/big"
	"testing"
)

// gasPerRow is EIP-4844's GAS_PER_BLOB.
const gasPerRow = 131072

// eip4844 are Ethereum's constants at Cancun: target 3 blobs, maximum 6.
func eip4844() Params {
	return Params{TargetGas: 3 * gasPerRow, MinBaseFee: big.NewInt(1), UpdateFraction: 3338477}
}

func TestFakeExponentialMatchesEIP4844(t *testing.T) {
	for _, c := range []struct{ factor, numerator, denominator, want int64 }{
		{1, 0, 1, 1},
		{38493, 0, 1000, 38493},
		{0, 1234, 2345, 0},
		{1, 2, 1, 6}, // 7.389
		{1, 4, 2, 6},
		{1, 3, 1, 16}, // 20.09
		{1, 6, 2, 18},
		{1, 4, 1, 49}, // 54.60
		{1, 8, 2, 50},
		{10, 8, 2, 542}, // 540.598
		{11, 8, 2, 596}, // 600.58
		{1, 5, 1, 136},  // 148.4
		{1, 5, 2, 11},   // 12.18
		{2, 5, 2, 23},   // 24.36
		{1, 50000000, 2225652, 5709098764},
	} {
		got := fakeExponential(big.NewInt(c.factor), big.NewInt(c.numerator), big.NewInt(c.denominator))
		if got.Cmp(big.NewInt(c.want)) != 0 {
			t.Errorf("fakeExponential(%d, %d, %d): have %v want %v", c.factor, c.numerator, c.denominator, got, c.want)
		}
	}
}

func TestBaseFeeMatchesEIP4844(t *testing.T) {
	for _, c := range []struct {
		excess uint64
		want   int64
	}{
		{0, 1},
		{2314057, 1},
		{2314058, 2},
		{10 * 1024 * 1024, 23},
	} {
		if got := BaseFee(eip4844(), c.excess); got.Cmp(big.NewInt(c.want)) != 0 {
			t.Errorf("BaseFee(%d): have %v want %v", c.excess, got, c.want)
		}
	}
}

func TestNextExcessMatchesEIP4844(t *testing.T) {
	target := uint64(3 * gasPerRow)
	for _, c := range []struct{ excess, used, want uint64 }{
		{0, 0, 0},
		{0, 1 * gasPerRow, 0},
		{0, 3 * gasPerRow, 0},
		{0, 4 * gasPerRow, gasPerRow},
		{1, 4 * gasPerRow, gasPerRow + 1},
		{1, 5 * gasPerRow, 2*gasPerRow + 1},
		{target, 3 * gasPerRow, target},
		{target, 2 * gasPerRow, target - gasPerRow},
		{target, 1 * gasPerRow, target - 2*gasPerRow},
		{target, 0, 0},
		{gasPerRow - 1, 2 * gasPerRow, 0},
	} {
		if got := NextExcess(eip4844(), c.excess, c.used); got != c.want {
			t.Errorf("NextExcess(%d, %d): have %d want %d", c.excess, c.used, got, c.want)
		}
	}
}

func TestExcessIsCapped(t *testing.T) {
	p := eip4844()
	limit := uint64(MaxExponent) * p.UpdateFraction
	if got := NextExcess(p, math.MaxUint64, math.MaxUint64); got != limit {
		t.Errorf("NextExcess at the end of uint64: have %d want %d", got, limit)
	}
	if BaseFee(p, math.MaxUint64).Cmp(BaseFee(p, limit)) != 0 {
		t.Error("an excess above the cap changes the base fee")
	}
	p.MinBaseFee = new(big.Int).Lsh(big.NewInt(1), maxMinBaseFeeBits-1)
	p.UpdateFraction = math.MaxUint64
	if got := BaseFee(p, math.MaxUint64).BitLen(); got > 256 {
		t.Errorf("the highest base fee has %d bits", got)
	}
}

func TestValidateNamesTheParameter(t *testing.T) {
	for name, corrupt := range map[string]func(*Params){
		"target gas":      func(p *Params) { p.TargetGas = 0 },
		"update fraction": func(p *Params) { p.UpdateFraction = 0 },
		"nil minimum":     func(p *Params) { p.MinBaseFee = nil },
		"zero minimum":    func(p *Params) { p.MinBaseFee = new(big.Int) },
		"negative":        func(p *Params) { p.MinBaseFee = big.NewInt(-1) },
		"huge minimum":    func(p *Params) { p.MinBaseFee = new(big.Int).Lsh(big.NewInt(1), maxMinBaseFeeBits) },
	} {
		p := eip4844()
		corrupt(&p)
		if err := p.Validate(); !errors.Is(err, ErrInvalidParams) {
			t.Errorf("%s: have %v want ErrInvalidParams", name, err)
		}
	}
	if err := eip4844().Validate(); err != nil {
		t.Errorf("EIP-4844's own parameters: %v", err)
	}
}

// FuzzBaseFee holds the rules that make the market work for any parameters: the
// price never falls below the minimum, never falls as excess grows, and moves the
// way use relative to target does.
func FuzzBaseFee(f *testing.F) {
	f.Add(uint64(3*gasPerRow), uint64(3338477), uint64(1), uint64(0), uint64(6*gasPerRow))
	f.Add(uint64(17*gasPerRow), uint64(18918036), uint64(1e9), uint64(1e9), uint64(0))
	f.Add(uint64(1), uint64(1), uint64(math.MaxUint64), uint64(math.MaxUint64), uint64(math.MaxUint64))
	f.Fuzz(func(t *testing.T, target, fraction, minimum, excess, used uint64) {
		p := Params{TargetGas: target, MinBaseFee: new(big.Int).SetUint64(minimum), UpdateFraction: fraction}
		if p.Validate() != nil {
			return
		}
		before, next := BaseFee(p, excess), NextExcess(p, excess, used)
		after := BaseFee(p, next)
		if after.Cmp(p.MinBaseFee) < 0 {
			t.Fatalf("base fee %v below the minimum %v", after, p.MinBaseFee)
		}
		if used >= target && excess <= p.maxExcess() && after.Cmp(before) < 0 {
			t.Fatalf("used %d of target %d and the base fee fell from %v to %v", used, target, before, after)
		}
		if used <= target && after.Cmp(before) > 0 {
			t.Fatalf("used %d of target %d and the base fee rose from %v to %v", used, target, before, after)
		}
	})
}
