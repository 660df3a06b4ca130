package blobfee

import (
	"math"
	"math/big"
	"math/bits"
)

// NextExcess returns the excess after a block that used the given blob gas on top
// of the excess before it: their sum less the target, and never below zero. It
// implements calc_excess_blob_gas of [EIP-4844], capped at MaxExponent update
// fractions. Params must be valid.
//
// [EIP-4844]: https://github.com/ethereum/EIPs/blob/b6e99a80e826d759d7ca55dc027d4736ddfd0ae4/EIPS/eip-4844.md#header-extension
func NextExcess(p Params, excess, used uint64) uint64 {
	sum, carry := bits.Add64(excess, used, 0)
	if carry != 0 {
		sum = math.MaxUint64
	}
	if sum < p.TargetGas {
		return 0
	}
	return min(sum-p.TargetGas, p.maxExcess())
}

// BaseFee returns the base fee per unit of blob gas at the given excess, in base
// denomination. It implements get_blob_gasprice of [EIP-4844]; an excess
// above MaxExponent update fractions counts as that many. Params must be valid.
//
// [EIP-4844]: https://github.com/ethereum/EIPs/blob/b6e99a80e826d759d7ca55dc027d4736ddfd0ae4/EIPS/eip-4844.md#gas-accounting
func BaseFee(p Params, excess uint64) *big.Int {
	capped := min(excess, p.maxExcess())
	return fakeExponential(p.MinBaseFee, new(big.Int).SetUint64(capped), new(big.Int).SetUint64(p.UpdateFraction))
}

// maxExcess returns MaxExponent update fractions, or the largest uint64.
func (p Params) maxExcess() uint64 {
	high, low := bits.Mul64(p.UpdateFraction, MaxExponent)
	if high != 0 {
		return math.MaxUint64
	}
	return low
}

// fakeExponential approximates factor × e^(numerator / denominator) by its Taylor
// expansion in integers. It implements fake_exponential of [EIP-4844].
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
