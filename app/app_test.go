package app_test

import (
	"testing"

	sdk "github.com/cosmos/cosmos-sdk/types"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/da"
)

func TestStateSurvivesExport(t *testing.T) {
	c := newChain(t)
	c.apply(da.EmptyTxs())
	exported, err := c.app.Export()
	if err != nil {
		t.Fatal(err)
	}
	if exported.Height != 3 || len(exported.Validators) != 2 {
		t.Fatalf("have height %d and %d validators, want 3 and 2", exported.Height, len(exported.Validators))
	}
}

// TestDefaultsHaveEighteenDecimals holds what is scaled, and what CometBFT must be told.
func TestDefaultsHaveEighteenDecimals(t *testing.T) {
	e, err := app.NewEncoding()
	if err != nil {
		t.Fatal(err)
	}
	state := e.DefaultGenesis()
	if err := e.Basics.ValidateGenesis(e.Codec, e.TxConfig, state); err != nil {
		t.Fatal(err)
	}
	var staking stakingtypes.GenesisState
	e.Codec.MustUnmarshalJSON(state[stakingtypes.ModuleName], &staking)
	if staking.Params.BondDenom != app.BaseDenom || !staking.Params.KeyRotationFee.Equal(sdk.NewCoin(app.BaseDenom, app.OneASH())) {
		t.Errorf("staking: bond denomination %s, key rotation fee %s", staking.Params.BondDenom, staking.Params.KeyRotationFee)
	}
	var gov govv1.GenesisState
	e.Codec.MustUnmarshalJSON(state[govtypes.ModuleName], &gov)
	if want := coins(app.OneASH().MulRaw(10)); !want.Equal(sdk.Coins(gov.Params.MinDeposit)) {
		t.Errorf("gov: minimum deposit %s want %s", gov.Params.MinDeposit, want)
	}
	params := app.ConsensusParams()
	if err := params.ValidateBasic(); err != nil {
		t.Fatal(err)
	}
	if params.Block.MaxBytes != 8<<20 || params.Evidence.MaxAgeDuration != staking.Params.UnbondingTime {
		t.Errorf("blocks of %d bytes, evidence good for %v", params.Block.MaxBytes, params.Evidence.MaxAgeDuration)
	}
}
