package app

import (
	"context"
	"fmt"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"
	"github.com/cosmos/cosmos-sdk/x/staking"
	stakingkeeper "github.com/cosmos/cosmos-sdk/x/staking/keeper"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"
)

// stakingModule is the SDK's, but for where delegations may be moved to.
type stakingModule struct {
	staking.AppModule
	keeper *stakingkeeper.Keeper
}

var _ module.HasServices = stakingModule{}

// migratedFrom is the version of staking's state that the SDK can bring to the one at hand.
const migratedFrom = 5

// RegisterServices registers the SDK's services with the messages as this chain takes them.
func (m stakingModule) RegisterServices(cfg module.Configurator) {
	stakingtypes.RegisterMsgServer(cfg.MsgServer(), stakingMessages{stakingkeeper.NewMsgServerImpl(m.keeper), m.keeper})
	stakingtypes.RegisterQueryServer(cfg.QueryServer(), stakingkeeper.Querier{Keeper: m.keeper})
	if err := cfg.RegisterMigration(stakingtypes.ModuleName, migratedFrom, stakingkeeper.NewMigrator(m.keeper).Migrate5to6); err != nil {
		panic(fmt.Sprintf("two migrations of one module: %v", err)) // as the SDK does
	}
}

// stakingMessages executes the SDK's messages.
type stakingMessages struct {
	stakingtypes.MsgServer
	keeper *stakingkeeper.Keeper
}

// BeginRedelegate moves a delegation, but to validators that vote only. Slashing the validator that it left takes from what was moved, and the SDK
// removes a validator that has unbonded with its last share, and fails then: evidence against the first would never be punished, and that of
// CometBFT, which is no transaction, would halt the chain. Who votes now takes as long to unbond as what was moved answers for.
func (s stakingMessages) BeginRedelegate(ctx context.Context, msg *stakingtypes.MsgBeginRedelegate) (*stakingtypes.MsgBeginRedelegateResponse, error) {
	operator, err := sdk.ValAddressFromBech32(msg.ValidatorDstAddress)
	if err != nil {
		return s.MsgServer.BeginRedelegate(ctx, msg) // which says what is wrong
	}
	if to, err := s.keeper.GetValidator(ctx, operator); err == nil && !to.IsBonded() {
		return nil, stakingtypes.ErrBadRedelegationDst.Wrapf("%s does not vote: choose one that does, or undelegate", msg.ValidatorDstAddress)
	}
	return s.MsgServer.BeginRedelegate(ctx, msg)
}
