package app

import (
	"fmt"

	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	distrtypes "github.com/cosmos/cosmos-sdk/x/distribution/types"

	"github.com/ashlar-da/ashlar/app/blob"
)

// endBlock pays the proposer, gives the modules their turns, of which blob's, the last, moves
// the price, and then audits the supply: what is left must be what was issued without what
// was burned, or the node halts.
func (a *App) endBlock(ctx sdk.Context) (sdk.EndBlock, error) {
	if err := a.rewardProposer(ctx); err != nil {
		return sdk.EndBlock{}, fmt.Errorf("pay the proposer: %w", err)
	}
	end, err := a.modules.EndBlock(ctx)
	if err != nil {
		return end, err
	}
	return end, a.Keepers.Blob.CheckSupply(ctx, a.Keepers.Bank.GetSupply(ctx, BaseDenom).Amount)
}

// rewardProposer hands the block's tips, all that the blob module's account holds, to the
// proposer and its delegators through distribution. Of a proposer that is no validator any
// more, all validators share the tips.
func (a *App) rewardProposer(ctx sdk.Context) error {
	tips := a.Keepers.Bank.GetAllBalances(ctx, authtypes.NewModuleAddress(blob.ModuleName))
	if tips.IsZero() {
		return nil
	}
	proposer, err := a.Keepers.Staking.ValidatorByConsAddr(ctx, ctx.BlockHeader().ProposerAddress)
	if err != nil || proposer.GetDelegatorShares().IsZero() {
		return a.Keepers.Bank.SendCoinsFromModuleToModule(ctx, blob.ModuleName, authtypes.FeeCollectorName, tips)
	}
	if err := a.Keepers.Bank.SendCoinsFromModuleToModule(ctx, blob.ModuleName, distrtypes.ModuleName, tips); err != nil {
		return err
	}
	return a.Keepers.Distribution.AllocateTokensToValidator(ctx, proposer, sdk.NewDecCoinsFromCoins(tips...))
}
