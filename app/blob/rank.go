package blob

import (
	gomath "math"

	"cosmossdk.io/math"
)

// waitShare is the part of the base fee that an empty block in time takes off: a fee cap that
// falls short by no more may enter the mempool and wait.
const waitShare = 9

// Capacity is what a block holds of each of its two resources. Gas 0 is no bound.
type Capacity struct {
	BlobGas, Gas uint64
}

// Priority returns what the mempool compares: the tip per blob gas, or, where a larger
// share of a block's execution gas is used than of its blob gas, per that share. So
// whoever fills a block pays for all of it, whichever way it is filled.
func (c Capacity) Priority(offer Offer, tip math.Int) int64 {
	used := math.NewIntFromUint64(max(offer.BlobGas, 1))
	if c.Gas > 0 {
		share := math.NewIntFromUint64(offer.Gas).Mul(math.NewIntFromUint64(c.BlobGas)).Quo(math.NewIntFromUint64(c.Gas))
		used = math.MaxInt(used, share)
	}
	return clip(tip.Quo(used))
}

// clip returns an amount as far as 64 bits tell amounts apart.
func clip(amount math.Int) int64 {
	switch {
	case amount.IsInt64():
		return amount.Int64()
	case amount.IsNegative():
		return gomath.MinInt64
	}
	return gomath.MaxInt64
}

// Cap returns the most that an offer pays per blob gas: no block whose base fee is higher
// includes it. It is negative where the offer does not even pay for its execution.
func (o Offer) Cap(gasPrice math.Int) math.Int {
	left := o.Fee.Sub(gasPrice.Mul(math.NewIntFromUint64(o.Gas)))
	most := left.Quo(math.NewIntFromUint64(max(o.BlobGas, 1)))
	if left.IsNegative() {
		most = math.MinInt(most, math.OneInt().Neg()) // Quo rounds towards 0
	}
	if o.FeeCap != nil {
		most = math.MinInt(most, *o.FeeCap)
	}
	return most
}

// Rank returns an offer's priority at given prices: not negative where a block can include
// it, and otherwise by how much its cap per blob gas falls short, as a negative number.
func (o Offer) Rank(prices Prices, capacity Capacity) int64 {
	charge, err := o.Quote(prices)
	if err == nil {
		return capacity.Priority(o, charge.Tip)
	}
	return min(clip(o.Cap(prices.Gas).Sub(prices.BaseFee)), -1)
}

// Waiting returns the least prices an offer must meet to wait for a block: those of the next
// block if that one is empty.
func (p Prices) Waiting() Prices {
	least := p.BaseFee.Sub(p.BaseFee.QuoRaw(waitShare))
	if !p.Reserve.IsNil() {
		least = math.MaxInt(least, math.MinInt(p.Reserve, p.BaseFee))
	}
	p.BaseFee = least
	return p
}
