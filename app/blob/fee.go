package blob

import (
	"cosmossdk.io/math"
)

// maxAmountBits bounds the amounts users name, so that no product of a price and a
// gas amount overflows the 256 bits of math.Int.
const maxAmountBits = 128

// Offer is what a transaction bids, in base denomination.
type Offer struct {
	// Gas is the transaction's blob gas.
	Gas uint64
	// Fee is the amount the transaction names, and the most it pays.
	Fee math.Int
	// FeeCap and TipCap are per unit of blob gas; nil for a transaction without blobs,
	// which offers all of its fee.
	FeeCap, TipCap *math.Int
}

// Charge is what a transaction pays, in base denomination.
type Charge struct {
	// Burn is the base fee's part.
	Burn math.Int
	// Collect goes to the fee collector: tip and execution.
	Collect math.Int
	// Execution is the part of Collect that pays for execution gas.
	Execution math.Int
	// Tip is the effective tip per unit of blob gas, which orders the block.
	Tip math.Int
}

// Total returns what leaves the payer's account.
func (c Charge) Total() math.Int {
	return c.Burn.Add(c.Collect)
}

// Quote returns what an offer pays at a base fee per unit of blob gas. Its errors are
// ErrInvalidFee, where the offer makes no sense, and ErrFeeTooLow, where it is below
// the price of the moment.
func (o Offer) Quote(baseFee math.Int) (Charge, error) {
	if err := checkAmount("fee", o.Fee); err != nil {
		return Charge{}, err
	}
	gas := math.NewIntFromUint64(o.Gas)
	if o.FeeCap == nil {
		return o.quotePlain(baseFee, gas)
	}
	if err := checkAmount("fee_cap", *o.FeeCap); err != nil {
		return Charge{}, err
	}
	if err := checkAmount("tip_cap", *o.TipCap); err != nil {
		return Charge{}, err
	}
	return o.quoteBlobs(baseFee, gas)
}

// quotePlain prices a transaction without blobs: all it offers above the base fee
// goes to the fee collector.
func (o Offer) quotePlain(baseFee, gas math.Int) (Charge, error) {
	if baseFee.BigIntMut().BitLen() > maxAmountBits {
		return Charge{}, ErrFeeTooLow.Wrapf("the base fee is %s per blob gas, above any fee that can be named: wait for it to fall", baseFee)
	}
	burn := baseFee.Mul(gas)
	if o.Fee.LT(burn) {
		return Charge{}, ErrFeeTooLow.Wrapf("fee is %s: at a base fee of %s per blob gas this transaction's %s blob gas cost %s", o.Fee, baseFee, gas, burn)
	}
	rest := o.Fee.Sub(burn)
	return Charge{Burn: burn, Collect: rest, Execution: rest, Tip: rest.Quo(math.MaxInt(gas, math.OneInt()))}, nil
}

// quoteBlobs prices a blob transaction: base fee plus min(tip cap, fee cap - base fee)
// for each unit of blob gas, and what it offers above fee cap × gas for execution.
func (o Offer) quoteBlobs(baseFee, gas math.Int) (Charge, error) {
	if o.FeeCap.LT(baseFee) {
		return Charge{}, ErrFeeTooLow.Wrapf("fee_cap is %s: the base fee is %s per blob gas", o.FeeCap, baseFee)
	}
	most := o.FeeCap.Mul(gas)
	if o.Fee.LT(most) {
		return Charge{}, ErrFeeTooLow.Wrapf("fee is %s: fee_cap %s for %s blob gas takes at least %s", o.Fee, o.FeeCap, gas, most)
	}
	tip := math.MinInt(*o.TipCap, o.FeeCap.Sub(baseFee))
	execution := o.Fee.Sub(most)
	return Charge{Burn: baseFee.Mul(gas), Collect: execution.Add(tip.Mul(gas)), Execution: execution, Tip: tip}, nil
}

// checkAmount refuses amounts that are missing, negative or absurdly large.
func checkAmount(name string, amount math.Int) error {
	switch {
	case amount.IsNil():
		return ErrInvalidFee.Wrapf("%s is missing", name)
	case amount.IsNegative():
		return ErrInvalidFee.Wrapf("%s is negative: %s", name, amount)
	case amount.BigIntMut().BitLen() > maxAmountBits:
		return ErrInvalidFee.Wrapf("%s has %d bits, at most %d make sense", name, amount.BigIntMut().BitLen(), maxAmountBits)
	}
	return nil
}
