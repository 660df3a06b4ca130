package main

import (
	cmtcmd "github.com/cometbft/cometbft/cmd/cometbft/commands"
	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/server"
	"github.com/spf13/cobra"
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
