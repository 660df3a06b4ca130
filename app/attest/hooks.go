package attest

import (
	"context"

	"cosmossdk.io/math"
	sdk "github.com/cosmos/cosmos-sdk/types"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"

	attestpb "github.com/ashlar-da/ashlar/proto/attest"
)

// Hooks are what staking calls when validators come and go.
type Hooks struct {
	keeper *Keeper
}

var _ stakingtypes.StakingHooks = Hooks{}

// Hooks returns the keeper's hooks.
func (k *Keeper) Hooks() Hooks { return Hooks{keeper: k} }

// AfterValidatorBonded forgets what a validator missed before: it has been out, or served its time, and could not
// attest while it was.
func (h Hooks) AfterValidatorBonded(ctx context.Context, _ sdk.ConsAddress, operator sdk.ValAddress) error {
	return h.keeper.misses.Set(ctx, operator, attestpb.Misses{Since: blockHeight(ctx)})
}

// AfterValidatorRemoved drops the key and the misses of a validator that is gone, and what it reported. The key
// remains its own.
func (h Hooks) AfterValidatorRemoved(ctx context.Context, _ sdk.ConsAddress, operator sdk.ValAddress) error {
	if err := h.keeper.keys.Remove(ctx, operator); err != nil {
		return err
	}
	if err := h.keeper.reports.Remove(ctx, operator); err != nil {
		return err
	}
	return h.keeper.misses.Remove(ctx, operator)
}

// AfterValidatorCreated is of no interest.
func (Hooks) AfterValidatorCreated(context.Context, sdk.ValAddress) error { return nil }

// BeforeValidatorModified is of no interest.
func (Hooks) BeforeValidatorModified(context.Context, sdk.ValAddress) error { return nil }

// AfterValidatorConsKeyUpdated is of no interest: state is by operator.
func (Hooks) AfterValidatorConsKeyUpdated(context.Context, sdk.ConsAddress, sdk.ConsAddress, sdk.ValAddress) error {
	return nil
}

// AfterValidatorBeginUnbonding is of no interest.
func (Hooks) AfterValidatorBeginUnbonding(context.Context, sdk.ConsAddress, sdk.ValAddress) error {
	return nil
}

// BeforeDelegationCreated is of no interest.
func (Hooks) BeforeDelegationCreated(context.Context, sdk.AccAddress, sdk.ValAddress) error {
	return nil
}

// BeforeDelegationSharesModified is of no interest.
func (Hooks) BeforeDelegationSharesModified(context.Context, sdk.AccAddress, sdk.ValAddress) error {
	return nil
}

// BeforeDelegationRemoved is of no interest.
func (Hooks) BeforeDelegationRemoved(context.Context, sdk.AccAddress, sdk.ValAddress) error {
	return nil
}

// AfterDelegationModified is of no interest.
func (Hooks) AfterDelegationModified(context.Context, sdk.AccAddress, sdk.ValAddress) error {
	return nil
}

// BeforeValidatorSlashed is of no interest.
func (Hooks) BeforeValidatorSlashed(context.Context, sdk.ValAddress, math.LegacyDec) error {
	return nil
}

// AfterUnbondingInitiated is of no interest.
func (Hooks) AfterUnbondingInitiated(context.Context, uint64) error { return nil }
