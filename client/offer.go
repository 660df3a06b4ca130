package client

import (
	"context"
	"fmt"

	"cosmossdk.io/math"

	"github.com/ashlar-da/ashlar/da"
)

const (
	// leastGas is the execution gas a blob transaction offers at least, twice what a small one
	// uses. Each byte that is signed uses ten.
	leastGas   = 200_000
	gasPerByte = 12
	// capFactor is how far above the present base fee the fee cap is: six full blocks can
	// raise the base fee by as much before the transaction no longer fits.
	capFactor = 2
	// tipShare is the part of the base fee that is offered as a tip: enough to go before
	// those who offer none where there is not room for all.
	tipShare = 20
	// A transaction takes the place of another of its sequence if it offers a tenth more.
	replaceNumerator, replaceDenominator = 11, 10
	// maxFactor is how far above what is needed a node can make a client go without bounds, by
	// refusing what it offers.
	maxFactor = 10
	// priceBits bounds the prices that a node may ask, as the chain does.
	priceBits = 128
	// A signed transaction has at most framing bytes, and perBlob for each blob besides its
	// commitments.
	framing, perBlob = 600, 150
)

// prices asks for the base fee per unit of blob gas, and the price of execution gas.
func (c *Client) prices(ctx context.Context) (base, gas math.Int, err error) {
	fees, err := c.Fees(ctx)
	if err != nil {
		return base, gas, err
	}
	base, ok := math.NewIntFromString(fees.BaseFee)
	if !ok || base.IsNegative() || base.BigIntMut().BitLen() > priceBits {
		return base, gas, fmt.Errorf("the node says the base fee is %q", fees.BaseFee)
	}
	price, err := math.LegacyNewDecFromStr(fees.GasPrice)
	if err != nil || price.IsNegative() || price.BigIntMut().BitLen() > priceBits {
		return base, gas, fmt.Errorf("the node says the price of execution gas is %q", fees.GasPrice)
	}
	return base, math.MaxInt(c.gasPrice, price.Ceil().TruncateInt()), nil
}

// offer returns what to offer: enough above the base fee to last some blocks, enough above
// what was offered before, if anything, to take its place, and no more than the bounds. It
// fails with CodeFeeTooLow where the bounds are below what is needed.
func (c *Client) offer(ctx context.Context, p *Prepared, before Fees) (Fees, error) {
	base, gas, err := c.prices(ctx)
	if err != nil {
		return Fees{}, err
	}
	least, fees := base, p.Fees(base, gas)
	fees.Tip = math.MaxInt(fees.Tip, c.tip)
	fees.Cap = math.MaxInt(fees.Cap, base.Add(fees.Tip))
	c.estimate(ctx, p, &fees)
	if !before.Cap.IsNil() {
		least = math.MaxInt(least, raised(before.Cap))
		fees.Tip = math.MaxInt(fees.Tip, raised(before.Tip))
	}
	if least.GT(fees.Cap.MulRaw(maxFactor)) {
		return Fees{}, &Error{
			Code: CodeFeeTooLow, Retryable: true,
			Message: fmt.Sprintf("a fee cap of %s%s per blob gas is not taken, at base fee %s: no more than that is offered", before.Cap, Denom, base),
		}
	}
	fees.Cap = math.MaxInt(fees.Cap, least)
	if bound := c.bound(p, gas); !bound.IsNil() {
		fees.Cap = math.MinInt(fees.Cap, bound)
	}
	if fees.Cap.LT(least) {
		return Fees{}, &Error{
			Code:      CodeFeeTooLow,
			Message:   fmt.Sprintf("a fee cap of %s%s per blob gas is needed, at base fee %s, and the bounds given allow %s", least, Denom, base, fees.Cap),
			Hint:      "wait for the base fee to fall, or raise MaxFeePerGas and MaxFee",
			Retryable: true,
		}
	}
	return fees, nil
}

// estimate raises what is offered to what the node thinks is needed, if it is to be asked and
// can tell.
func (c *Client) estimate(ctx context.Context, p *Prepared, fees *Fees) {
	if c.within == 0 {
		return
	}
	ask := FeeAsk{Encoding: p.infos[0].Encoding, Blocks: c.within}
	for i := range p.infos {
		ask.Bytes += int(p.infos[i].Size)
	}
	estimate, err := c.FeeEstimate(ctx, ask)
	if err != nil {
		return
	}
	feeCap, ok := math.NewIntFromString(estimate.FeeCap)
	tip, tipOK := math.NewIntFromString(estimate.TipCap)
	if ok && tipOK && feeCap.BigIntMut().BitLen() <= priceBits && tip.BigIntMut().BitLen() <= priceBits {
		fees.Cap, fees.Tip = math.MaxInt(fees.Cap, feeCap), math.MaxInt(fees.Tip, tip)
	}
}

// raised is the least amount that takes the place of another.
func raised(amount math.Int) math.Int {
	return amount.MulRaw(replaceNumerator).AddRaw(replaceDenominator - 1).QuoRaw(replaceDenominator)
}

// bound returns the highest fee cap that the bounds allow, nil if there are none.
func (c *Client) bound(p *Prepared, gasPrice math.Int) math.Int {
	bound := c.maxPrice
	if c.maxFee.IsNil() {
		return bound
	}
	left := c.maxFee.Sub(gasPrice.Mul(math.NewIntFromUint64(p.gasLimit())))
	perGas := math.MaxInt(left, math.ZeroInt()).Quo(math.NewIntFromUint64(p.BlobGas() + da.TxBlobGas(p.signedLength())))
	if bound.IsNil() {
		return perGas
	}
	return math.MinInt(bound, perGas)
}

// Fees is what to offer at a base fee per unit of blob gas and a price per unit of execution
// gas, in aash, where nothing else is known.
func (p *Prepared) Fees(base, gasPrice math.Int) Fees {
	return Fees{Cap: base.MulRaw(capFactor), Tip: base.QuoRaw(tipShare), GasLimit: p.gasLimit(), GasPrice: gasPrice}
}

// gasLimit is the execution gas to offer.
func (p *Prepared) gasLimit() uint64 {
	return max(leastGas, leastGas/2+gasPerByte*uint64(p.signedLength()))
}

// signedLength is about how many bytes the transaction will sign, no fewer.
func (p *Prepared) signedLength() int {
	length := framing
	for i := range p.infos {
		length += perBlob + len(p.infos[i].Commitments)*(len(p.infos[i].Commitments[0])+2)
	}
	return length
}
