package attest

import (
	"context"
	"encoding/json"
	"fmt"

	"cosmossdk.io/core/appmodule"
	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/codec"
	"github.com/cosmos/cosmos-sdk/codec/legacy"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"
	"github.com/cosmos/cosmos-sdk/types/msgservice"
	gwruntime "github.com/grpc-ecosystem/grpc-gateway/runtime"

	attestpb "github.com/ashlar-da/ashlar/proto/attest"
)

// consensusVersion counts the breaking changes of the module's state.
const consensusVersion = 1

var (
	_ module.AppModuleBasic   = AppModule{}
	_ module.HasGenesisBasics = AppModule{}
	_ module.HasGenesis       = AppModule{}
	_ module.HasServices      = AppModule{}

	_ appmodule.AppModule     = AppModule{}
	_ appmodule.HasEndBlocker = AppModule{}
)

// AppModule plugs the keeper into the SDK's module manager.
type AppModule struct {
	keeper *Keeper
}

// NewAppModule returns the module of a keeper.
func NewAppModule(keeper *Keeper) AppModule {
	return AppModule{keeper: keeper}
}

// Name returns ModuleName.
func (AppModule) Name() string { return ModuleName }

// IsOnePerModuleType marks the module for the SDK.
func (AppModule) IsOnePerModuleType() {}

// IsAppModule marks the module for the SDK.
func (AppModule) IsAppModule() {}

// ConsensusVersion returns the version of the module's state.
func (AppModule) ConsensusVersion() uint64 { return consensusVersion }

// RegisterLegacyAminoCodec names the messages for hardware wallets' signing mode.
func (AppModule) RegisterLegacyAminoCodec(cdc *codec.LegacyAmino) {
	legacy.RegisterAminoMsg(cdc, &attestpb.MsgRegisterAttestationKey{}, "ashlar/MsgRegisterAttestationKey")
	legacy.RegisterAminoMsg(cdc, &attestpb.MsgSubmitAttestationEvidence{}, "ashlar/MsgSubmitAttestationEvidence")
	legacy.RegisterAminoMsg(cdc, &attestpb.MsgUpdateParams{}, "ashlar/attest/MsgUpdateParams")
}

// RegisterInterfaces makes the messages known to decoders.
func (AppModule) RegisterInterfaces(registry codectypes.InterfaceRegistry) {
	registry.RegisterImplementations((*sdk.Msg)(nil),
		&attestpb.MsgRegisterAttestationKey{}, &attestpb.MsgSubmitAttestationEvidence{}, &attestpb.MsgUpdateParams{})
	msgservice.RegisterMsgServiceDesc(registry, &attestpb.Msg_serviceDesc)
}

// RegisterGRPCGatewayRoutes registers nothing: nodes have an HTTP API of their own.
func (AppModule) RegisterGRPCGatewayRoutes(client.Context, *gwruntime.ServeMux) {}

// RegisterServices registers the message and query servers.
func (m AppModule) RegisterServices(cfg module.Configurator) {
	attestpb.RegisterMsgServer(cfg.MsgServer(), msgServer(m))
	attestpb.RegisterQueryServer(cfg.QueryServer(), queryServer(m))
}

// DefaultGenesis returns the default genesis state as JSON.
func (AppModule) DefaultGenesis(cdc codec.JSONCodec) json.RawMessage {
	return cdc.MustMarshalJSON(DefaultGenesis())
}

// ValidateGenesis validates a genesis state given as JSON.
func (AppModule) ValidateGenesis(cdc codec.JSONCodec, _ client.TxEncodingConfig, raw json.RawMessage) error {
	var state attestpb.GenesisState
	if err := cdc.UnmarshalJSON(raw, &state); err != nil {
		return fmt.Errorf("decode the genesis state of %s: %w", ModuleName, err)
	}
	return ValidateGenesis(&state)
}

// InitGenesis stores a genesis state. It panics on a bad one, as the SDK wants.
func (m AppModule) InitGenesis(ctx sdk.Context, cdc codec.JSONCodec, raw json.RawMessage) {
	var state attestpb.GenesisState
	cdc.MustUnmarshalJSON(raw, &state)
	if err := m.keeper.InitGenesis(ctx, &state); err != nil {
		panic(err)
	}
}

// ExportGenesis returns the genesis state of the present. It panics where state
// cannot be read, as the SDK wants.
func (m AppModule) ExportGenesis(ctx sdk.Context, cdc codec.JSONCodec) json.RawMessage {
	state, err := m.keeper.ExportGenesis(ctx)
	if err != nil {
		panic(err)
	}
	return cdc.MustMarshalJSON(state)
}

// EndBlock records the block and begins epochs.
func (m AppModule) EndBlock(ctx context.Context) error {
	return m.keeper.EndBlock(ctx)
}
