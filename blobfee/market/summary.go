package market

import (
	"math"
	"math/big"
)

// Summary is what a rule came to in a run.
type Summary struct {
	Rule string `json:"rule"`
	// Lowest and Highest are base fees, in base denomination per blob gas.
	Lowest  *big.Int `json:"lowest_base_fee"`
	Highest *big.Int `json:"highest_base_fee"`
	// Use is the share of the blocks' room that was used, Full the share of blocks that were
	// full to nine tenths or more.
	Use  float64 `json:"use"`
	Full float64 `json:"full"`
	// Queue is the most that waited after a block, in blocks.
	Queue float64 `json:"longest_queue"`
	// Jump is the largest factor between the base fees of two blocks in a row, up or down.
	Jump float64 `json:"largest_step"`
	// Refused is the share of what users wanted that came when the price was above what it was
	// worth to them.
	Refused float64 `json:"refused"`
	// Burned is what base fees came to, and Attack the part that an attacker paid, in ASH.
	Burned float64 `json:"burned"`
	Attack float64 `json:"attack"`
}

// Summaries sums the run up, our rule first.
func (r *Run) Summaries() []Summary {
	return []Summary{summarize("Ashlar", r.Ashlar), summarize("EIP-4844", r.Ethereum)}
}

func summarize(rule string, outcomes []Outcome) Summary {
	s := Summary{Rule: rule, Lowest: outcomes[0].BaseFee, Highest: outcomes[0].BaseFee, Jump: 1}
	var used, room, wanted, refused float64
	last, _ := outcomes[0].BaseFee.Float64()
	for i := range outcomes {
		o := &outcomes[i]
		price, _ := o.BaseFee.Float64()
		if o.BaseFee.Cmp(s.Lowest) < 0 {
			s.Lowest = o.BaseFee
		}
		if o.BaseFee.Cmp(s.Highest) > 0 {
			s.Highest = o.BaseFee
		}
		s.Jump, last = max(s.Jump, price/last, last/price), price
		used, room = used+float64(o.Used), room+float64(o.MaxGas)
		wanted, refused = wanted+float64(o.Wanted), refused+float64(o.Refused)
		s.Queue = max(s.Queue, float64(o.Waiting)/float64(o.MaxGas))
		if float64(o.Used) >= 0.9*float64(o.MaxGas) {
			s.Full += 1 / float64(len(outcomes))
		}
		s.Burned, s.Attack = s.Burned+o.Burned/ash, s.Attack+float64(o.Attack)*price/ash
	}
	s.Use, s.Refused = used/room, refused/math.Max(wanted, 1)
	return s
}

// ash is one ASH in base denomination.
const ash = 1e18
