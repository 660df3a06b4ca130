package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/cosmos/cosmos-sdk/client"
	clientconfig "github.com/cosmos/cosmos-sdk/client/config"
	"github.com/cosmos/cosmos-sdk/client/debug"
	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/client/keys"
	"github.com/cosmos/cosmos-sdk/server"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	genutilcli "github.com/cosmos/cosmos-sdk/x/genutil/client/cli"
	"github.com/spf13/cobra"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/fullnode"
)

// newRoot builds the command tree. The modules' commands are made by starting the
// application on an empty database, so they are there only where args lead to them.
func newRoot(args []string) (*cobra.Command, error) {
	encoding, err := app.NewEncoding()
	if err != nil {
		return nil, err
	}
	base := clientContext(encoding)
	root := &cobra.Command{
		Use:   "ashlar",
		Short: "Ashlar: post blobs, order them, prove that they are available",
		Long: "ashlar runs a full node of the Ashlar data-availability layer, posts and reads blobs, and holds keys.\n" +
			"To try it, run `ashlar dev`: one process with a chain of its own and a funded key.",
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return prepare(cmd, base)
		},
	}
	root.PersistentFlags().String(flags.FlagHome, defaultHome(), "directory of the node's files and keys")
	root.PersistentFlags().String(flags.FlagLogLevel, "info", "debug, info, warn or error")
	root.PersistentFlags().String(flags.FlagLogFormat, "plain", "plain or json")
	genesis := genutilcli.Commands(encoding.TxConfig, encoding.Basics, defaultHome())
	genesis.AddCommand(genesisKeyCommand(encoding))
	root.AddCommand(
		initCommand(encoding), startCommand(base), devCommand(encoding), blobCommand(), feeCommand(), gatewayCommand(), relayCommand(), versionCommand(),
		keys.Commands(), debug.Cmd(), cometCommand(), exportCommand(),
		genesis, certCommand(), attestCommand(),
		queryCommand(), txCommand(),
	)
	if wantsModules(args) {
		if err := addModuleCommands(root, base); err != nil {
			return nil, err
		}
	}
	return root, nil
}

// wantsModules tells whether the modules' query or transaction commands can be meant.
func wantsModules(args []string) bool {
	return slices.ContainsFunc(args, func(arg string) bool {
		return arg == "query" || arg == "q" || arg == "tx"
	})
}

// defaultHome is the home of a user who names none, empty where there is no telling.
func defaultHome() string {
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".ashlar")
}

// homeOf returns the directory that the flags name.
func homeOf(cmd *cobra.Command) (string, error) {
	home, _ := cmd.Flags().GetString(flags.FlagHome)
	if home == "" {
		return "", errors.New("HOME is not set, so there is no default directory: say with --home where the node's files and keys are")
	}
	return home, nil
}

func clientContext(encoding *app.Encoding) client.Context {
	return client.Context{}.
		WithCodec(encoding.Codec).
		WithInterfaceRegistry(encoding.Registry).
		WithTxConfig(encoding.TxConfig).
		WithLegacyAmino(encoding.Amino).
		WithAccountRetriever(authtypes.AccountRetriever{}).
		WithHomeDir(defaultHome()).
		WithViper("ASHLAR")
}

// prepare reads the home directory's files and the flags into the contexts that the
// SDK's commands look for; files that are missing are written with our settings.
func prepare(cmd *cobra.Command, base client.Context) error {
	if _, err := homeOf(cmd); err != nil {
		return err
	}
	cmd.SetOut(cmd.OutOrStdout())
	cmd.SetErr(cmd.ErrOrStderr())
	clientCtx, err := readClientContext(cmd, base)
	if err != nil {
		return err
	}
	if err := client.SetCmdClientContextHandler(clientCtx, cmd); err != nil {
		return err
	}
	serverCtx, err := server.InterceptConfigsAndCreateContext(cmd, fullnode.SettingsTemplate+gatewayTemplate(), fullnode.DefaultSettings(), fullnode.CometConfig())
	if err != nil {
		return fmt.Errorf("read the configuration in %s: %w", clientCtx.HomeDir, err)
	}
	return server.SetCmdServerContext(cmd, serverCtx)
}

func readClientContext(cmd *cobra.Command, base client.Context) (client.Context, error) {
	clientCtx := base.WithCmdContext(cmd.Context()).WithInput(cmd.InOrStdin())
	clientCtx, err := client.ReadPersistentCommandFlags(clientCtx, cmd.Flags())
	if err != nil {
		return clientCtx, err
	}
	clientCtx, err = clientconfig.ReadFromClientConfig(clientCtx)
	if err != nil {
		return clientCtx, fmt.Errorf("read client.toml in %s: %w", clientCtx.HomeDir, err)
	}
	return clientCtx, nil
}
