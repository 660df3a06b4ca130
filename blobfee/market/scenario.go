package market

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
)

// DefaultBlocks is how many blocks a scenario takes where nobody says: half an hour.
const DefaultBlocks = 300

// minBlocks and maxBlocks bound a scenario's length.
const minBlocks, maxBlocks = 60, 5000

// ErrInvalidScenario is wrapped by the errors of FindScenario and Scenario.Run.
var ErrInvalidScenario = errors.New("invalid scenario")

// Scenario is a demand and what happens to the chain meanwhile. Its functions take the
// share of the scenario that is over, from 0 to 1; those that are nil change nothing.
type Scenario struct {
	// Name is what commands call it, Title and About what people read.
	Name, Title, About string
	// Demand is what users want who find the price low: the share of a block of the size
	// at the beginning, for every block time.
	Demand func(at float64) float64
	// Pace is how many block times a block takes.
	Pace func(at float64) float64
	// Size is how many blocks of the beginning a block holds.
	Size func(at float64) float64
	// Stuffs tells whether an attacker fills blocks at whatever price.
	Stuffs func(at float64) bool
	// From and To are when what the scenario is about happens.
	From, To float64
}

// between returns a function that is one value from one share of a scenario to another, and
// else another.
func between(from, to, within, outside float64) func(float64) float64 {
	return func(at float64) float64 {
		if at >= from && at < to {
			return within
		}
		return outside
	}
}

func constant(value float64) func(float64) float64 { return func(float64) float64 { return value } }

// Scenarios lists them all.
func Scenarios() []Scenario {
	return []Scenario{
		{
			Name: "step", Title: "Demand that comes to stay", About: "A quiet chain, and then users who want one and a half blocks per block.",
			Demand: between(0.3, 1, 1.5, 0.25), From: 0.3, To: 1,
		},
		{
			Name: "burst", Title: "A burst", About: "A fifth of the time, users want three blocks per block; before and after, less than the target.",
			Demand: between(0.3, 0.5, 3, 0.4), From: 0.3, To: 0.5,
		},
		{
			Name: "oscillation", Title: "Demand that comes and goes", About: "Five waves between next to nothing and two blocks per block.",
			Demand: func(at float64) float64 { return 1.05 - 0.95*math.Cos(2*math.Pi*5*at) }, From: 0, To: 1,
		},
		{
			Name: "slow-blocks", Title: "Blocks that take twice as long", About: "Validators fail and blocks take twelve seconds instead of six. Users want the same per second.",
			Demand: constant(0.8), Pace: between(0.35, 0.7, 2, 1), From: 0.35, To: 0.7,
		},
		{
			Name: "capacity-change", Title: "Governance doubles the blocks, and halves them again", About: "Users want the same throughout. EIP-4844's constants go with the size, as they do in Ethereum's forks.",
			Demand: constant(1.5), Size: between(0.35, 0.7, 2, 1), From: 0.35, To: 0.7,
		},
		{
			Name: "stuffing", Title: "An attacker who fills blocks", About: "For a tenth of the time somebody outbids everyone and leaves others three rows of a block.",
			Demand: constant(0.8), Stuffs: func(at float64) bool { return at >= 0.4 && at < 0.5 }, From: 0.4, To: 0.5,
		},
	}
}

// FindScenario returns the scenario of that name. It fails with ErrInvalidScenario.
func FindScenario(name string) (Scenario, error) {
	var names []string
	for _, s := range Scenarios() {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return Scenario{}, fmt.Errorf("%w: there is none called %q: choose %s", ErrInvalidScenario, name, strings.Join(names, ", "))
}

// Run is what came of a scenario.
type Run struct {
	Scenario Scenario
	// Ashlar and Ethereum are the blocks under each rule, as many and at the same times.
	Ashlar, Ethereum []Outcome
}

// Outcome is a block and what came before it.
type Outcome struct {
	Block
	// Wanted is the blob gas that users wanted who came before the block, Refused that of those
	// whom the price was too high for.
	Wanted, Refused uint64
	// Attack is the blob gas of the block that is the attacker's.
	Attack uint64
	// Slow and Size are the scenario's pace and size.
	Slow, Size float64
}

// Run simulates so many blocks under each rule: the same users at the same times, from
// the same price, the reserve. It fails with ErrInvalidScenario.
func (s Scenario) Run(blocks int) (*Run, error) {
	if blocks < minBlocks || blocks > maxBlocks {
		return nil, fmt.Errorf("%w: %d blocks: choose %d to %d", ErrInvalidScenario, blocks, minBlocks, maxBlocks)
	}
	d := Defaults()
	ethereum := (&Ethereum{Constants: EthereumConstants(d.Params.MaxGas)}).at(d.Params.Reserve)
	return &Run{
		Scenario: s,
		Ashlar:   s.under(&Ashlar{Params: d.Params}, blocks),
		Ethereum: s.under(ethereum, blocks),
	}, nil
}

// under simulates one rule.
func (s Scenario) under(rule Rule, blocks int) []Outcome {
	d := Defaults()
	chain := &Chain{Rule: rule, Limits: d.Limits}
	crowd, users := NewCrowd(1), Users{Value: 3e9, Spread: 0.8, Tip: 0.05, Patience: 10}
	outcomes := make([]Outcome, blocks)
	for i := range outcomes {
		at := float64(i) / float64(blocks)
		o := &outcomes[i]
		o.Slow, o.Size = orOne(s.Pace, at), orOne(s.Size, at)
		if rows := int(float64(d.Limits.Rows) * o.Size); rows != chain.Limits.Rows {
			chain.Resize(rows)
		}
		for _, tx := range crowd.Arrivals(users, s.Demand(at)*o.Slow*float64(d.Params.MaxGas)) {
			o.Wanted += tx.BlobGas()
			if !chain.Submit(tx) {
				o.Refused += tx.BlobGas()
			}
		}
		attack := s.attack(chain, at)
		o.Block = *chain.Step(time.Duration(o.Slow * float64(d.Params.BlockTime)))
		for _, tx := range attack {
			o.Attack += tx.BlobGas()
		}
	}
	return outcomes
}

func orOne(f func(float64) float64, at float64) float64 {
	if f == nil {
		return 1
	}
	return f(at)
}

// attack submits what fills all but three rows of the next block, tipped above all else.
func (s Scenario) attack(chain *Chain, at float64) []*Tx {
	if s.Stuffs == nil || !s.Stuffs(at) {
		return nil
	}
	var txs []*Tx
	for _, rows := range []int{16, 15} {
		tx := &Tx{Space: spaceOf(rows * 64), Cap: math.MaxFloat64, Tip: 1e15, Patience: 1}
		chain.Submit(tx)
		txs = append(txs, tx)
	}
	return txs
}
