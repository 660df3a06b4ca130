package app

import (
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ashlar-da/ashlar/da"
)

// DropSetup takes away what proofs are made with: no square can be built.
func (a *App) DropSetup() {
	a.setup = nil
}

// Knows tells whether an envelope is remembered as verified.
func (a *App) Knows(e *da.Envelope) bool {
	return a.verifier.Known(e)
}

// PoolBytes is the size of what waits.
func (a *App) PoolBytes() int64 {
	return a.pool.Bytes()
}

// CloseBlock does what is done at the end of every block.
func (a *App) CloseBlock(ctx sdk.Context) (sdk.EndBlock, error) {
	return a.endBlock(ctx)
}
