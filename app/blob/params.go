package blob

import (
	"time"

	"cosmossdk.io/math"

	"github.com/ashlar-da/ashlar/blobfee"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	blobpb "github.com/ashlar-da/ashlar/proto/blob"
)

// hardMaxRows bounds max_rows whatever governance decides.
const hardMaxRows = 256

// hardMaxProvenRows bounds the rows that the proposer must prove itself, whatever governance
// decides: a row takes a tenth of a second on one core without vector instructions, and
// validators wait five seconds for a block.
const hardMaxProvenRows = 16

// maxGasPriceBits bounds min_gas_price, so that no block's gas costs more than can be named.
const maxGasPriceBits = 64

// DefaultParams returns the parameters a new chain starts with: 4 MiB of blobs and two
// transaction rows every six seconds, and a full block raises the base fee by an eighth.
// All the execution gas of a block costs at least about what its square does.
func DefaultParams() blobpb.Params {
	return blobpb.Params{
		MaxRows:        34,
		MaxTxRows:      2,
		MaxSharedRows:  4,
		ReservePrice:   math.NewInt(1_000_000_000),
		BlockTime:      6 * time.Second,
		UpdateFraction: 4_245_093_508,
		MinGasPrice:    math.NewInt(20_000_000),
	}
}

// ValidateParams reports the first parameter the chain could not run with.
func ValidateParams(p blobpb.Params) error {
	switch {
	case p.MaxRows == 0 || p.MaxRows > hardMaxRows:
		return ErrInvalidParams.Wrapf("max_rows is %d: choose 1 to %d", p.MaxRows, hardMaxRows)
	case p.MaxTxRows == 0:
		return ErrInvalidParams.Wrap("max_tx_rows is 0: no transaction would fit, governance's included")
	case uint64(p.MaxTxRows)+uint64(p.MaxSharedRows) > uint64(p.MaxRows):
		return ErrInvalidParams.Wrapf("max_tx_rows %d and max_shared_rows %d exceed max_rows %d", p.MaxTxRows, p.MaxSharedRows, p.MaxRows)
	case p.MaxTxRows+p.MaxSharedRows > hardMaxProvenRows:
		return ErrInvalidParams.Wrapf("max_tx_rows %d and max_shared_rows %d together exceed %d: a proposer proves them in its own time", p.MaxTxRows, p.MaxSharedRows, hardMaxProvenRows)
	case p.ReservePrice.IsNil():
		return ErrInvalidParams.Wrap("reserve_price is missing")
	}
	if p.MinGasPrice.IsNil() {
		return ErrInvalidParams.Wrap("min_gas_price is missing")
	}
	if !p.MinGasPrice.IsPositive() || p.MinGasPrice.BigIntMut().BitLen() > maxGasPriceBits {
		return ErrInvalidParams.Wrapf("min_gas_price is %s: choose 1 to 2^%d, since execution for nothing would fill blocks", p.MinGasPrice, maxGasPriceBits)
	}
	if err := FeeParams(p).Validate(); err != nil {
		return ErrInvalidParams.Wrap(err.Error())
	}
	return nil
}

// FeeParams returns the fee market's part of valid parameters.
func FeeParams(p blobpb.Params) blobfee.Params {
	return blobfee.Params{
		MaxGas:         MaxBlobGas(p),
		BlockTime:      p.BlockTime,
		Reserve:        p.ReservePrice.BigInt(),
		UpdateFraction: p.UpdateFraction,
	}
}

// MaxBlobGas returns the blob gas of a full square.
func MaxBlobGas(p blobpb.Params) uint64 {
	return uint64(p.MaxRows) * kzg.RowSize
}
