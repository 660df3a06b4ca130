package app

import (
	"context"
	"fmt"

	"cosmossdk.io/collections"
	"cosmossdk.io/math"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	distrtypes "github.com/cosmos/cosmos-sdk/x/distribution/types"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"

	"github.com/ashlar-da/ashlar/app/blob"
)

// Audit reads the whole state and holds every account's balance against the supply, and
// what modules hold against what they owe. It takes time in the number of accounts, where the
// end of every block holds the supply alone against what was issued and burned. It fails with
// blob.ErrSupply.
func (a *App) Audit(ctx sdk.Context) error {
	supply := a.Keepers.Bank.GetSupply(ctx, BaseDenom).Amount
	if err := a.Keepers.Blob.CheckSupply(ctx, supply); err != nil {
		return err
	}
	held := math.ZeroInt()
	a.Keepers.Bank.IterateAllBalances(ctx, func(_ sdk.AccAddress, coin sdk.Coin) bool {
		held = held.Add(coin.Amount)
		return false
	})
	if !held.Equal(supply) {
		return blob.ErrSupply.Wrapf("accounts hold %s of a supply of %s", held, supply)
	}
	return a.auditModules(ctx)
}

// auditModules checks that each module holds what it owes, to the last unit, and between
// blocks the blob module nothing.
func (a *App) auditModules(ctx sdk.Context) error {
	owed := map[string]math.Int{blob.ModuleName: math.ZeroInt()}
	for name, sum := range map[string]func(context.Context) (math.Int, error){
		stakingtypes.BondedPoolName:    a.bonded,
		stakingtypes.NotBondedPoolName: a.notBonded,
		distrtypes.ModuleName:          a.undistributed,
		govtypes.ModuleName:            a.deposited,
	} {
		amount, err := sum(ctx)
		if err != nil {
			return fmt.Errorf("what %s owes: %w", name, err)
		}
		owed[name] = amount
	}
	for name, amount := range owed {
		holds := a.Keepers.Bank.GetBalance(ctx, authtypes.NewModuleAddress(name), BaseDenom).Amount
		if name == govtypes.ModuleName && holds.GT(amount) {
			continue // anyone may give to governance
		}
		if !holds.Equal(amount) {
			return blob.ErrSupply.Wrapf("module %s holds %s and owes %s", name, holds, amount)
		}
	}
	return nil
}

// bonded is the stake of the validators that vote.
func (a *App) bonded(ctx context.Context) (math.Int, error) {
	return a.staked(ctx, stakingtypes.Validator.IsBonded)
}

// notBonded is the stake of the other validators and what is on its way out.
func (a *App) notBonded(ctx context.Context) (math.Int, error) {
	sum, err := a.staked(ctx, func(v stakingtypes.Validator) bool { return !v.IsBonded() })
	if err != nil {
		return sum, err
	}
	err = a.Keepers.Staking.IterateUnbondingDelegations(ctx, func(_ int64, leaving stakingtypes.UnbondingDelegation) bool {
		for _, entry := range leaving.Entries {
			sum = sum.Add(entry.Balance)
		}
		return false
	})
	return sum, err
}

func (a *App) staked(ctx context.Context, counts func(stakingtypes.Validator) bool) (math.Int, error) {
	sum := math.ZeroInt()
	validators, err := a.Keepers.Staking.GetAllValidators(ctx)
	for _, v := range validators {
		if counts(v) {
			sum = sum.Add(v.Tokens)
		}
	}
	return sum, err
}

// undistributed is what validators and delegators have not withdrawn, and the community pool.
func (a *App) undistributed(ctx context.Context) (math.Int, error) {
	pool, err := a.Keepers.Distribution.FeePool.Get(ctx)
	if err != nil {
		return math.Int{}, err
	}
	sum, _ := pool.CommunityPool.Add(a.Keepers.Distribution.GetTotalRewards(ctx)...).TruncateDecimal()
	return sum.AmountOf(BaseDenom), nil
}

// deposited is what proposals have been given.
func (a *App) deposited(ctx context.Context) (math.Int, error) {
	sum := math.ZeroInt()
	err := a.Keepers.Gov.Deposits.Walk(ctx, nil, func(_ collections.Pair[uint64, sdk.AccAddress], d govv1.Deposit) (bool, error) {
		sum = sum.Add(sdk.NewCoins(d.Amount...).AmountOf(BaseDenom))
		return false, nil
	})
	return sum, err
}
