package blobfee

import (
	"math/big"
	"math/bits"
	"time"
)

// mostTaken is the largest share of a block that can be meant to be used, however long the block took: of a fuller one
// there is always more wanted than there is room for, and then the price has to rise.
const mostTaken = Scale / 16 * 15

// NextExcess returns the excess after a block that used the given blob gas and came the
// given time after the block before it, on top of the excess before. It takes any
// values: what exceeds a block counts as a block, and time that ran backwards as none.
// Params must be valid.
func NextExcess(p Params, excess, used uint64, elapsed time.Duration) uint64 {
	high := p.floored(min(excess, p.maxExcess())) + p.added(used)
	low := p.taken(elapsed)
	if high <= low {
		return p.floor()
	}
	return p.floored(min(high-low, p.maxExcess()))
}

// BaseFee returns the base fee per unit of blob gas at the given excess, in base
// denomination: e^(excess/fraction), the reserve at least, and at most what MaxExponent
// allows. Params must be valid.
func BaseFee(p Params, excess uint64) *big.Int {
	price := p.exponential(min(excess, p.maxExcess()))
	if price.Cmp(p.Reserve) < 0 {
		price.Set(p.Reserve)
	}
	return price
}

// added returns the share of a block that was used, in billionths, rounded down.
func (p Params) added(used uint64) uint64 {
	high, low := bits.Mul64(min(used, p.MaxGas), Scale)
	share, _ := bits.Div64(high, low, p.MaxGas)
	return share
}

// taken returns the share of a block that was meant to be used in the time that passed, mostTaken at most.
func (p Params) taken(elapsed time.Duration) uint64 {
	whole := 2 * p.BlockTime
	high, low := bits.Mul64(uint64(max(0, min(elapsed, whole))), Scale)
	share, _ := bits.Div64(high, low, uint64(whole))
	return min(share, mostTaken)
}

func (p Params) maxExcess() uint64 { return MaxExponent * p.UpdateFraction }

func (p Params) exponential(excess uint64) *big.Int {
	return fakeExponential(big.NewInt(1), new(big.Int).SetUint64(excess), new(big.Int).SetUint64(p.UpdateFraction))
}

// floored returns the excess, or the lowest there is.
func (p Params) floored(excess uint64) uint64 {
	if p.exponential(excess).Cmp(p.Reserve) >= 0 {
		return excess
	}
	return p.floor()
}

// floor returns the least excess at which the price reaches the reserve: the lowest an
// excess may be. The price grows with it, so bisection finds it.
func (p Params) floor() uint64 {
	below, reached := uint64(0), p.maxExcess()
	if p.exponential(below).Cmp(p.Reserve) >= 0 {
		return below
	}
	for reached-below > 1 {
		middle := below + (reached-below)/2
		if p.exponential(middle).Cmp(p.Reserve) >= 0 {
			reached = middle
		} else {
			below = middle
		}
	}
	return reached
}

// fakeExponential approximates factor × e^(numerator / denominator) by its Taylor
// expansion in integers. It implements fake_exponential of [EIP-4844]. It grows with the
// numerator: every term does.
//
// [EIP-4844]: https://github.com/ethereum/EIPs/blob/b6e99a80e826d759d7ca55dc027d4736ddfd0ae4/EIPS/eip-4844.md#helpers
func fakeExponential(factor, numerator, denominator *big.Int) *big.Int {
	sum := new(big.Int)
	term := new(big.Int).Mul(factor, denominator)
	divisor := new(big.Int)
	for i := int64(1); term.Sign() > 0; i++ {
		sum.Add(sum, term)
		term.Mul(term, numerator)
		term.Quo(term, divisor.Mul(denominator, big.NewInt(i)))
	}
	return sum.Quo(sum, denominator)
}
