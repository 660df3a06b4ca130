package blobfee

import (
	"errors"
	"math"
	"math/big"
	"testing"
	"time"
)

const (
	testMax       = 34 << 17
	testBlockTime = 6 * time.Second
	// eighth is the update fraction at which a full block in time adds an eighth: 1/(2·ln 1.125).
	eighth = 4_245_093_508
)

func testParams() Params {
	return Params{MaxGas: testMax, BlockTime: testBlockTime, Reserve: big.NewInt(1_000_000_000), UpdateFraction: eighth}
}

// history applies blocks, each using the same share of a block after the same time, and
// returns the excess.
func history(p Params, excess uint64, blocks int, used uint64, elapsed time.Duration) uint64 {
	for range blocks {
		excess = NextExcess(p, excess, used, elapsed)
	}
	return excess
}

// parts returns a price in parts per million of another.
func parts(price, of *big.Int) int64 {
	ratio := new(big.Int).Mul(price, big.NewInt(1_000_000))
	return ratio.Quo(ratio, of).Int64()
}

func requireParts(t *testing.T, what string, price, of *big.Int, want int64) {
	t.Helper()
	if got := parts(price, of); got < want-2 || got > want+2 {
		t.Errorf("%s: the price is %d millionths of what it was, want %d", what, got, want)
	}
}

// TestOneBlockMovesThePrice starts well above the reserve.
func TestOneBlockMovesThePrice(t *testing.T) {
	p := testParams()
	start := history(p, 0, 50, testMax, testBlockTime)
	for _, c := range []struct {
		name    string
		used    uint64
		elapsed time.Duration
		want    int64
	}{
		{"full", testMax, testBlockTime, 1_125_000},
		{"half full", testMax / 2, testBlockTime, 1_000_000},
		{"empty", 0, testBlockTime, 888_889},
		{"fifteen sixteenths, in twice the time", testMax / 16 * 15, 2 * testBlockTime, 1_000_000},
		{"full, in twice the time", testMax, 2 * testBlockTime, 1_014_832},
		{"full, in three times the time", testMax, 3 * testBlockTime, 1_014_832},
		{"three quarters, in one and a half", testMax / 4 * 3, testBlockTime / 2 * 3, 1_000_000},
		{"a quarter, in half the time", testMax / 4, testBlockTime / 2, 1_000_000},
		{"full, in no time", testMax, 0, 1_265_625},
		{"empty, in no time", 0, 0, 1_000_000},
		{"empty, after a day", 0, 24 * time.Hour, 801_842},
		{"time runs backwards", testMax / 2, -time.Hour, 1_125_000},
		{"more than a block holds", math.MaxUint64, testBlockTime, 1_125_000},
	} {
		requireParts(t, c.name, BaseFee(p, NextExcess(p, start, c.used, c.elapsed)), BaseFee(p, start), c.want)
	}
}

// TestReturningDemandIsPricedFromTheReserve: after a quiet year the first full block
// raises the price as it would any other.
func TestReturningDemandIsPricedFromTheReserve(t *testing.T) {
	p := testParams()
	quiet := history(p, 0, 1000, 0, testBlockTime)
	if got := BaseFee(p, quiet); got.Cmp(p.Reserve) != 0 {
		t.Fatalf("the quiet price is %v, want the reserve", got)
	}
	requireParts(t, "the first full block", BaseFee(p, NextExcess(p, quiet, testMax, testBlockTime)), p.Reserve, 1_125_000)
	requireParts(t, "the first full block of a new chain", BaseFee(p, NextExcess(p, 0, testMax, testBlockTime)), p.Reserve, 1_125_000)
}

// TestAverageUseAtTheTargetKeepsThePrice: bursts and pauses that use half of what the
// time had room for.
func TestAverageUseAtTheTargetKeepsThePrice(t *testing.T) {
	p := testParams()
	start := history(p, 0, 50, testMax, testBlockTime)
	excess := start
	for range 1000 {
		excess = NextExcess(p, excess, testMax, testBlockTime)
		excess = NextExcess(p, excess, 0, testBlockTime)
		excess = NextExcess(p, excess, testMax, time.Second)
		excess = NextExcess(p, excess, 0, 11*time.Second)
	}
	if drift := int64(excess - start); drift < -4000 || drift > 4000 {
		t.Errorf("the excess drifted by %d over 4000 blocks, want less than the rounding of each", drift)
	}
}

// TestCapacityDoesNotMoveThePrice: a governed change of what a block holds leaves ours
// where it was, and moves EIP-4844's, whose excess is an amount of gas and whose
// constants go with it.
func TestCapacityDoesNotMoveThePrice(t *testing.T) {
	before := testParams()
	after := before
	after.MaxGas *= 4
	excess := history(before, 0, 50, testMax, testBlockTime)
	if BaseFee(before, excess).Cmp(BaseFee(after, excess)) != 0 {
		t.Error("four times the capacity moved the price")
	}
	requireParts(t, "half of four times the capacity",
		BaseFee(after, NextExcess(after, excess, after.MaxGas/2, testBlockTime)), BaseFee(before, excess), 1_000_000)

	small, large := cancun(), cancun()
	large.TargetGas, large.MaxGas, large.UpdateFraction = 4*small.TargetGas, 4*small.MaxGas, 4*small.UpdateFraction
	var gas uint64
	for range 50 {
		gas = small.NextExcess(gas, small.MaxGas)
	}
	if parts(large.BaseFee(gas), small.BaseFee(gas)) > 500_000 {
		t.Error("EIP-4844's price survives a change of its constants: then ours is no better")
	}
}

// TestReserveLiftsAndDoesNotMultiply: a governed reserve acts on prices below it alone.
func TestReserveLiftsAndDoesNotMultiply(t *testing.T) {
	p := testParams()
	excess := history(p, 0, 50, testMax, testBlockTime)
	higher := p
	higher.Reserve = big.NewInt(2_000_000_000)
	if BaseFee(p, excess).Cmp(BaseFee(higher, excess)) != 0 {
		t.Error("a reserve below the price moved it")
	}
	if BaseFee(higher, 0).Cmp(higher.Reserve) != 0 {
		t.Error("a reserve above the price does not lift it")
	}
}

func TestExcessIsCapped(t *testing.T) {
	p := testParams()
	if got := NextExcess(p, math.MaxUint64, math.MaxUint64, 0); got != p.maxExcess() {
		t.Errorf("NextExcess at the end of uint64: have %d want %d", got, p.maxExcess())
	}
	if BaseFee(p, math.MaxUint64).Cmp(BaseFee(p, p.maxExcess())) != 0 {
		t.Error("an excess above the cap changes the base fee")
	}
	p.Reserve, p.UpdateFraction = new(big.Int).Lsh(big.NewInt(1), maxReserveBits-1), math.MaxInt64/MaxExponent
	if got := BaseFee(p, math.MaxUint64).BitLen(); got > 256 {
		t.Errorf("the highest base fee has %d bits", got)
	}
	if got := NextExcess(p, 0, 0, 0); BaseFee(p, got).Cmp(p.Reserve) < 0 || p.exponential(got-1).Cmp(p.Reserve) >= 0 {
		t.Errorf("the floor of the highest reserve is %d", got)
	}
}

func TestValidateNamesTheParameter(t *testing.T) {
	for name, corrupt := range map[string]func(*Params){
		"maximum":             func(p *Params) { p.MaxGas = 0 },
		"no block time":       func(p *Params) { p.BlockTime = 0 },
		"negative block time": func(p *Params) { p.BlockTime = -1 },
		"a week's block time": func(p *Params) { p.BlockTime = 7 * 24 * time.Hour },
		"update fraction":     func(p *Params) { p.UpdateFraction = 0 },
		"a price that leaps":  func(p *Params) { p.UpdateFraction = minUpdateFraction - 1 },
		"huge fraction":       func(p *Params) { p.UpdateFraction = math.MaxUint64 },
		"nil reserve":         func(p *Params) { p.Reserve = nil },
		"zero reserve":        func(p *Params) { p.Reserve = new(big.Int) },
		"negative reserve":    func(p *Params) { p.Reserve = big.NewInt(-1) },
		"huge reserve":        func(p *Params) { p.Reserve = new(big.Int).Lsh(big.NewInt(1), maxReserveBits) },
	} {
		p := testParams()
		corrupt(&p)
		if err := p.Validate(); !errors.Is(err, ErrInvalidParams) {
			t.Errorf("%s: have %v want ErrInvalidParams", name, err)
		}
	}
	if err := testParams().Validate(); err != nil {
		t.Errorf("good parameters: %v", err)
	}
}

// FuzzNextExcess holds the rules that make the market work, for any parameters and any
// history: the price never falls below the reserve, and moves the way use relative to
// the time's target does.
func FuzzNextExcess(f *testing.F) {
	f.Add(uint64(testMax), uint64(eighth), uint64(1e9), uint64(0), uint64(testMax), int64(testBlockTime), int64(testBlockTime))
	f.Add(uint64(testMax), uint64(eighth), uint64(1e9), uint64(90e9), uint64(0), int64(time.Hour), int64(testBlockTime))
	f.Add(uint64(math.MaxUint64), uint64(math.MaxInt64/MaxExponent), uint64(math.MaxUint64), uint64(math.MaxUint64), uint64(math.MaxUint64), int64(math.MinInt64), int64(maxBlockTime))
	f.Add(uint64(1), uint64(minUpdateFraction), uint64(1), uint64(1), uint64(1), int64(math.MaxInt64), int64(1))
	f.Fuzz(func(t *testing.T, maximum, fraction, reserve, excess, used uint64, elapsed, blockTime int64) {
		p := Params{MaxGas: maximum, BlockTime: time.Duration(blockTime), Reserve: new(big.Int).SetUint64(reserve), UpdateFraction: fraction}
		if p.Validate() != nil {
			return
		}
		before, next := BaseFee(p, excess), NextExcess(p, excess, used, time.Duration(elapsed))
		after := BaseFee(p, next)
		if after.Cmp(p.Reserve) < 0 {
			t.Fatalf("base fee %v below the reserve %v", after, p.Reserve)
		}
		if next > p.maxExcess() || p.exponential(next).Cmp(p.Reserve) < 0 {
			t.Fatalf("excess %d is out of its bounds", next)
		}
		share, target := p.added(used), p.taken(time.Duration(elapsed))
		if share >= target && excess <= p.maxExcess() && after.Cmp(before) < 0 {
			t.Fatalf("used %d of %d billionths and the base fee fell from %v to %v", share, target, before, after)
		}
		if share <= target && after.Cmp(before) > 0 && before.Cmp(p.Reserve) > 0 {
			t.Fatalf("used %d of %d billionths and the base fee rose from %v to %v", share, target, before, after)
		}
	})
}
