package main

import (
	dbm "github.com/cosmos/cosmos-db"
	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/rpc"
	"github.com/cosmos/cosmos-sdk/server"
	authcmd "github.com/cosmos/cosmos-sdk/x/auth/client/cli"
	"github.com/spf13/cobra"

	"github.com/ashlar-da/ashlar/app"
)

// addModuleCommands completes `query` and `tx` with the commands of every module.
func addModuleCommands(root *cobra.Command, base client.Context) error {
	a, err := app.New(app.Config{ChainID: "commands", DB: dbm.NewMemDB()})
	if err != nil {
		return err
	}
	return a.AutoCLI(base).EnhanceRootCommand(root)
}

func queryCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "query",
		Aliases: []string{"q"},
		Short:   "Ask a node about the chain's state",
		RunE:    client.ValidateCmd,
	}
	cmd.AddCommand(
		rpc.ValidatorCommand(), server.QueryBlockCmd(), server.QueryBlockResultsCmd(),
		needsIndex(authcmd.QueryTxCmd()), needsIndex(authcmd.QueryTxsByEventsCmd()),
	)
	return cmd
}

func txCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "tx",
		Short: "Make, sign and send transactions",
		RunE:  client.ValidateCmd,
	}
	cmd.AddCommand(
		authcmd.GetSignCommand(), authcmd.GetSignBatchCommand(), authcmd.GetMultiSignCommand(),
		authcmd.GetValidateSignaturesCommand(), authcmd.GetBroadcastCommand(),
		authcmd.GetEncodeCommand(), authcmd.GetDecodeCommand(),
	)
	return cmd
}
