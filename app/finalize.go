package app

import (
	abci "github.com/cometbft/cometbft/abci/types"

	sdk "github.com/cosmos/cosmos-sdk/types"

	blobpb "github.com/ashlar-da/ashlar/proto/blob"
)

// preBlock runs before anything else of a block is executed: it records the block's
// square, then gives the modules their turns.
func (a *App) preBlock(ctx sdk.Context, _ *abci.RequestFinalizeBlock) (*sdk.ResponsePreBlock, error) {
	if err := a.Keepers.Blob.SetRoots(ctx, blobpb.BlockRoots{}); err != nil {
		return nil, err
	}
	return a.modules.PreBlock(ctx)
}
