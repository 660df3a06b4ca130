package ante

import (
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
)

// roomDecorator refuses what is new while the mempool is full. The mempool would do it
// itself, but only after the chain has charged the fee and moved the sequence in the state
// that later transactions are checked on.
type roomDecorator struct {
	full func() bool
}

// AnteHandle implements sdk.AnteDecorator.
func (d roomDecorator) AnteHandle(ctx sdk.Context, tx sdk.Tx, simulate bool, next sdk.AnteHandler) (sdk.Context, error) {
	if isNew(ctx, simulate) && d.full() {
		return ctx, sdkerrors.ErrMempoolIsFull.Wrap("no room for more transactions before the next block: submit again after it")
	}
	return next(ctx, tx, simulate)
}
