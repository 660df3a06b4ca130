package blob

import (
	"context"
	"fmt"

	blobpb "github.com/ashlar-da/ashlar/proto/blob"
)

// DefaultGenesis returns the default parameters at no excess.
func DefaultGenesis() *blobpb.GenesisState {
	return &blobpb.GenesisState{Params: DefaultParams()}
}

// InitGenesis validates and stores a genesis state.
func (k *Keeper) InitGenesis(ctx context.Context, state *blobpb.GenesisState) error {
	if err := k.SetParams(ctx, state.Params); err != nil {
		return err
	}
	return k.excess.Set(ctx, state.Excess)
}

// ExportGenesis returns the state a new chain would start from. The roots of past
// heights stay behind: they speak of another chain's blocks.
func (k *Keeper) ExportGenesis(ctx context.Context) (*blobpb.GenesisState, error) {
	params, err := k.params.Get(ctx)
	if err != nil {
		return nil, fmt.Errorf("read parameters: %w", err)
	}
	excess, err := k.excess.Get(ctx)
	if err != nil {
		return nil, fmt.Errorf("read excess: %w", err)
	}
	return &blobpb.GenesisState{Params: params, Excess: excess}, nil
}
