package fullnode

import (
	"context"
	"fmt"
	"log/slog"

	sdkslog "cosmossdk.io/log/v2/slog"
	abcicli "github.com/cometbft/cometbft/abci/client"
	abci "github.com/cometbft/cometbft/abci/types"
	cmtcfg "github.com/cometbft/cometbft/config"
	cmtsync "github.com/cometbft/cometbft/libs/sync"
	"github.com/cometbft/cometbft/node"
	"github.com/cometbft/cometbft/p2p"
	"github.com/cometbft/cometbft/privval"
	"github.com/cometbft/cometbft/proxy"
	cmttypes "github.com/cometbft/cometbft/types"
	servercmtlog "github.com/cosmos/cosmos-sdk/server/log"
	genutiltypes "github.com/cosmos/cosmos-sdk/x/genutil/types"
)

// newComet opens the CometBFT node and replays what the application has not seen; it
// does not start it.
func newComet(ctx context.Context, cfg *cmtcfg.Config, application proxy.ClientCreator, log *slog.Logger) (*node.Node, error) {
	key, err := p2p.LoadOrGenNodeKey(cfg.NodeKeyFile())
	if err != nil {
		return nil, fmt.Errorf("node key %s: %w", cfg.NodeKeyFile(), err)
	}
	comet, err := node.NewNodeWithContext(
		ctx, cfg,
		privval.LoadOrGenFilePV(cfg.PrivValidatorKeyFile(), cfg.PrivValidatorStateFile()),
		key,
		application,
		func() (*cmttypes.GenesisDoc, error) { return loadGenesis(cfg) },
		cmtcfg.DefaultDBProvider,
		node.DefaultMetricsProvider(cfg.Instrumentation),
		servercmtlog.CometLoggerWrapper{Logger: sdkslog.NewCustomLogger(log)},
	)
	if err != nil {
		return nil, fmt.Errorf("open CometBFT: %w", err)
	}
	return comet, nil
}

// connections are CometBFT's to the application: all share one mutex.
type connections struct {
	mutex       *cmtsync.Mutex
	application abci.Application
}

// NewABCIClient implements proxy.ClientCreator.
func (c connections) NewABCIClient() (abcicli.Client, error) {
	return abcicli.NewLocalClient(c.mutex, c.application), nil
}

func loadGenesis(cfg *cmtcfg.Config) (*cmttypes.GenesisDoc, error) {
	genesis, err := genutiltypes.AppGenesisFromFile(cfg.GenesisFile())
	if err != nil {
		return nil, fmt.Errorf("read %s: %w; `ashlar init` creates it, or copy that of the chain to join", cfg.GenesisFile(), err)
	}
	return genesis.ToGenesisDoc()
}
