package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// noIndex is what CometBFT's RPC answers where a node keeps no index of transactions.
const noIndex = "transaction indexing is disabled"

// unindexed says where to look for a transaction instead.
const unindexed = "nodes keep no index of transactions unless their config.toml says indexer = \"kv\", and then of later blocks alone. What became of\n" +
	"a transaction, whoever sent it, `ashlar blob status TX` asks of any node; the results of a block's are in `ashlar query block-results HEIGHT`."

// needsIndex completes one of the SDK's commands that look transactions up in a node's index: its help and its failure say that
// there is none, and what to ask instead.
func needsIndex(cmd *cobra.Command) *cobra.Command {
	cmd.Short += " (of a node with an index)"
	cmd.Long = strings.TrimSpace("This takes a node with an index: " + unindexed + "\n\n" + cmd.Long)
	look := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		err := look(cmd, args)
		if err != nil && strings.Contains(err.Error(), noIndex) {
			return fmt.Errorf("the node has no index to look in: %s (%w)", strings.ReplaceAll(unindexed, "\n", " "), err)
		}
		return err
	}
	return cmd
}
