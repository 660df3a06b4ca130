package main

import (
	"fmt"
	"math/big"
	"strings"

	sdkclient "github.com/cosmos/cosmos-sdk/client"
	"github.com/spf13/cobra"
)

const (
	blocksFlag = "blocks"
	jsonFlag   = "json"
	outFlag    = "out"
)

func feeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:               "fee",
		Short:             "Estimate, show and simulate what blobs cost",
		PersistentPreRunE: noPreparation,
		RunE:              sdkclient.ValidateCmd,
	}
	cmd.AddCommand(feeEstimateCommand(), feeHistoryCommand(), feeSimulateCommand())
	return cmd
}

func addAPIFlags(cmd *cobra.Command) {
	cmd.Flags().String(nodeFlag, defaultNode, "URL of the node's HTTP API")
	cmd.Flags().String(tokenFlag, "", "token of the node's HTTP API, where it asks for one")
}

// addFormatFlags adds the output flag and what is short for one of its values.
func addFormatFlags(cmd *cobra.Command) {
	addOutputFlag(cmd)
	cmd.Flags().Bool(jsonFlag, false, "short for --output json")
}

// wantsJSON reads those flags.
func wantsJSON(cmd *cobra.Command) (bool, error) {
	if short, _ := cmd.Flags().GetBool(jsonFlag); short {
		return true, nil
	}
	return format(cmd) == formatJSON, checkFormat(cmd)
}

// countFlag reads a number from least to most.
func countFlag(cmd *cobra.Command, name string, least, most int) (int, error) {
	n, _ := cmd.Flags().GetInt(name)
	if n < least || n > most {
		return 0, fmt.Errorf("--%s is %d: choose %d to %d", name, n, least, most)
	}
	return n, nil
}

// parseAmount reads an amount a node answered.
func parseAmount(text string) (*big.Int, error) {
	amount, ok := new(big.Int).SetString(text, 10)
	if !ok || amount.Sign() < 0 {
		return nil, fmt.Errorf("the node answered %.60q where an amount in aash was expected: is it an Ashlar node?", text)
	}
	return amount, nil
}

// inASH shows an amount in base denomination in ASH, exactly.
func inASH(amount *big.Int) string {
	const digits = 18
	text := fmt.Sprintf("%0*s", digits+1, amount.String())
	whole, part := text[:len(text)-digits], strings.TrimRight(text[len(text)-digits:], "0")
	if part == "" {
		return whole
	}
	return whole + "." + part
}

// inNano shows an amount in base denomination in billionths of an ASH, to a few digits.
func inNano(amount float64) string {
	if nano := amount / 1e9; nano >= 1000 && nano < 1e7 {
		return fmt.Sprintf("%.0f", nano)
	}
	return fmt.Sprintf("%.4g", amount/1e9)
}
