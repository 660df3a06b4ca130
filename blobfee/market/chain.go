package market

import (
	"cmp"
	"math"
	"math/big"
	"slices"
	"time"

	"github.com/ashlar-da/ashlar/blobfee"
)

// Tx is a transaction with one blob.
type Tx struct {
	blobfee.Space
	// Cap is the most it pays per blob gas, Tip the most of that for the proposer, in base
	// denomination.
	Cap, Tip float64
	// Patience is for how many blocks it waits.
	Patience int

	// Included is the height of the block that has it, 0 while it waits or after it was given up.
	Included int
	expires  int
}

// Block is what one block came to.
type Block struct {
	Height  int
	Time    time.Duration // since the beginning
	Elapsed time.Duration
	BaseFee *big.Int
	// Used and MaxGas are in blob gas; Waiting is that of the transactions that were left.
	Used, MaxGas, Waiting uint64
	// Bids are the transactions it includes.
	Bids []blobfee.Bid
	// Burned is what they paid of base fee, in base denomination.
	Burned float64
}

// Setting is what a chain starts with.
type Setting struct {
	Params blobfee.Params
	Limits blobfee.Limits
}

// Defaults are those of a new Ashlar chain: app/blob.DefaultParams and app.ConsensusParams.
func Defaults() Setting {
	limits := blobfee.Limits{Rows: 34, TxRows: 2, SharedRows: 4, Gas: 200_000_000}
	return Setting{
		Params: blobfee.Params{
			MaxGas: limits.MaxGas(), BlockTime: 6 * time.Second, Reserve: big.NewInt(1_000_000_000), UpdateFraction: 4_245_093_508,
		},
		Limits: limits,
	}
}

// Chain is a mempool and a rule. Its blocks are packed as a proposer does it: highest
// effective tip per scarcer share first, whatever no longer fits is passed over.
type Chain struct {
	Rule   Rule
	Limits blobfee.Limits

	height int
	now    time.Duration
	pool   []*Tx
	// shadows wait like the pool's transactions, and take no room.
	shadows []*Tx
}

// Submit takes a transaction, or refuses one that does not pay the base fee of the moment.
func (c *Chain) Submit(tx *Tx) bool {
	if tx.Cap < c.price() {
		return false
	}
	tx.expires = c.height + tx.Patience
	c.pool = append(c.pool, tx)
	return true
}

// Shadow is Submit for a transaction that is told when it would have been included and
// changes nothing for the others.
func (c *Chain) Shadow(tx *Tx) bool {
	if tx.Cap < c.price() {
		return false
	}
	tx.expires = c.height + tx.Patience
	c.shadows = append(c.shadows, tx)
	return true
}

func (c *Chain) price() float64 {
	price, _ := new(big.Float).SetInt(c.Rule.BaseFee()).Float64()
	return price
}

// Resize is a governed change of the rows of a block.
func (c *Chain) Resize(rows int) {
	c.Limits.Rows = rows
	c.Rule.Resize(c.Limits.MaxGas())
}

// Height is that of the last block.
func (c *Chain) Height() int { return c.height }

// Step makes the next block, elapsed after the last.
func (c *Chain) Step(elapsed time.Duration) *Block {
	c.height++
	c.now += elapsed
	block := &Block{Height: c.height, Time: c.now, Elapsed: elapsed, BaseFee: c.Rule.BaseFee(), MaxGas: c.Limits.MaxGas()}
	price := c.price()
	c.pack(block, price)
	gone := func(tx *Tx) bool { return tx.Included > 0 || tx.expires <= c.height }
	c.pool, c.shadows = slices.DeleteFunc(c.pool, gone), slices.DeleteFunc(c.shadows, gone)
	for _, tx := range c.pool {
		block.Waiting += tx.BlobGas()
	}
	block.Burned = float64(block.Used) * price
	c.Rule.Next(block.Used, elapsed)
	return block
}

// pack fills a block, and tells each shadow whether it would have been in it.
func (c *Chain) pack(block *Block, price float64) {
	candidates := make([]candidate, 0, len(c.pool))
	for _, tx := range c.pool {
		if tx.Cap >= price {
			candidates = append(candidates, candidate{tx, c.priority(tx, price)})
		}
	}
	slices.SortStableFunc(candidates, func(a, b candidate) int { return cmp.Compare(b.priority, a.priority) })
	for _, shadow := range c.shadows {
		if shadow.Cap >= price && c.holds(candidates, candidate{shadow, c.priority(shadow, price)}) {
			shadow.Included = c.height
		}
	}
	var taken blobfee.Space
	for _, each := range candidates {
		if with := taken.Plus(each.tx.Space); c.Limits.Fits(with) {
			taken = with
			each.tx.Included = c.height
			block.Used += each.tx.BlobGas()
			block.Bids = append(block.Bids, blobfee.Bid{Space: each.tx.Space, Priority: each.priority})
		}
	}
}

// holds tells whether a block of the candidates has room for one more, which comes after
// those of its priority.
func (c *Chain) holds(candidates []candidate, one candidate) bool {
	var taken blobfee.Space
	for _, each := range candidates {
		if each.priority < one.priority {
			break
		}
		if with := taken.Plus(each.tx.Space); c.Limits.Fits(with) {
			taken = with
		}
	}
	return c.Limits.Fits(taken.Plus(one.tx.Space))
}

type candidate struct {
	tx       *Tx
	priority int64
}

// priority is the effective tip per unit of the scarcer share, rounded down.
func (c *Chain) priority(tx *Tx, price float64) int64 {
	tip := math.Floor(min(tx.Tip, tx.Cap-price))
	return int64(min(tip*float64(tx.BlobGas())/float64(c.Limits.Scarce(tx.Space)), 1<<62))
}
