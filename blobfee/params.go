package blobfee

import (
	"errors"
	"fmt"
	"math/big"
)

// MaxExponent bounds excess / update fraction, and with it the base fee, to
// e^MaxExponent times the lowest: 43 decimal digits above it, out of reach of any
// purse and within the 256 bits that the state machine's integers have.
const MaxExponent = 100

// maxMinBaseFeeBits bounds MinBaseFee: with e^100 < 2^145 the base fee stays below 2^241.
const maxMinBaseFeeBits = 96

// ErrInvalidParams is wrapped by every error of Params.Validate.
var ErrInvalidParams = errors.New("invalid fee parameters")

// Params are the constants of the fee market.
type Params struct {
	// TargetGas is the blob gas of a block at which the base fee is steady.
	TargetGas uint64
	// MinBaseFee is the base fee per unit of blob gas at no excess, in base denomination.
	MinBaseFee *big.Int
	// UpdateFraction is the excess, in blob gas, that multiplies the base fee by e.
	UpdateFraction uint64
}

// Validate reports the first parameter that the arithmetic cannot work with.
func (p Params) Validate() error {
	switch {
	case p.TargetGas == 0:
		return fmt.Errorf("%w: target gas is 0: name the blob gas of a half full block", ErrInvalidParams)
	case p.UpdateFraction == 0:
		return fmt.Errorf("%w: update fraction is 0: it divides the excess", ErrInvalidParams)
	case p.MinBaseFee == nil || p.MinBaseFee.Sign() <= 0:
		return fmt.Errorf("%w: minimum base fee must be at least 1", ErrInvalidParams)
	case p.MinBaseFee.BitLen() > maxMinBaseFeeBits:
		return fmt.Errorf("%w: minimum base fee has %d bits, at most %d fit", ErrInvalidParams, p.MinBaseFee.BitLen(), maxMinBaseFeeBits)
	}
	return nil
}
