package ante

import sdk "github.com/cosmos/cosmos-sdk/types"

// heightDecorator gives CheckTx a height while it has none. Between a start and the next
// block BaseApp's check state carries an empty header, and at height 0 the chain would take
// whatever comes for a genesis transaction: no fee, no sequence, no blob looked at.
type heightDecorator struct {
	last func() int64
}

// AnteHandle implements sdk.AnteDecorator.
func (d heightDecorator) AnteHandle(ctx sdk.Context, tx sdk.Tx, simulate bool, next sdk.AnteHandler) (sdk.Context, error) {
	if ctx.IsCheckTx() && ctx.BlockHeight() == 0 {
		ctx = ctx.WithBlockHeight(d.last())
	}
	return next(ctx, tx, simulate)
}
