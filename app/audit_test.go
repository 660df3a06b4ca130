package app_test

import (
	"errors"
	"testing"

	"cosmossdk.io/collections"
	"cosmossdk.io/math"
	abci "github.com/cometbft/cometbft/abci/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	distrtypes "github.com/cosmos/cosmos-sdk/x/distribution/types"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/app/blob"
	"github.com/ashlar-da/ashlar/da"
)

// TestAuditFindsWhatDoesNotAddUp breaks the books of one chain one at a time. Every test
// chain is audited at its end besides.
func TestAuditFindsWhatDoesNotAddUp(t *testing.T) {
	c := newChain(t)
	user := c.accounts[2].address()
	move := func(from, to string) func(sdk.Context) error {
		return func(ctx sdk.Context) error {
			return c.app.Keepers.Bank.SendCoinsFromModuleToModule(ctx, from, to, coins(math.OneInt()))
		}
	}
	take := func(module string) func(sdk.Context) error {
		return func(ctx sdk.Context) error {
			return c.app.Keepers.Bank.SendCoinsFromAccountToModule(ctx, user, module, coins(math.OneInt()))
		}
	}
	for name, breakIt := range map[string]func(sdk.Context) error{
		"burned without record": func(ctx sdk.Context) error {
			if err := take(blob.ModuleName)(ctx); err != nil {
				return err
			}
			return c.app.Keepers.Bank.BaseKeeper.BurnCoins(ctx, blob.ModuleName, coins(math.OneInt()))
		},
		"recorded without burning": func(ctx sdk.Context) error { return c.app.Keepers.Blob.Burn(ctx, math.OneInt()) },
		"a balance out of nothing": func(ctx sdk.Context) error {
			held := c.app.Keepers.Bank.GetBalance(ctx, user, app.BaseDenom)
			return c.app.Keepers.Bank.Balances.Set(ctx, collections.Join(user, app.BaseDenom), held.Amount.AddRaw(1))
		},
		"fees left with the blob module":      take(blob.ModuleName),
		"a bonded pool that holds too much":   take(stakingtypes.BondedPoolName),
		"a bonded pool that holds too little": move(stakingtypes.BondedPoolName, authtypes.FeeCollectorName),
		"stake in the wrong pool":             move(stakingtypes.BondedPoolName, stakingtypes.NotBondedPoolName),
		"rewards without an owner":            take(distrtypes.ModuleName),
		"a deposit that nobody made": func(ctx sdk.Context) error {
			return c.app.Keepers.Gov.Deposits.Set(ctx, collections.Join(uint64(1), user), govv1.NewDeposit(1, user, coins(math.OneInt())))
		},
	} {
		ctx, _ := c.ctx().CacheContext()
		if err := c.app.Audit(ctx); err != nil {
			t.Fatalf("before %s: %v", name, err)
		}
		if err := breakIt(ctx); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := c.app.Audit(ctx); !errors.Is(err, blob.ErrSupply) {
			t.Errorf("%s: audit says %v, want ErrSupply", name, err)
		}
	}
	ctx, _ := c.ctx().CacheContext()
	if err := errors.Join(take(govtypes.ModuleName)(ctx), c.app.Audit(ctx)); err != nil {
		t.Errorf("a gift to governance: %v", err)
	}
}

// TestSupplyOutOfNothingHalts: a block that makes coins cannot end.
func TestSupplyOutOfNothingHalts(t *testing.T) {
	c := newChain(t)
	ctx := c.openBlock()
	if _, err := c.app.CloseBlock(ctx); err != nil {
		t.Fatal(err)
	}
	ctx = c.openBlock()
	supply := c.app.Keepers.Bank.GetSupply(ctx, app.BaseDenom).Amount
	if err := c.app.Keepers.Bank.Supply.Set(ctx, app.BaseDenom, supply.AddRaw(1)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.app.CloseBlock(ctx); !errors.Is(err, blob.ErrSupply) {
		t.Fatalf("the block ends with %v, want ErrSupply", err)
	}
}

// openBlock returns a state as the next block, which is empty, finds it at its end.
func (c *chain) openBlock() sdk.Context {
	c.t.Helper()
	ctx, _ := c.ctx().CacheContext()
	roots, err := c.app.Keepers.Blob.Roots(ctx, c.height)
	if err != nil {
		c.t.Fatal(err)
	}
	ctx = ctx.WithBlockHeight(c.height + 1)
	if err := c.app.Keepers.Blob.SetRoots(ctx, roots); err != nil {
		c.t.Fatal(err)
	}
	return ctx
}

// TestSlashedStakeIsRecordedAsBurned: two votes for one height cost stake.
func TestSlashedStakeIsRecordedAsBurned(t *testing.T) {
	c := newChain(t)
	before := c.supply()
	c.apply(da.EmptyTxs(), abci.Misbehavior{
		Type: abci.MisbehaviorType_DUPLICATE_VOTE, Height: c.height, Time: c.now(), TotalVotingPower: 200,
		Validator: abci.Validator{Address: c.validators[1].PubKey().Address(), Power: 100},
	})
	burned, err := c.app.Keepers.Blob.Burned(c.ctx())
	if err != nil {
		t.Fatal(err)
	}
	if !burned.IsPositive() || !before.Sub(c.supply()).Equal(burned) {
		t.Fatalf("the supply fell by %s, %s were recorded", before.Sub(c.supply()), burned)
	}
}
