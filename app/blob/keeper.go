package blob

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cosmossdk.io/collections"
	"cosmossdk.io/core/store"
	"cosmossdk.io/math"
	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ashlar-da/ashlar/blobfee"
	"github.com/ashlar-da/ashlar/da"
	blobpb "github.com/ashlar-da/ashlar/proto/blob"
)

// Keeper reads and writes the module's state.
type Keeper struct {
	authority string

	params collections.Item[blobpb.Params]
	excess collections.Item[uint64]
	// time is that of the last block, in Unix nanoseconds; there is none before the first.
	time  collections.Item[int64]
	roots collections.Map[uint64, blobpb.BlockRoots]
	// issued is the supply that the chain began with, burned what was taken of it since.
	issued collections.Item[math.Int]
	burned collections.Item[math.Int]
}

// NewKeeper returns the keeper of the module's store. Authority is the bech32
// address that may change parameters.
func NewKeeper(cdc codec.BinaryCodec, service store.KVStoreService, authority string) (*Keeper, error) {
	sb := collections.NewSchemaBuilder(service)
	k := &Keeper{
		authority: authority,
		params:    collections.NewItem(sb, collections.NewPrefix(0), "params", codec.CollValue[blobpb.Params](cdc)),
		excess:    collections.NewItem(sb, collections.NewPrefix(1), "excess", collections.Uint64Value),
		time:      collections.NewItem(sb, collections.NewPrefix(3), "time", collections.Int64Value),
		roots:     collections.NewMap(sb, collections.NewPrefix(2), "roots", collections.Uint64Key, codec.CollValue[blobpb.BlockRoots](cdc)),
		issued:    collections.NewItem(sb, collections.NewPrefix(4), "issued", sdk.IntValue),
		burned:    collections.NewItem(sb, collections.NewPrefix(5), "burned", sdk.IntValue),
	}
	if _, err := sb.Build(); err != nil {
		return nil, fmt.Errorf("blob store schema: %w", err)
	}
	return k, nil
}

// Params returns the parameters.
//
// It fails with ErrNotReady before the first block: genesis is committed with it.
func (k *Keeper) Params(ctx context.Context) (blobpb.Params, error) {
	params, err := k.params.Get(ctx)
	if errors.Is(err, collections.ErrNotFound) {
		return params, ErrNotReady.Wrap("the chain has not committed its first block: try again in a moment")
	}
	return params, err
}

// SetParams validates and stores the parameters.
func (k *Keeper) SetParams(ctx context.Context, p blobpb.Params) error {
	if err := ValidateParams(p); err != nil {
		return err
	}
	return k.params.Set(ctx, p)
}

// Limits returns the governed bounds of a square.
func (k *Keeper) Limits(ctx context.Context) (da.Limits, error) {
	p, err := k.Params(ctx)
	if err != nil {
		return da.Limits{}, err
	}
	return da.Limits{MaxRows: int(p.MaxRows), MaxTxRows: int(p.MaxTxRows), MaxSharedRows: int(p.MaxSharedRows)}, nil
}

// BaseFee returns the base fee per unit of blob gas that a block built on this
// state charges, in base denomination.
func (k *Keeper) BaseFee(ctx context.Context) (math.Int, error) {
	params, err := k.Params(ctx)
	if err != nil {
		return math.Int{}, err
	}
	excess, err := k.excess.Get(ctx)
	if err != nil {
		return math.Int{}, fmt.Errorf("read excess: %w", err)
	}
	return math.NewIntFromBigInt(blobfee.BaseFee(FeeParams(params), excess)), nil
}

// Prices returns what a block built on this state charges at least.
func (k *Keeper) Prices(ctx context.Context) (Prices, error) {
	params, err := k.Params(ctx)
	if err != nil {
		return Prices{}, err
	}
	baseFee, err := k.BaseFee(ctx)
	if err != nil {
		return Prices{}, err
	}
	return Prices{BaseFee: baseFee, Gas: params.MinGasPrice, Reserve: params.ReservePrice}, nil
}

// Roots returns what is kept of a height's square; ErrNotFound where no block was.
func (k *Keeper) Roots(ctx context.Context, height int64) (blobpb.BlockRoots, error) {
	roots, err := k.roots.Get(ctx, uint64(height))
	if errors.Is(err, collections.ErrNotFound) {
		return roots, ErrNotFound.Wrapf("no roots of height %d: ask for 1 to the current height", height)
	}
	return roots, err
}

// SetRoots records the square of the block being executed and the price it pays.
func (k *Keeper) SetRoots(ctx context.Context, roots blobpb.BlockRoots) error {
	return k.roots.Set(ctx, uint64(sdk.UnwrapSDKContext(ctx).BlockHeight()), roots)
}

// EndBlock moves the excess by the block's blob gas and the time it took. It runs after
// everything that reads the price, so that ProcessProposal and FinalizeBlock see the same
// one.
func (k *Keeper) EndBlock(ctx context.Context) error {
	height := sdk.UnwrapSDKContext(ctx).BlockHeight()
	roots, err := k.roots.Get(ctx, uint64(height))
	if err != nil {
		return fmt.Errorf("roots of height %d were not recorded before its end: %w", height, err)
	}
	params, err := k.params.Get(ctx)
	if err != nil {
		return fmt.Errorf("read parameters: %w", err)
	}
	excess, err := k.excess.Get(ctx)
	if err != nil {
		return fmt.Errorf("read excess: %w", err)
	}
	elapsed, err := k.tick(ctx, params.BlockTime)
	if err != nil {
		return err
	}
	return k.excess.Set(ctx, blobfee.NextExcess(FeeParams(params), excess, roots.BlobGasUsed, elapsed))
}

// tick records the block's time and returns what passed since the block before. The first
// block counts as in time.
func (k *Keeper) tick(ctx context.Context, first time.Duration) (time.Duration, error) {
	now := sdk.UnwrapSDKContext(ctx).BlockTime().UnixNano()
	last, err := k.time.Get(ctx)
	switch {
	case errors.Is(err, collections.ErrNotFound):
		last = now - int64(first)
	case err != nil:
		return 0, fmt.Errorf("read the last block's time: %w", err)
	}
	return time.Duration(now - last), k.time.Set(ctx, now)
}
