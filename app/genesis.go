package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"cosmossdk.io/math"
	abci "github.com/cometbft/cometbft/abci/types"
	cmttypes "github.com/cometbft/cometbft/types"
	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"
	"github.com/cosmos/cosmos-sdk/x/bank"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	"github.com/cosmos/cosmos-sdk/x/gov"
	govtypesv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"
	"github.com/cosmos/cosmos-sdk/x/staking"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"

	"github.com/ashlar-da/ashlar/app/attest"
	attestpb "github.com/ashlar-da/ashlar/proto/attest"
)

const (
	// MaxBlockBytes bounds a block: 4 MiB of square, its proofs, and room for the
	// header, evidence and the last commit.
	MaxBlockBytes = 8 << 20
	// MaxBlockGas bounds the execution gas of a block, by the limits its transactions name.
	MaxBlockGas = 200_000_000
	// blockTime is what evidence age in blocks is reckoned with.
	blockTime = 6 * time.Second
)

// GenesisState is the application's part of a genesis file, by module.
type GenesisState map[string]json.RawMessage

// DefaultGenesis returns the state a new chain starts from, without accounts and
// validators.
func (e *Encoding) DefaultGenesis() GenesisState {
	return e.Basics.DefaultGenesis(e.Codec)
}

// ShortEpochs has a genesis state begin a chain for development, of a block a second: epochs of 20 blocks, a window of ten
// minutes, and a certificate every ten blocks while nobody posts.
func (e *Encoding) ShortEpochs(state GenesisState) {
	var s attestpb.GenesisState
	e.Codec.MustUnmarshalJSON(state[attest.ModuleName], &s)
	s.Params.EpochBlocks, s.Params.Window, s.Params.QuietBlocks = 20, 600, 10
	state[attest.ModuleName] = e.Codec.MustMarshalJSON(&s)
}

// ConsensusParams returns the consensus parameters a new chain starts with. Evidence
// stays good for as long as stake takes to unbond.
func ConsensusParams() *cmttypes.ConsensusParams {
	params := cmttypes.DefaultConsensusParams()
	params.Block.MaxBytes = MaxBlockBytes
	params.Block.MaxGas = MaxBlockGas
	params.Evidence.MaxAgeDuration = stakingtypes.DefaultUnbondingTime
	params.Evidence.MaxAgeNumBlocks = int64(stakingtypes.DefaultUnbondingTime / blockTime)
	return params
}

// initChain stores the genesis state and returns the first validators.
func (a *App) initChain(ctx sdk.Context, req *abci.RequestInitChain) (*abci.ResponseInitChain, error) {
	if req.InitialHeight > 1 {
		return nil, fmt.Errorf("initial height is %d: this chain starts at 1, where genesis transactions pay no fee", req.InitialHeight)
	}
	if req.ConsensusParams == nil || req.ConsensusParams.Block == nil {
		return nil, errors.New("the genesis file names no consensus parameters: use those of `init`")
	}
	var state GenesisState
	if err := json.Unmarshal(req.AppStateBytes, &state); err != nil {
		return nil, fmt.Errorf("decode the genesis state: %w", err)
	}
	if err := a.Keepers.Upgrade.SetModuleVersionMap(ctx, a.modules.GetVersionMap()); err != nil {
		return nil, fmt.Errorf("record module versions: %w", err)
	}
	resp, err := a.modules.InitGenesis(ctx, a.encoding.Codec, state)
	if err != nil {
		return resp, err
	}
	return resp, a.Keepers.Blob.Issue(ctx, a.Keepers.Bank.GetSupply(ctx, BaseDenom).Amount)
}

// stakingBasics gives staking's defaults 18 decimals.
type stakingBasics struct {
	staking.AppModuleBasic
}

var _ module.HasGenesisBasics = stakingBasics{}

// DefaultGenesis returns staking's defaults with a key rotation fee of 1 ASH.
func (stakingBasics) DefaultGenesis(cdc codec.JSONCodec) json.RawMessage {
	state := stakingtypes.DefaultGenesisState()
	state.Params.BondDenom = BaseDenom
	state.Params.KeyRotationFee = sdk.NewCoin(BaseDenom, OneASH())
	return cdc.MustMarshalJSON(state)
}

// govBasics gives governance's defaults 18 decimals.
type govBasics struct {
	gov.AppModuleBasic
}

var _ module.HasGenesisBasics = govBasics{}

// DefaultGenesis returns governance's defaults with deposits of 10 and 50 ASH.
func (govBasics) DefaultGenesis(cdc codec.JSONCodec) json.RawMessage {
	state := govtypesv1.DefaultGenesisState()
	state.Params.MinDeposit = ash(10)
	state.Params.ExpeditedMinDeposit = ash(50)
	return cdc.MustMarshalJSON(state)
}

// bankBasics makes the denomination known to wallets.
type bankBasics struct {
	bank.AppModuleBasic
}

var _ module.HasGenesisBasics = bankBasics{}

// DefaultGenesis returns bank's defaults with the metadata of ASH.
func (bankBasics) DefaultGenesis(cdc codec.JSONCodec) json.RawMessage {
	state := banktypes.DefaultGenesisState()
	state.DenomMetadata = []banktypes.Metadata{{
		Description: "Ashlar's token: it is bonded by validators and pays for blobs",
		Base:        BaseDenom,
		Display:     DisplayDenom,
		Name:        "Ashlar",
		Symbol:      "ASH",
		DenomUnits: []*banktypes.DenomUnit{
			{Denom: BaseDenom, Exponent: 0},
			{Denom: DisplayDenom, Exponent: Decimals},
		},
	}}
	return cdc.MustMarshalJSON(state)
}

// ash returns n ASH as coins.
func ash(n int64) sdk.Coins {
	return sdk.NewCoins(sdk.NewCoin(BaseDenom, OneASH().Mul(math.NewInt(n))))
}
