package blob

import (
	"context"
	"errors"
	"fmt"

	"cosmossdk.io/collections"
	"cosmossdk.io/math"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
)

// Issue records the supply that the chain begins with, in base denomination. Nothing mints:
// from then on it only burns.
func (k *Keeper) Issue(ctx context.Context, supply math.Int) error {
	if err := k.issued.Set(ctx, supply); err != nil {
		return err
	}
	return k.burned.Set(ctx, math.ZeroInt())
}

// Burn records that an amount, in base denomination, ceased to exist. It costs no gas: the
// module that burns did not ask for the record.
func (k *Keeper) Burn(ctx context.Context, amount math.Int) error {
	c := sdk.UnwrapSDKContext(ctx).WithGasMeter(storetypes.NewInfiniteGasMeter())
	burned, err := k.Burned(c)
	if err != nil {
		return err
	}
	return k.burned.Set(c, burned.Add(amount))
}

// Burned returns what was burned since the chain began, in base denomination.
func (k *Keeper) Burned(ctx context.Context) (math.Int, error) {
	burned, err := k.burned.Get(ctx)
	if errors.Is(err, collections.ErrNotFound) {
		return math.ZeroInt(), nil
	}
	return burned, err
}

// CheckSupply holds the supply against what was issued and burned. It fails with ErrSupply.
func (k *Keeper) CheckSupply(ctx context.Context, supply math.Int) error {
	issued, err := k.issued.Get(ctx)
	if err != nil {
		return fmt.Errorf("read the supply at genesis: %w", err)
	}
	burned, err := k.Burned(ctx)
	if err != nil {
		return err
	}
	if !supply.Add(burned).Equal(issued) {
		return ErrSupply.Wrapf("%s exist and %s were burned of %s that were issued", supply, burned, issued)
	}
	return nil
}
