package blobfee

import (
	"math"
	"math/big"
	"math/bits"
)

// blobBaseCost is EIP-7918's BLOB_BASE_COST, in units of execution gas.
const blobBaseCost = 1 << 13

// gasPerBlob is EIP-4844's GAS_PER_BLOB.
const gasPerBlob = 1 << 17

// EIP4844 are the constants of Ethereum's blob fee market. It is here to be compared with:
// no chain of ours runs it. Module conformance holds it against go-ethereum. EIP-7691 and EIP-7892 changed the constants, EIP-7918 the rule.
type EIP4844 struct {
	// TargetGas and MaxGas are the blob gas a block should and may use.
	TargetGas, MaxGas uint64
	// MinBaseFee is the base fee per unit of blob gas at no excess, in wei.
	MinBaseFee *big.Int
	// UpdateFraction is the excess, in blob gas, that multiplies the base fee by e.
	UpdateFraction uint64
}

// NextExcess returns the excess after a block that used the given blob gas on top of the
// excess before it: their sum less the target, and never below zero. It implements
// calc_excess_blob_gas of [EIP-4844].
//
// [EIP-4844]: https://github.com/ethereum/EIPs/blob/b6e99a80e826d759d7ca55dc027d4736ddfd0ae4/EIPS/eip-4844.md#header-extension
func (e EIP4844) NextExcess(excess, used uint64) uint64 {
	sum := saturating(excess, used)
	if sum < e.TargetGas {
		return 0
	}
	return sum - e.TargetGas
}

// NextExcessWithReserve is NextExcess with the reserve price of [EIP-7918]: while a blob
// costs less than the execution gas reckoned for it at the given base fee, the excess
// rises and does not fall. MaxGas must not be 0, nor below the target.
//
// [EIP-7918]: https://github.com/ethereum/EIPs/blob/b6e99a80e826d759d7ca55dc027d4736ddfd0ae4/EIPS/eip-7918.md#specification
func (e EIP4844) NextExcessWithReserve(excess, used uint64, executionBaseFee *big.Int) uint64 {
	if saturating(excess, used) < e.TargetGas {
		return 0
	}
	reserve := new(big.Int).Mul(big.NewInt(blobBaseCost), executionBaseFee)
	price := new(big.Int).Mul(big.NewInt(gasPerBlob), e.BaseFee(excess))
	if reserve.Cmp(price) <= 0 {
		return e.NextExcess(excess, used)
	}
	high, low := bits.Mul64(min(used, e.MaxGas), e.MaxGas-e.TargetGas)
	rise, _ := bits.Div64(high, low, e.MaxGas)
	return saturating(excess, rise)
}

// BaseFee returns the base fee per unit of blob gas at the given excess, in wei. It
// implements get_base_fee_per_blob_gas of [EIP-4844]. UpdateFraction must not be 0.
//
// [EIP-4844]: https://github.com/ethereum/EIPs/blob/b6e99a80e826d759d7ca55dc027d4736ddfd0ae4/EIPS/eip-4844.md#gas-accounting
func (e EIP4844) BaseFee(excess uint64) *big.Int {
	return fakeExponential(e.MinBaseFee, new(big.Int).SetUint64(excess), new(big.Int).SetUint64(e.UpdateFraction))
}

func saturating(a, b uint64) uint64 {
	sum, carry := bits.Add64(a, b, 0)
	if carry != 0 {
		return math.MaxUint64
	}
	return sum
}
