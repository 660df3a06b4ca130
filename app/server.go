package app

import (
	"encoding/json"
	"fmt"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/grpc/cmtservice"
	nodeservice "github.com/cosmos/cosmos-sdk/client/grpc/node"
	"github.com/cosmos/cosmos-sdk/server/api"
	"github.com/cosmos/cosmos-sdk/server/config"
	servertypes "github.com/cosmos/cosmos-sdk/server/types"
	authtx "github.com/cosmos/cosmos-sdk/x/auth/tx"
	"github.com/cosmos/cosmos-sdk/x/staking"
)

var _ servertypes.Application = (*App)(nil)

// RegisterAPIRoutes registers nothing: nodes have an HTTP API of their own.
func (a *App) RegisterAPIRoutes(*api.Server, config.APIConfig) {}

// RegisterTxService registers the service that simulates transactions and finds them
// by hash.
func (a *App) RegisterTxService(clientCtx client.Context) {
	authtx.RegisterTxService(a.GRPCQueryRouter(), clientCtx, a.Simulate, a.encoding.Registry)
}

// RegisterTendermintService registers the service that answers for CometBFT.
func (a *App) RegisterTendermintService(clientCtx client.Context) {
	cmtservice.RegisterTendermintService(clientCtx, a.GRPCQueryRouter(), a.encoding.Registry, a.Query)
}

// RegisterNodeService registers the service that tells the node's settings.
func (a *App) RegisterNodeService(clientCtx client.Context, cfg config.Config) {
	nodeservice.RegisterNodeService(clientCtx, a.GRPCQueryRouter(), cfg, func() int64 {
		return a.CommitMultiStore().EarliestVersion()
	})
}

// Export returns the state at the last committed height as the start of a new chain.
func (a *App) Export() (servertypes.ExportedApp, error) {
	ctx := a.NewContext(true)
	if err := a.Audit(ctx); err != nil {
		return servertypes.ExportedApp{}, fmt.Errorf("audit the state: %w", err)
	}
	state, err := a.modules.ExportGenesis(ctx, a.encoding.Codec)
	if err != nil {
		return servertypes.ExportedApp{}, fmt.Errorf("export the modules' state: %w", err)
	}
	raw, err := json.MarshalIndent(state, "", "  ")
	if err != nil {
		return servertypes.ExportedApp{}, fmt.Errorf("encode the state: %w", err)
	}
	validators, err := staking.WriteValidators(ctx, a.Keepers.Staking)
	if err != nil {
		return servertypes.ExportedApp{}, fmt.Errorf("export the validators: %w", err)
	}
	return servertypes.ExportedApp{
		AppState:        raw,
		Validators:      validators,
		Height:          a.LastBlockHeight() + 1,
		ConsensusParams: a.GetConsensusParams(ctx),
	}, nil
}
