package main

import (
	"github.com/spf13/cobra"

	cmtcmd "github.com/cometbft/cometbft/cmd/cometbft/commands"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/server"
)

func cometCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "comet",
		Short: "CometBFT's keys and data in this home",
		RunE:  client.ValidateCmd,
	}
	cmd.AddCommand(
		server.ShowNodeIDCmd(), server.ShowValidatorCmd(), server.ShowAddressCmd(), server.VersionCmd(),
		cmtcmd.ResetStateCmd,
	)
	return cmd
}
