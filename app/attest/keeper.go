package attest

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
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"

	"github.com/ashlar-da/ashlar/da"
	attestpb "github.com/ashlar-da/ashlar/proto/attest"
	blobpb "github.com/ashlar-da/ashlar/proto/blob"
)

// Staking is what the module asks about validators.
type Staking interface {
	GetValidator(ctx context.Context, operator sdk.ValAddress) (stakingtypes.Validator, error)
	GetValidatorByConsAddr(ctx context.Context, address sdk.ConsAddress) (stakingtypes.Validator, error)
	GetBondedValidatorsByPower(ctx context.Context) ([]stakingtypes.Validator, error)
	PowerReduction(ctx context.Context) math.Int
	UnbondingTime(ctx context.Context) (time.Duration, error)
}

// Slashing is how the module punishes validators.
type Slashing interface {
	Slash(ctx context.Context, address sdk.ConsAddress, fraction math.LegacyDec, power, distributionHeight int64) error
	Jail(ctx context.Context, address sdk.ConsAddress) error
	JailUntil(ctx context.Context, address sdk.ConsAddress, until time.Time) error
	Tombstone(ctx context.Context, address sdk.ConsAddress) error
	IsTombstoned(ctx context.Context, address sdk.ConsAddress) bool
}

// Squares is where the module learns what a height's square is.
type Squares interface {
	Roots(ctx context.Context, height int64) (blobpb.BlockRoots, error)
}

// Others are the modules that this one works with.
type Others struct {
	Staking  Staking
	Slashing Slashing
	Squares  Squares
}

// Keeper reads and writes the module's state.
type Keeper struct {
	authority string
	others    Others

	params collections.Item[attestpb.Params]
	// keys are by operator; owners has every key ever registered, with its operator.
	keys   collections.Map[[]byte, attestpb.RegisteredKey]
	owners collections.Map[[]byte, []byte]

	schedule collections.Item[attestpb.Schedule]
	sets     collections.Map[uint64, attestpb.AttesterSet]

	history collections.Item[attestpb.History]
	records collections.Map[uint64, attestpb.Record]
	// nodes are those of the history, by level and index.
	nodes collections.Map[collections.Pair[uint32, uint64], []byte]

	injected collections.Item[attestpb.Injected]
	misses   collections.Map[[]byte, attestpb.Misses] // by operator
	faults   collections.Map[[]byte, attestpb.Fault]  // by operator
	// reports has, by operator, which certificate it proposed last that counted misses.
	reports collections.Map[[]byte, uint64]
}

// NewKeeper returns the keeper of the module's store. Authority is the bech32 address that may change
// parameters.
func NewKeeper(cdc codec.BinaryCodec, service store.KVStoreService, authority string, others Others) (*Keeper, error) {
	sb := collections.NewSchemaBuilder(service)
	k := &Keeper{
		authority: authority,
		others:    others,
		params:    collections.NewItem(sb, collections.NewPrefix(0), "params", codec.CollValue[attestpb.Params](cdc)),
		keys:      collections.NewMap(sb, collections.NewPrefix(1), "keys", collections.BytesKey, codec.CollValue[attestpb.RegisteredKey](cdc)),
		owners:    collections.NewMap(sb, collections.NewPrefix(2), "owners", collections.BytesKey, collections.BytesValue),
		schedule:  collections.NewItem(sb, collections.NewPrefix(3), "schedule", codec.CollValue[attestpb.Schedule](cdc)),
		sets:      collections.NewMap(sb, collections.NewPrefix(4), "sets", collections.Uint64Key, codec.CollValue[attestpb.AttesterSet](cdc)),
		history:   collections.NewItem(sb, collections.NewPrefix(5), "history", codec.CollValue[attestpb.History](cdc)),
		records:   collections.NewMap(sb, collections.NewPrefix(6), "records", collections.Uint64Key, codec.CollValue[attestpb.Record](cdc)),
		nodes: collections.NewMap(sb, collections.NewPrefix(7), "nodes",
			collections.PairKeyCodec(collections.Uint32Key, collections.Uint64Key), collections.BytesValue),
		injected: collections.NewItem(sb, collections.NewPrefix(8), "injected", codec.CollValue[attestpb.Injected](cdc)),
		misses:   collections.NewMap(sb, collections.NewPrefix(9), "misses", collections.BytesKey, codec.CollValue[attestpb.Misses](cdc)),
		faults:   collections.NewMap(sb, collections.NewPrefix(10), "faults", collections.BytesKey, codec.CollValue[attestpb.Fault](cdc)),
		reports:  collections.NewMap(sb, collections.NewPrefix(11), "reports", collections.BytesKey, collections.Uint64Value),
	}
	if _, err := sb.Build(); err != nil {
		return nil, fmt.Errorf("attest store schema: %w", err)
	}
	return k, nil
}

// Params returns the parameters. It fails with ErrNotBegun before the first block, and on a chain
// that was not upgraded yet.
func (k *Keeper) Params(ctx context.Context) (attestpb.Params, error) {
	params, err := k.params.Get(ctx)
	if errors.Is(err, collections.ErrNotFound) {
		return params, ErrNotBegun.Wrap("the chain has not committed its first block, or not the upgrade that brings them")
	}
	return params, err
}

// SetParams validates and stores the parameters.
func (k *Keeper) SetParams(ctx context.Context, p attestpb.Params) error {
	if err := ValidateParams(p); err != nil {
		return err
	}
	return k.params.Set(ctx, p)
}

// EndBlock ends the block at hand: an epoch's first takes the set of the next epoch, and each is recorded,
// added to the history, and has what left the window pruned. It runs after staking has settled who votes.
func (k *Keeper) EndBlock(ctx context.Context) error {
	params, err := k.Params(ctx)
	if err != nil {
		return err
	}
	schedule, err := k.advance(ctx, params)
	if err != nil {
		return err
	}
	if err := k.record(ctx, schedule.Epoch); err != nil {
		return err
	}
	if err := k.prune(ctx, params.Window); err != nil {
		return err
	}
	if height := blockHeight(ctx); height == schedule.First {
		return k.pruneSets(ctx, schedule.Epoch)
	}
	return nil
}

// optional reads what may not be there: the zero value then.
func optional[T any](value T, err error) (T, error) {
	if errors.Is(err, collections.ErrNotFound) {
		var none T
		return none, nil
	}
	return value, err
}

func blockHeight(ctx context.Context) uint64 {
	return uint64(sdk.UnwrapSDKContext(ctx).BlockHeight())
}

// blockTime is in whole seconds since 1970, rounded down.
func blockTime(ctx context.Context) uint64 {
	return uint64(max(sdk.UnwrapSDKContext(ctx).BlockTime().Unix(), 0))
}

// hash32 copies a hash out of state.
func hash32(b []byte) (h [da.HashSize]byte) {
	copy(h[:], b)
	return h
}
