// Package market simulates the fee market: users with reservation prices, a mempool, a
// proposer that packs blocks as the chain does, and the rule that prices them. It exists
// to compare rules under the same demand and to test estimates of fees against a truth.
//
// Demand is elastic: each user posts only while the price is at most what the blob is
// worth to them, and gives up after a while. Without that every rule would let the
// price of a demand above capacity run away, and nothing could be compared.
//
// It uses floating-point numbers where chance and time are drawn; what the chain computes
// in integers is computed by package blobfee.
package market

import (
	"math"
	"math/big"
	"time"

	"github.com/ashlar-da/ashlar/blobfee"
)

// Rule prices blob gas, block by block.
type Rule interface {
	// BaseFee is what the next block charges per blob gas, in base denomination.
	BaseFee() *big.Int
	// Next moves the price by a block that used that much blob gas, elapsed after the block before.
	Next(used uint64, elapsed time.Duration)
	// Resize is a governed change of the blob gas a block holds.
	Resize(maxGas uint64)
}

// Ashlar is the rule of package blobfee.
type Ashlar struct {
	Params blobfee.Params
	Excess uint64
}

// BaseFee implements Rule.
func (a *Ashlar) BaseFee() *big.Int { return blobfee.BaseFee(a.Params, a.Excess) }

// Next implements Rule.
func (a *Ashlar) Next(used uint64, elapsed time.Duration) {
	a.Excess = blobfee.NextExcess(a.Params, a.Excess, used, elapsed)
}

// Resize implements Rule.
func (a *Ashlar) Resize(maxGas uint64) { a.Params.MaxGas = maxGas }

// Ethereum is EIP-4844's rule.
type Ethereum struct {
	Constants blobfee.EIP4844
	Excess    uint64
}

// BaseFee implements Rule.
func (e *Ethereum) BaseFee() *big.Int { return e.Constants.BaseFee(e.Excess) }

// Next implements Rule.
func (e *Ethereum) Next(used uint64, _ time.Duration) {
	e.Excess = e.Constants.NextExcess(e.Excess, used)
}

// Resize implements Rule. The target and the update fraction go with the maximum, as in
// Ethereum's forks; the excess stays what it is.
func (e *Ethereum) Resize(maxGas uint64) {
	e.Constants = EthereumConstants(maxGas)
}

// EthereumConstants are those of EIP-4844's rule for blocks of that size in the proportions
// of Cancun: a target of half, a full block adds an eighth, and a least price of 1.
func EthereumConstants(maxGas uint64) blobfee.EIP4844 {
	target := maxGas / 2
	return blobfee.EIP4844{
		TargetGas: target, MaxGas: maxGas, MinBaseFee: big.NewInt(1),
		UpdateFraction: uint64(float64(target) / math.Log(1.125)),
	}
}

// at moves a rule that starts cheap to the first price at or above the one given, by full
// blocks and then half full ones: the price other rules start at.
func (e *Ethereum) at(price *big.Int) *Ethereum {
	low, high := uint64(0), 100*e.Constants.UpdateFraction
	for high-low > 1 {
		if middle := low + (high-low)/2; e.Constants.BaseFee(middle).Cmp(price) >= 0 {
			high = middle
		} else {
			low = middle
		}
	}
	e.Excess = high
	return e
}
