package ante

import (
	sdk "github.com/cosmos/cosmos-sdk/types"
)

// Pool is the mempool, as far as it decides what may wait. Its own refusal would come
// after the chain has charged the fee and moved the sequence in the state that later
// transactions are checked on.
type Pool interface {
	// Admit fails if a new transaction of the context's priority finds no room.
	Admit(ctx sdk.Context, tx sdk.Tx) error
	// Keep fails if a transaction that is checked again may wait no longer.
	Keep(ctx sdk.Context, tx sdk.Tx) error
}

// roomDecorator asks the mempool, once the priority is known.
type roomDecorator struct {
	pool Pool
}

// AnteHandle implements sdk.AnteDecorator.
func (d roomDecorator) AnteHandle(ctx sdk.Context, tx sdk.Tx, simulate bool, next sdk.AnteHandler) (sdk.Context, error) {
	var err error
	switch {
	case isNew(ctx, simulate):
		err = d.pool.Admit(ctx, tx)
	case ctx.IsReCheckTx():
		err = d.pool.Keep(ctx, tx)
	}
	if err != nil {
		return ctx, err
	}
	return next(ctx, tx, simulate)
}
