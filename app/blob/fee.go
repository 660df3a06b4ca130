package blob

import (
	"cosmossdk.io/math"
)

// maxAmountBits bounds the amounts users name, so that no product of a price and a
// gas amount overflows the 256 bits of math.Int.
const maxAmountBits = 128

// Prices are what a block charges at least, in base denomination.
type Prices struct {
	// BaseFee is per unit of blob gas, and burned.
	BaseFee math.Int
	// Gas is per unit of execution gas.
	Gas math.Int
	// Reserve is what the base fee never falls below; nil where that is not known.
	Reserve math.Int
}

// Offer is what a transaction bids, in base denomination.
type Offer struct {
	// BlobGas and Gas, execution's, are what the transaction may use.
	BlobGas, Gas uint64
	// Fee is the amount the transaction names, and the most it pays.
	Fee math.Int
	// FeeCap and TipCap are per unit of blob gas; nil for a transaction without blobs,
	// which offers all of its fee.
	FeeCap, TipCap *math.Int
}

// Charge is what a transaction pays, in base denomination.
type Charge struct {
	// Burn is what is due: the base fee, and the least that execution costs.
	Burn math.Int
	// Tip is all above that. It goes to the proposer and orders the block, against what
	// the transaction uses of it.
	Tip math.Int
}

// Total returns what leaves the payer's account.
func (c Charge) Total() math.Int {
	return c.Burn.Add(c.Tip)
}

// Quote returns what an offer pays at given prices. What is due of a blob transaction is
// reckoned at its fee cap, so that no rise of the base fee up to there makes an offer
// too low that was not. Its errors are ErrInvalidFee, where the offer makes no sense, and
// ErrFeeTooLow, where it is below the price of the moment.
func (o Offer) Quote(prices Prices) (Charge, error) {
	if err := o.check(); err != nil {
		return Charge{}, err
	}
	if prices.BaseFee.BigIntMut().BitLen() > maxAmountBits {
		return Charge{}, ErrFeeTooLow.Wrapf("the base fee is %s per blob gas, above any fee that can be named: wait for it to fall", prices.BaseFee)
	}
	blobGas, execution := math.NewIntFromUint64(o.BlobGas), prices.Gas.Mul(math.NewIntFromUint64(o.Gas))
	price, tip := prices.BaseFee, math.ZeroInt()
	if o.FeeCap != nil {
		if price = *o.FeeCap; price.LT(prices.BaseFee) {
			return Charge{}, ErrFeeTooLow.Wrapf("fee_cap is %s: the base fee is %s per blob gas", price, prices.BaseFee)
		}
		tip = math.MinInt(*o.TipCap, price.Sub(prices.BaseFee)).Mul(blobGas)
	}
	least := price.Mul(blobGas).Add(execution)
	if o.Fee.LT(least) {
		return Charge{}, ErrFeeTooLow.Wrapf("fee is %s, at least %s is due: %s per blob gas for %d and %s per execution gas for %d", o.Fee, least, price, o.BlobGas, prices.Gas, o.Gas)
	}
	return Charge{Burn: prices.BaseFee.Mul(blobGas).Add(execution), Tip: o.Fee.Sub(least).Add(tip)}, nil
}

// check refuses amounts that make no sense.
func (o Offer) check() error {
	if err := checkAmount("fee", o.Fee); err != nil || o.FeeCap == nil {
		return err
	}
	if err := checkAmount("fee_cap", *o.FeeCap); err != nil {
		return err
	}
	return checkAmount("tip_cap", *o.TipCap)
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
