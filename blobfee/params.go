package blobfee

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"time"
)

const (
	// Scale is the excess that a full block adds: excess counts billionths of a block.
	Scale = 1_000_000_000
	// MaxExponent bounds excess / update fraction, and with it the base fee, to
	// e^MaxExponent: 43 decimal digits, out of reach of any purse and within the 256 bits
	// that the state machine's integers have.
	MaxExponent = 100
	// minUpdateFraction keeps one block from raising the price by more than e times.
	minUpdateFraction = Scale
	// maxReserveBits bounds the reserve price: e^100 has 145 bits.
	maxReserveBits = 96
	// maxBlockTime bounds the time a block should take.
	maxBlockTime = 24 * time.Hour
)

// ErrInvalidParams is wrapped by every error of Params.Validate.
var ErrInvalidParams = errors.New("invalid fee parameters")

// Params are the constants of the fee market.
type Params struct {
	// MaxGas is the blob gas a block holds; half of it is the target.
	MaxGas uint64
	// BlockTime is what a block should take: the target is per that.
	BlockTime time.Duration
	// Reserve is the lowest base fee per unit of blob gas, in base denomination.
	Reserve *big.Int
	// UpdateFraction is the excess, in billionths of a block, that multiplies the base fee by e.
	UpdateFraction uint64
}

// Validate reports the first parameter that the arithmetic cannot work with.
func (p Params) Validate() error {
	switch {
	case p.MaxGas == 0:
		return fmt.Errorf("%w: a block's maximum of blob gas is 0", ErrInvalidParams)
	case p.BlockTime <= 0 || p.BlockTime > maxBlockTime:
		return fmt.Errorf("%w: block time is %v: choose one above 0 and up to %v", ErrInvalidParams, p.BlockTime, maxBlockTime)
	case p.UpdateFraction < minUpdateFraction || p.UpdateFraction > math.MaxInt64/MaxExponent:
		return fmt.Errorf("%w: update fraction is %d: choose %d to %d", ErrInvalidParams, p.UpdateFraction, minUpdateFraction, math.MaxInt64/MaxExponent)
	case p.Reserve == nil || p.Reserve.Sign() <= 0:
		return fmt.Errorf("%w: reserve price must be at least 1", ErrInvalidParams)
	case p.Reserve.BitLen() > maxReserveBits:
		return fmt.Errorf("%w: reserve price has %d bits, at most %d fit", ErrInvalidParams, p.Reserve.BitLen(), maxReserveBits)
	}
	return nil
}
