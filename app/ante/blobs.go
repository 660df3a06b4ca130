package ante

import (
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ashlar-da/ashlar/app/blob"
)

// blobDecorator verifies the blobs of a transaction that is new to the mempool: first
// keccaks and proof hash, which cost little, then KZG. It comes last, after the
// signature, so that only signers make a node work.
type blobDecorator struct {
	keeper   *blob.Keeper
	verifier *Verifier
}

// AnteHandle implements sdk.AnteDecorator.
func (d blobDecorator) AnteHandle(ctx sdk.Context, tx sdk.Tx, simulate bool, next sdk.AnteHandler) (sdk.Context, error) {
	envelope, ok := tx.(*blob.Tx)
	if ok && isNew(ctx, simulate) {
		limits, err := d.keeper.Limits(ctx)
		if err != nil {
			return ctx, err
		}
		if err := d.verifier.Verify(ctx.BlockHeight(), limits, envelope); err != nil {
			return ctx, err
		}
	}
	return next(ctx, tx, simulate)
}

// isNew tells whether the chain runs for CheckTx of a transaction not seen before.
func isNew(ctx sdk.Context, simulate bool) bool {
	return ctx.IsCheckTx() && !ctx.IsReCheckTx() && !simulate
}
