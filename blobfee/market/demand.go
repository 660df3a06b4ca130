package market

import (
	"math"
	"math/rand/v2"

	"github.com/ashlar-da/ashlar/blobfee"
)

// Users are who want to post.
type Users struct {
	// Value is the median of what a unit of blob gas is worth to them, in base
	// denomination, Spread how far values lie apart: the standard deviation of their logarithm.
	Value, Spread float64
	// Tip is the most they tip, as a share of the value; each draws a share up to it.
	Tip float64
	// Patience is the mean of the blocks they wait.
	Patience float64
}

// Crowd draws users from a seed: the same for every rule that is compared.
type Crowd struct {
	random *rand.Rand
}

// NewCrowd returns the crowd of a seed.
func NewCrowd(seed uint64) *Crowd { return &Crowd{rand.New(rand.NewPCG(seed, 4844))} }

// Arrivals returns the transactions of some users who want gas blob gas together on
// average. Their number is Poisson's, most are small and most of the gas is that of few.
func (c *Crowd) Arrivals(users Users, gas float64) []*Tx {
	txs := make([]*Tx, c.poisson(gas/meanGas))
	for i := range txs {
		txs[i] = c.user(users)
	}
	return txs
}

// meanGas is about what one user asks for on average; see TestUsersAskForTheirMean.
const meanGas = 175_000

func (c *Crowd) user(users Users) *Tx {
	value := quantized(users.Value * math.Exp(users.Spread*c.random.NormFloat64()))
	return &Tx{
		Space: spaceOf(c.cells()), Cap: value, Tip: quantized(value * users.Tip * c.random.Float64()),
		Patience: 1 + int(c.random.ExpFloat64()*users.Patience),
	}
}

// cells draws a size: half of the blobs share rows, the others have one to sixteen.
func (c *Crowd) cells() int {
	if c.random.IntN(2) == 0 {
		return 1 << c.random.IntN(6)
	}
	rows := 1
	for rows < 16 && c.random.IntN(5) < 3 {
		rows++
	}
	return 64 * rows
}

// quantized rounds to a millionth of an ASH's billionth, so that processors that differ in
// the last bit of an exponential draw the same users.
func quantized(amount float64) float64 { return math.Round(amount/1e6) * 1e6 }

// poisson draws how many of many rare events happen, given how many do on average.
func (c *Crowd) poisson(mean float64) int {
	events := 0
	for at := c.random.ExpFloat64(); at < mean; at += c.random.ExpFloat64() {
		events++
	}
	return events
}

// spaceOf is what a transaction takes whose blob fills so many cells.
func spaceOf(cells int) blobfee.Space { return blobfee.SpaceOf(blobfee.SizeOf(cells)) }
