package main

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	cmtcfg "github.com/cometbft/cometbft/config"
	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/server"
	"github.com/spf13/cobra"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/fullnode"
)

func initCommand(encoding *app.Encoding) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "init MONIKER",
		Short: "Create a node's keys, settings and a genesis file without accounts",
		Long: "init writes the node's keys, its settings (config.toml, app.toml) and a genesis file to the home directory.\n" +
			"To join a chain, replace config/genesis.json by that chain's. To start one, add accounts and validators\n" +
			"with `ashlar genesis`.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return initHome(cmd, encoding, args[0])
		},
	}
	cmd.Flags().String(flags.FlagChainID, "", "chain id; random if not given")
	cmd.Flags().Bool("overwrite", false, "replace a genesis file that is there")
	addOutputFlag(cmd)
	return cmd
}

func initHome(cmd *cobra.Command, encoding *app.Encoding, moniker string) error {
	if err := checkFormat(cmd); err != nil {
		return err
	}
	comet := server.GetServerContextFromCmd(cmd).Config
	comet.Moniker = moniker
	if err := refuseOverwrite(cmd, comet.GenesisFile()); err != nil {
		return err
	}
	chainID, err := initChainID(cmd)
	if err != nil {
		return err
	}
	nodeID, err := fullnode.InitHome(comet, encoding, chainID)
	if err != nil {
		return err
	}
	// The SDK opens a profiler on a fixed port where none is configured: a second node on
	// this machine would not start.
	comet.RPC.PprofListenAddress = ""
	cmtcfg.WriteConfigFile(cometConfigFile(comet), comet)
	if err := writeClientChainID(cmd, chainID); err != nil {
		return err
	}
	return printInit(cmd, initResult{Moniker: moniker, ChainID: chainID, NodeID: nodeID, Home: comet.RootDir, Genesis: comet.GenesisFile()})
}

func refuseOverwrite(cmd *cobra.Command, genesis string) error {
	overwrite, _ := cmd.Flags().GetBool("overwrite")
	_, err := os.Stat(genesis)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !overwrite:
		return fmt.Errorf("%s is there already: choose another --home, or --overwrite it", genesis)
	}
	return os.Remove(genesis)
}

func initChainID(cmd *cobra.Command) (string, error) {
	chainID, _ := cmd.Flags().GetString(flags.FlagChainID)
	if chainID == "" {
		chainID = client.GetClientContextFromCmd(cmd).ChainID
	}
	if chainID != "" {
		return chainID, nil
	}
	var random [4]byte
	if _, err := rand.Read(random[:]); err != nil {
		return "", err
	}
	return "ashlar-" + hex.EncodeToString(random[:]), nil
}

type initResult struct {
	Moniker string `json:"moniker"`
	ChainID string `json:"chain_id"`
	NodeID  string `json:"node_id"`
	Home    string `json:"home"`
	Genesis string `json:"genesis"`
}

func printInit(cmd *cobra.Command, r initResult) error {
	if format(cmd) == formatJSON {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(r)
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "node %s (%s) of chain %s\nhome     %s\ngenesis  %s\n", r.NodeID, r.Moniker, r.ChainID, r.Home, r.Genesis)
	return err
}
