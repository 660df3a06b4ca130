package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"

	sdkclient "github.com/cosmos/cosmos-sdk/client"
	"github.com/spf13/cobra"

	"github.com/ashlar-da/ashlar/client"
)

func blobLanesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lanes",
		Short: "Open and show sub-accounts that post at a key's expense, side by side",
		Long: "A node takes an account's transactions one after the other. Lanes are accounts derived from a key, each with\n" +
			"sequences of its own, that may post blobs at that key's expense and nothing else. `blob submit --lanes N`\n" +
			"posts from them.",
		RunE: sdkclient.ValidateCmd,
	}
	cmd.AddCommand(blobLanesOpenCommand(), blobLanesListCommand())
	return cmd
}

func blobLanesOpenCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "open",
		Short: "Create the accounts of those lanes that have none, and grant them to pay for blobs",
		Example: "  ashlar blob lanes open --from alice --lanes 4 --spend-limit 5000000000000000000\n" +
			"  ashlar blob submit dump.bin --namespace … --from alice --lanes 4",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return withLanes(cmd, openLanes) },
	}
	addLaneFlags(cmd)
	cmd.Flags().String("spend-limit", "", "most that each lane may spend of the key's funds, in aash; not given: no bound")
	return cmd
}

func blobLanesListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Show a key's lanes: their addresses, and the sequences of those that are open",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return withLanes(cmd, listLanes) },
	}
	addLaneFlags(cmd)
	return cmd
}

func addLaneFlags(cmd *cobra.Command) {
	cmd.Flags().String(fromFlag, "", "key that the lanes are derived from, and that pays (required)")
	cmd.Flags().Int(lanesFlag, 4, "how many lanes")
	addKeyringFlag(cmd)
	addOutputFlag(cmd)
}

// withLanes runs a command with the client whose accounts are the lanes.
func withLanes(cmd *cobra.Command, do func(*cobra.Command, *client.Client) error) error {
	if err := checkFormat(cmd); err != nil {
		return err
	}
	signer, err := signerOf(cmd)
	if err != nil {
		return err
	}
	lanes, _ := cmd.Flags().GetInt(lanesFlag)
	if signer == nil || lanes < 1 {
		return fmt.Errorf("lanes are derived from a key, and there is one at least: give --%s NAME and --%s N", fromFlag, lanesFlag)
	}
	url, _ := cmd.Flags().GetString(nodeFlag)
	token, _ := cmd.Flags().GetString(tokenFlag)
	c, err := client.New(cmd.Context(), client.Config{URL: url, Token: token, Signer: signer, Lanes: lanes})
	if err != nil {
		return err
	}
	return errors.Join(do(cmd, c), c.Close())
}

func openLanes(cmd *cobra.Command, c *client.Client) error {
	limit, err := amountGiven(cmd, "spend-limit")
	if err != nil {
		return err
	}
	if err := c.OpenLanes(cmd.Context(), limit); err != nil {
		return err
	}
	return listLanes(cmd, c)
}

// laneInfo is what is shown of a lane.
type laneInfo struct {
	Lane     int    `json:"lane"`
	Address  string `json:"address"`
	Open     bool   `json:"open"`
	Sequence uint64 `json:"sequence"`
}

func listLanes(cmd *cobra.Command, c *client.Client) error {
	lanes, err := lanesOf(cmd.Context(), c)
	if err != nil {
		return err
	}
	if format(cmd) == formatJSON {
		return writeJSON(cmd.OutOrStdout(), lanes)
	}
	table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "LANE\tADDRESS\tSTATE\tSEQUENCE") // the flush tells whether it was written
	for _, l := range lanes {
		state := "not open"
		if l.Open {
			state = "open"
		}
		_, _ = fmt.Fprintf(table, "%d\t%s\t%s\t%d\n", l.Lane, l.Address, state, l.Sequence)
	}
	return table.Flush()
}

// lanesOf asks the node which lanes have an account.
func lanesOf(ctx context.Context, c *client.Client) ([]laneInfo, error) {
	var lanes []laneInfo
	for i, address := range c.Accounts() {
		info := laneInfo{Lane: i, Address: address}
		account, err := c.Account(ctx, address)
		switch {
		case err == nil:
			info.Open, info.Sequence = true, account.Sequence
		case client.CodeOf(err) != client.CodeNotFound:
			return nil, err
		}
		lanes = append(lanes, info)
	}
	return lanes, nil
}
