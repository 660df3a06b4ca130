package main

import (
	"fmt"
	"path/filepath"

	cmtcfg "github.com/cometbft/cometbft/config"
	cmttypes "github.com/cometbft/cometbft/types"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/cosmos/cosmos-sdk/server"
	servertypes "github.com/cosmos/cosmos-sdk/server/types"
	genutiltypes "github.com/cosmos/cosmos-sdk/x/genutil/types"
	"github.com/spf13/cobra"

	"github.com/ashlar-da/ashlar/app"
)

func exportCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "export",
		Short: "Write the state of a stopped node as a genesis file to stdout",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return export(cmd, server.GetServerContextFromCmd(cmd).Config)
		},
	}
}

func export(cmd *cobra.Command, comet *cmtcfg.Config) error {
	genesis, err := genutiltypes.AppGenesisFromFile(comet.GenesisFile())
	if err != nil {
		return fmt.Errorf("read %s: %w", comet.GenesisFile(), err)
	}
	db, err := dbm.NewDB("application", dbm.GoLevelDBBackend, filepath.Join(comet.RootDir, "data"))
	if err != nil {
		return fmt.Errorf("open the state, is the node stopped? %w", err)
	}
	a, err := app.New(app.Config{ChainID: genesis.ChainID, DB: db})
	if err != nil {
		return err
	}
	defer func() { _ = a.Close() }() // it was only read
	exported, err := a.Export()
	if err != nil {
		return err
	}
	replaceState(genesis, exported)
	return writeJSON(cmd.OutOrStdout(), genesis)
}

// replaceState makes what was exported the start of the chain the genesis describes.
func replaceState(genesis *genutiltypes.AppGenesis, exported servertypes.ExportedApp) {
	genesis.AppState = exported.AppState
	genesis.Consensus.Validators = exported.Validators
	params := cmttypes.ConsensusParamsFromProto(exported.ConsensusParams)
	genesis.Consensus.Params = &params
}
