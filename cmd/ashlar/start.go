package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	cmtcmd "github.com/cometbft/cometbft/cmd/cometbft/commands"
	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/server"
	"github.com/spf13/cobra"

	"github.com/ashlar-da/ashlar/fullnode"
)

func startCommand(base client.Context) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "start",
		Short: "Run the full node of this home until interrupted",
		Long: "start runs consensus, the application, the store of squares, the libp2p host and the HTTP API in one process.\n" +
			"It ends when interrupted or when any of them fails.",
		Args: cobra.NoArgs,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if err := wantsNode(cmd); err != nil {
				return err
			}
			return prepare(cmd, base)
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			return start(cmd)
		},
	}
	cmtcmd.AddNodeFlags(cmd)
	for _, name := range []string{"proxy_app", "abci", "db_backend", "db_dir", "genesis_hash", "rpc.grpc_laddr", "rpc.unsafe"} {
		_ = cmd.Flags().MarkHidden(name) // not there in every version
	}
	addNodeFlags(cmd)
	return cmd
}

// wantsNode fails where there is no node to start: otherwise one without a chain would be
// written there.
func wantsNode(cmd *cobra.Command) error {
	home, err := homeOf(cmd)
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(home, "config", "config.toml")); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no node in %s: create one with `ashlar init`, or give the --home of one", home)
	}
	return nil
}

const tablesFlag = "kzg.tables"

func addTablesFlag(cmd *cobra.Command) {
	cmd.Flags().Int(tablesFlag, fullnode.DefaultSettings().KZG.Tables, "MiB of tables that make KZG faster, up to 128; 0: none")
}

// addNodeFlags adds the flags that override app.toml.
func addNodeFlags(cmd *cobra.Command) {
	d := fullnode.DefaultSettings()
	f := cmd.Flags()
	f.Duration("retain", d.Retain, "how long squares and blocks are kept; 0s: for ever")
	f.Int("memory-limit", d.MemoryLimit, "MiB of memory that the process tries to stay within; 0: no limit")
	f.String("api.address", d.API.Address, "where the HTTP API listens")
	f.String("api.key", "", "name of the key that pays for POST /v1/blobs")
	f.Var(new(list), "api.origins", "web origins browsers may call the API from")
	f.String("api.tokens", "", "token file that guards what writes")
	listen := list(d.Libp2p.Listen)
	f.Var(&listen, "libp2p.listen", "multiaddresses that squares are served on")
	f.Var(new(list), "libp2p.peers", "multiaddresses of peers to stay connected to")
	f.Bool("libp2p.dht", d.Libp2p.DHT, "find more peers by a Kademlia table")
	f.Int("libp2p.relayed-peers", d.Libp2p.RelayedPeers, "peers behind a NAT to relay for, once this node can be reached; 0: none")
	f.Int("libp2p.connections", d.Libp2p.Connections, "most connections to peers")
	f.Int("libp2p.connections-per-subnet", d.Libp2p.ConnectionsPerSubnet, "most connections from one IPv4 /24 or IPv6 /48")
	f.Int("libp2p.streams-per-peer", d.Libp2p.StreamsPerPeer, "most streams of one peer on each protocol")
	f.Int("libp2p.memory", d.Libp2p.Memory, "MiB that connections and answers may take")
	addTablesFlag(cmd)
	addNodeGatewayFlags(f)
	f.Float64("kzg.crosscheck", d.KZG.Crosscheck, "share of blocks of which a row is verified again by another implementation")
	f.String(flags.FlagKeyringBackend, flags.DefaultKeyringBackend, "keyring of api.key: os, file or test")
	f.String(server.FlagMinGasPrices, d.MinGasPrices, "least price of execution gas accepted")
	f.String(server.FlagPruning, d.Pruning, "states kept: default, nothing, everything or custom")
	f.String(server.FlagPruningKeepRecent, "0", "with --pruning custom: how many recent states are kept")
	f.String(server.FlagPruningInterval, "0", "with --pruning custom: prune every so many blocks")
	f.Uint64(server.FlagHaltHeight, 0, "stop after this height")
	f.Uint64(server.FlagHaltTime, 0, "stop after this time, in seconds since 1970")
	f.IntSlice(server.FlagUnsafeSkipUpgrades, nil, "heights at which a planned upgrade is passed over: all validators must do the same")
}

func start(cmd *cobra.Command) error {
	cfg, err := nodeConfig(cmd)
	if err != nil {
		return err
	}
	if o := (gatewayOptions{cmd.Flags(), nodeGatewayPrefix}); o.wanted() {
		if _, err := o.config(); err != nil {
			return err
		}
		if memory, err := o.memory(); err == nil && cfg.MemoryLimit > 0 {
			cfg.MemoryLimit += memory
		}
	}
	node, err := fullnode.New(cmd.Context(), *cfg)
	if err != nil {
		return err
	}
	g, err := nodeGateway(cmd.Context(), cmd.Flags(), cfg, node, cfg.Log, cmd.OutOrStdout())
	if err != nil {
		return errors.Join(err, node.Close())
	}
	return runNode(cmd.Context(), node, g, cfg.Log)
}

// plainList undoes what the SDK does to a list of app.toml that is a flag as well: it sets
// the flag to the list as Go prints it, "[a b]", which is read as one element.
func plainList(list []string) []string {
	if len(list) != 1 || !strings.HasPrefix(list[0], "[") || !strings.HasSuffix(list[0], "]") {
		return list
	}
	return strings.Fields(strings.Trim(list[0], "[]"))
}

// nodeConfig gathers the node's configuration from files and flags.
func nodeConfig(cmd *cobra.Command) (*fullnode.Config, error) {
	serverCtx := server.GetServerContextFromCmd(cmd)
	var settings fullnode.Settings
	if err := serverCtx.Viper.Unmarshal(&settings); err != nil {
		return nil, fmt.Errorf("read app.toml: %w", err)
	}
	for _, list := range []*[]string{&settings.API.Origins, &settings.Libp2p.Listen, &settings.Libp2p.Peers} {
		*list = plainList(*list)
	}
	log, err := newLogger(cmd, cmd.ErrOrStderr())
	if err != nil {
		return nil, err
	}
	cfg, err := settings.Config(serverCtx.Config, client.GetClientContextFromCmd(cmd).Keyring, log)
	if err != nil {
		return nil, err
	}
	cfg.Version = version
	heights, err := cmd.Flags().GetIntSlice(server.FlagUnsafeSkipUpgrades)
	if err != nil {
		return nil, err
	}
	cfg.SkipUpgradeHeights = make(map[int64]bool, len(heights))
	for _, height := range heights {
		cfg.SkipUpgradeHeights[int64(height)] = true
	}
	return cfg, nil
}
