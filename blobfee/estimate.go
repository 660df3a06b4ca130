package blobfee

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"time"
)

// What is in this file is in floating-point numbers: no block depends on it, and no two
// nodes need to agree on it.

const (
	// Lag is how many blocks pass before the first that an estimate counts: the next one is
	// being made while the transaction is still to be proven, signed and sent.
	Lag = 1
	// MaxBlocks bounds how many blocks an estimate looks ahead.
	MaxBlocks = 100
	// Window is how many blocks an estimate looks back.
	Window = 720
	// MinStretches is how many stretches of the past an estimate takes. While there are fewer
	// it says what full blocks would charge, without a tip.
	MinStretches = 30
	// leastProbability and greatestProbability bound what a history of Window blocks can tell.
	leastProbability, greatestProbability = 0.01, 0.99
)

// ErrInvalidAsk is wrapped by the errors of Ask.Validate.
var ErrInvalidAsk = errors.New("invalid request for an estimate")

// Observation is what one block tells those after it.
type Observation struct {
	// Used is the share of the block that was used, Due the share that the time it took was
	// meant for: what was added to the excess and taken from it, in blocks.
	Used, Due float64
	// Entry is the least tip that got in, per unit of blob gas: Limits.Tip of Limits.Entry,
	// for the size asked for.
	Entry int64
}

// Observe returns what a block tells that used so much blob gas, elapsed after the one
// before. Params must be valid.
func (p Params) Observe(used uint64, elapsed time.Duration, entry int64) Observation {
	return Observation{Used: float64(p.added(used)) / Scale, Due: float64(p.taken(elapsed)) / Scale, Entry: entry}
}

// Ask is what is to be estimated: an offer that gets in within so many blocks, so surely.
type Ask struct {
	// Blocks is counted after the Lag.
	Blocks      int
	Probability float64
}

// Validate reports what no estimate can answer. Its errors wrap ErrInvalidAsk.
func (a Ask) Validate() error {
	switch {
	case a.Blocks < 1 || a.Blocks > MaxBlocks:
		return fmt.Errorf("%w: %d blocks: choose 1 to %d", ErrInvalidAsk, a.Blocks, MaxBlocks)
	case !(a.Probability >= leastProbability && a.Probability <= greatestProbability): // NaN too
		return fmt.Errorf("%w: probability %v: choose %v to %v", ErrInvalidAsk, a.Probability, leastProbability, greatestProbability)
	}
	return nil
}

// Offer is what to bid.
type Offer struct {
	// Cap is per unit of blob gas, in base denomination.
	Cap *big.Int
	// Tip is per unit of blob gas, in base denomination.
	Tip int64
	// Expected is how often, in what happened before, the offer would have got in. It exceeds
	// what was asked for where the least offer that is accepted at all gets in more surely, and
	// falls short where no offer would have got in so often.
	Expected float64
	// Stretches is how many stretches of the past that rests on; 0: there are too few.
	Stretches int
}

// Forecast is what the next blocks may bring: what stretches of the past would have brought
// from the present excess on. Those that began in a state like the present one count for more.
type Forecast struct {
	next      *big.Int // the next block's base fee
	known     int      // how many stretches are of the past
	stretches []stretch
}

// stretch is a run of blocks, the Lag left out.
type stretch struct {
	weight      float64
	base, entry []float64 // of each block: the base fee, and the least tip that gets in
}

// NewForecast returns the forecast for so many blocks, given the base fee of the next one.
// History is oldest first and ends with the block before that; what is beyond Window of it does not
// count. Params must be valid, the base fee positive and blocks from 1 to MaxBlocks.
func NewForecast(p Params, next *big.Int, history []Observation, blocks int) *Forecast {
	history = history[max(0, len(history)-Window):]
	states := statesOf(history)
	m := newMotion(p, next)
	f := &Forecast{next: next}
	length := Lag + blocks
	for from := 0; from+length < len(history); from++ {
		s := m.follow(history[from+1 : from+1+length])
		s.weight = states[from].likeness(states[len(states)-1]) * math.Exp(float64(from-len(history))/memory)
		f.stretches = append(f.stretches, s)
	}
	if f.known = len(f.stretches); f.known < MinStretches {
		f.known = 0
		f.stretches = []stretch{m.follow(full(length))}
		f.stretches[0].weight = 1
	}
	f.normalize()
	return f
}

func (f *Forecast) normalize() {
	var sum float64
	for i := range f.stretches {
		sum += f.stretches[i].weight
	}
	for i := range f.stretches {
		f.stretches[i].weight /= sum
	}
}

// full is a history of full blocks in time.
func full(blocks int) []Observation {
	return slices.Repeat([]Observation{{Used: 1, Due: 0.5}}, blocks)
}

// memory is after how many blocks what happened counts for e times less.
const memory = 500

// Offer returns the least offer that gets in so surely. The chance of failing is shared by
// tip and cap: the tip alone may fail in half of the cases that both together may. What a
// node would refuse, because it is below the next block's base fee, is not offered.
func (f *Forecast) Offer(probability float64) Offer {
	tip := f.quantile(1-(1-probability)/2, func(s *stretch) float64 { return slices.Min(s.entry) })
	price := f.quantile(probability, func(s *stretch) float64 { return s.price(tip) })
	offer := Offer{Cap: atLeast(price, f.next), Tip: int64(min(tip, NeverFits/2)), Stretches: f.known}
	offered, _ := offer.Cap.Float64()
	for i := range f.stretches {
		if s := &f.stretches[i]; s.price(tip) <= offered {
			offer.Expected += s.weight
		}
	}
	offer.Expected = min(offer.Expected, 1)
	return offer
}

// atLeast rounds a price up, and to the least at the lowest. A price that no offer reaches
// is as high as amounts go.
func atLeast(price float64, least *big.Int) *big.Int {
	const highest = 1 << 126
	rounded, _ := big.NewFloat(math.Ceil(min(price, highest))).Int(nil)
	if rounded.Cmp(least) < 0 {
		rounded.Set(least)
	}
	return rounded
}

// price is the lowest cap that gets in with a tip: one that is accepted when the
// transaction arrives, and that holds both base fee and tip of some block.
func (s *stretch) price(tip float64) float64 {
	least := math.Inf(1)
	for i, entry := range s.entry {
		if entry <= tip {
			least = min(least, s.base[i]+entry)
		}
	}
	return max(least, s.base[0])
}

// quantile returns the least value that so much of the weight is at or below.
func (f *Forecast) quantile(share float64, value func(*stretch) float64) float64 {
	type weighted struct{ value, weight float64 }
	values := make([]weighted, len(f.stretches))
	for i := range f.stretches {
		values[i] = weighted{value(&f.stretches[i]), f.stretches[i].weight}
	}
	slices.SortFunc(values, func(a, b weighted) int { return cmp.Compare(a.value, b.value) })
	var sum float64
	for _, v := range values {
		if sum += v.weight; sum >= share {
			return v.value
		}
	}
	return values[len(values)-1].value
}

// motion is the rule of this package, near enough.
type motion struct{ start, floor, reserve, fraction float64 }

func newMotion(p Params, next *big.Int) motion {
	m := motion{fraction: float64(p.UpdateFraction) / Scale}
	m.reserve, _ = p.Reserve.Float64()
	price, _ := next.Float64()
	m.floor = math.Log(m.reserve) * m.fraction
	m.start = max(m.floor, math.Log(price)*m.fraction)
	return m
}

// price is exact at the reserve, where quiet chains are.
func (m motion) price(excess float64) float64 {
	if excess <= m.floor {
		return m.reserve
	}
	return math.Exp(excess / m.fraction)
}

// follow returns what a stretch would have brought from the present excess on.
func (m motion) follow(blocks []Observation) stretch {
	values := make([]float64, 2*(len(blocks)-Lag))
	s := stretch{base: values[:len(values)/2], entry: values[len(values)/2:]}
	excess := m.start
	for i, o := range blocks {
		if i >= Lag {
			s.base[i-Lag], s.entry[i-Lag] = m.price(excess), float64(o.Entry)
		}
		excess = max(m.floor, excess+o.Used-o.Due)
	}
	return s
}

// state is what the next blocks depend on: the use of the last block, and of the last few.
type state struct{ last, recent float64 }

// statesOf returns the state after each block of a history.
func statesOf(history []Observation) []state {
	const few = 8
	states := make([]state, len(history))
	recent := 0.5
	for i, o := range history {
		recent += (o.Used - recent) / few
		states[i] = state{o.Used, recent}
	}
	return states
}

// likeness is 1 for equal states and falls towards, and not to, nothing.
func (s state) likeness(t state) float64 {
	const last, recent, least = 0.25, 0.15, 1e-6 // deviations
	distance := ((s.last-t.last)/last)*((s.last-t.last)/last) + ((s.recent-t.recent)/recent)*((s.recent-t.recent)/recent)
	return math.Exp(-distance/2) + least
}
