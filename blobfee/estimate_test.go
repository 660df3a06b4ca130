package blobfee

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"
)

// steady is a history in which every block was used as much and asked for the same tip.
func steady(blocks int, used float64, entry int64) []Observation {
	history := make([]Observation, blocks)
	for i := range history {
		history[i] = Observation{Used: used, Due: 0.5, Entry: entry}
	}
	return history
}

func TestAskValidate(t *testing.T) {
	for name, ask := range map[string]Ask{
		"no blocks":       {0, 0.9},
		"negative blocks": {-1, 0.9},
		"many blocks":     {MaxBlocks + 1, 0.9},
		"never":           {1, 0},
		"always":          {1, 1},
		"not a number":    {1, math.NaN()},
		"infinitely sure": {1, math.Inf(1)},
		"negative":        {1, -0.5},
	} {
		if err := ask.Validate(); !errors.Is(err, ErrInvalidAsk) {
			t.Errorf("%s: have %v want ErrInvalidAsk", name, err)
		}
	}
	for _, ask := range []Ask{{1, leastProbability}, {MaxBlocks, greatestProbability}} {
		if err := ask.Validate(); err != nil {
			t.Errorf("%+v: %v", ask, err)
		}
	}
}

// TestOfferAfterWhatNeverChanges: where every block was like the other, the next ones are too.
func TestOfferAfterWhatNeverChanges(t *testing.T) {
	p, price := testParams(), big.NewInt(8_000_000_000)
	for name, c := range map[string]struct {
		used  float64
		entry int64
		cap   float64 // as a multiple of the next block's base fee
		tip   int64
	}{
		"half full":             {0.5, 0, 1, 0},
		"empty: not below it":   {0, 0, 1, 0},
		"full, with room":       {1, 0, 1.125, 0},
		"full, and others tip":  {1, 8_000_000, 1.126, 8_000_000},
		"half, and others tip":  {0.5, 8_000_000, 1.001, 8_000_000},
		"empty, and others tip": {0, 16_000_000, 1, 16_000_000}, // what the price falls by pays for the tip
	} {
		offer := NewForecast(p, price, steady(200, c.used, c.entry), 3).Offer(0.9)
		fee, _ := new(big.Float).SetInt(offer.Cap).Float64()
		if math.Abs(fee/8e9-c.cap) > 1e-6 || offer.Tip != c.tip || offer.Expected < 0.999 || offer.Stretches != 200-3-Lag {
			t.Errorf("%s: %+v, want a cap of %v and a tip of %d", name, offer, c.cap*8e9, c.tip)
		}
	}
}

// TestOfferWithoutHistory: as long as too little is known, full blocks are reckoned with.
func TestOfferWithoutHistory(t *testing.T) {
	p := testParams()
	for _, history := range [][]Observation{nil, steady(1, 0.2, 0), steady(MinStretches+Lag, 0.2, 7)} {
		offer := NewForecast(p, p.Reserve, history, 1).Offer(0.9)
		if offer.Stretches != 0 || offer.Tip != 0 {
			t.Errorf("after %d blocks: %+v", len(history), offer)
		}
		requireParts(t, "a cap for full blocks", offer.Cap, p.Reserve, 1_125_000)
	}
}

// TestForecastMovesLikeTheRule: the floating-point path of prices is that of the chain's integers.
func TestForecastMovesLikeTheRule(t *testing.T) {
	p, random := testParams(), rand.New(rand.NewPCG(1, 1))
	excess := history(p, 0, 12, testMax, testBlockTime)
	m := newMotion(p, BaseFee(p, excess))
	var blocks []Observation
	var prices []*big.Int
	for range MaxBlocks {
		used, elapsed := random.Uint64N(testMax+1), time.Duration(random.Int64N(int64(3*testBlockTime)))
		blocks = append(blocks, p.Observe(used, elapsed, 0))
		prices = append(prices, BaseFee(p, excess))
		excess = NextExcess(p, excess, used, elapsed)
	}
	for i, price := range m.follow(blocks).base {
		want, _ := new(big.Float).SetInt(prices[i+Lag]).Float64()
		if math.Abs(price/want-1) > 1e-6 {
			t.Fatalf("block %d: %v, the chain charges %v", i, price, want)
		}
	}
}

// FuzzOffer: whatever happened, an offer is accepted by the next block, is an amount, and
// grows with the probability.
func FuzzOffer(f *testing.F) {
	f.Add(uint64(1), uint64(1e9), 60, 3, 0.5)
	f.Add(uint64(2), uint64(math.MaxUint64), 720, 100, 0.99)
	f.Add(uint64(3), uint64(1), 5, 1, 0.01)
	f.Fuzz(func(t *testing.T, seed, next uint64, blocks, within int, probability float64) {
		ask := Ask{within, probability}
		if ask.Validate() != nil || next == 0 || blocks < 0 || blocks > 2*Window {
			return
		}
		random := rand.New(rand.NewPCG(seed, 0))
		history := make([]Observation, blocks)
		for i := range history {
			history[i] = Observation{Used: random.Float64(), Due: random.Float64(), Entry: int64(random.Uint64() >> (1 + random.UintN(63)))}
		}
		forecast := NewForecast(testParams(), new(big.Int).SetUint64(next), history, within)
		offer, surer := forecast.Offer(probability), forecast.Offer(min(probability+0.05, greatestProbability))
		if offer.Cap.Cmp(new(big.Int).SetUint64(next)) < 0 || offer.Cap.BitLen() > 128 || offer.Tip < 0 {
			t.Fatalf("the offer is %+v at a base fee of %d", offer, next)
		}
		if surer.Tip < offer.Tip || !(offer.Expected >= 0 && offer.Expected < 1+1e-9) {
			t.Fatalf("offers %+v and, surer, %+v", offer, surer)
		}
	})
}

func TestGetsIn(t *testing.T) {
	charged := func(fees ...int64) []Charged {
		var blocks []Charged
		for i := 0; i < len(fees); i += 2 {
			blocks = append(blocks, Charged{big.NewInt(fees[i]), fees[i+1]})
		}
		return blocks
	}
	offer := Offer{Cap: big.NewInt(100), Tip: 10}
	for name, c := range map[string]struct {
		blocks []Charged
		want   bool
	}{
		"room":                                {charged(100, 0), true},
		"the price is above the cap":          {charged(101, 0), false},
		"refused, though the price falls":     {charged(101, 0, 90, 0), false},
		"accepted, waits, and gets in":        {charged(100, 5, 101, 0, 95, 5), true},
		"the cap leaves too little of a tip":  {charged(96, 5), false},
		"the cap leaves just enough of a tip": {charged(95, 5), true},
		"the tip is too low":                  {charged(50, 11), false},
		"no blocks":                           {nil, false},
	} {
		if got := offer.GetsIn(c.blocks); got != c.want {
			t.Errorf("%s: have %v want %v", name, got, c.want)
		}
	}
}

func TestCalibrationCounts(t *testing.T) {
	c := Calibration{Stated: 0.9}
	for _, in := range []bool{true, true, false, true} {
		c.Add(0.5, in)
	}
	if math.Abs(c.Observed-0.75) > 1e-9 || c.Expected != 0.5 || c.Trials != 4 || c.Stated != 0.9 {
		t.Errorf("three of four: %+v", c)
	}
}

// BenchmarkEstimate is what a request for an estimate costs a node at most.
func BenchmarkEstimate(b *testing.B) {
	p, history := testParams(), steady(Window, 0.7, 5)
	for b.Loop() {
		NewForecast(p, big.NewInt(3_000_000_000), history, MaxBlocks).Offer(0.9)
	}
}
