package main

import (
	"context"
	"fmt"
	"math/big"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/ashlar-da/ashlar/blobfee"
	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
)

const probabilityFlag = "probability"

func feeEstimateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "estimate FILE|-",
		Short: "Say what to offer for a file, and what it would cost",
		Long: "estimate asks a node which fee cap and tip get a file in, within so many blocks and so surely, and says what that\n" +
			"costs. What exceeds 16 rows (about 2 MB) is split as `ashlar blob submit` splits it, a transaction a part. Blocks are\n" +
			"counted from the second from now: the next one is being made while the transaction is signed and sent.",
		Example: "  ashlar fee estimate photo.jpg --blocks 3 --probability 0.99",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return feeEstimate(cmd, args[0]) },
	}
	addAPIFlags(cmd)
	f := cmd.Flags()
	f.Int(blocksFlag, 5, "within how many blocks")
	f.Float64(probabilityFlag, 0.9, "how surely")
	f.String("encoding", "data", "data: any bytes; raw: canonical scalars of 32 bytes, such as an Ethereum blob")
	addFormatFlags(cmd)
	return cmd
}

// estimated is what the command prints.
type estimated struct {
	// Parts are the transactions, in order. Those of one size have one estimate.
	Parts []*client.FeeEstimate `json:"parts"`
	// Cost and MaxCost are those of all parts, in aash.
	Cost    string `json:"cost"`
	MaxCost string `json:"max_cost"`
}

func feeEstimate(cmd *cobra.Command, file string) error {
	asJSON, err := wantsJSON(cmd)
	if err != nil {
		return err
	}
	ask, err := askOf(cmd)
	if err != nil {
		return err
	}
	data, err := readInput(cmd, file)
	if err != nil {
		return err
	}
	if len(data) == 0 {
		return fmt.Errorf("%s: it is empty; post at least one byte", file)
	}
	c, err := newClient(cmd.Context(), cmd, nil)
	if err != nil {
		return err
	}
	all, err := estimateParts(cmd.Context(), c, *ask, client.Split(da.Blob{Encoding: ask.Encoding, Data: data}))
	if err != nil {
		return err
	}
	if asJSON {
		return writeJSON(cmd.OutOrStdout(), all)
	}
	return printEstimate(cmd, all, len(data))
}

// askOf reads the flags.
func askOf(cmd *cobra.Command) (*client.FeeAsk, error) {
	blocks, err := countFlag(cmd, blocksFlag, 1, blobfee.MaxBlocks)
	if err != nil {
		return nil, err
	}
	name, _ := cmd.Flags().GetString("encoding")
	encoding, err := da.ParseEncoding(name)
	if err != nil {
		return nil, fmt.Errorf("--encoding: %w", err)
	}
	probability, _ := cmd.Flags().GetFloat64(probabilityFlag)
	if err := (blobfee.Ask{Blocks: blocks, Probability: probability}).Validate(); err != nil {
		return nil, fmt.Errorf("--%s: %w", probabilityFlag, err)
	}
	return &client.FeeAsk{Encoding: encoding, Blocks: blocks, Probability: probability}, nil
}

// estimateParts asks once for each size.
func estimateParts(ctx context.Context, c *client.Client, ask client.FeeAsk, parts []da.Blob) (*estimated, error) {
	known := make(map[int]*client.FeeEstimate)
	all := &estimated{}
	cost, most := new(big.Int), new(big.Int)
	for i := range parts {
		ask.Bytes = len(parts[i].Data)
		if known[ask.Bytes] == nil {
			estimate, err := c.FeeEstimate(ctx, ask)
			if err != nil {
				return nil, err
			}
			known[ask.Bytes] = estimate
		}
		estimate := known[ask.Bytes]
		for _, sum := range []struct {
			total *big.Int
			text  string
		}{{cost, estimate.Cost}, {most, estimate.MaxCost}} {
			amount, err := parseAmount(sum.text)
			if err != nil {
				return nil, err
			}
			sum.total.Add(sum.total, amount)
		}
		all.Parts = append(all.Parts, estimate)
	}
	all.Cost, all.MaxCost = cost.String(), most.String()
	return all, nil
}

func printEstimate(cmd *cobra.Command, all *estimated, size int) error {
	first := all.Parts[0]
	var rows, cells, gas, execution uint64
	for _, part := range all.Parts {
		rows, cells, gas, execution = rows+uint64(part.Rows), cells+uint64(part.Cells), gas+part.BlobGas, execution+part.Gas
	}
	cost, err := parseAmount(all.Cost)
	if err != nil {
		return err
	}
	most, err := parseAmount(all.MaxCost)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	for _, line := range [][2]string{
		{"size", fmt.Sprintf("%d bytes: %s", size, takes(cells, rows, len(all.Parts)))},
		{"gas", fmt.Sprintf("%d blob gas, %d execution gas", gas, execution)},
		{"base fee", fmt.Sprintf("%s aash per blob gas in the next block, %d", first.BaseFee, first.First-1)},
		{"fee cap", first.FeeCap + " aash per blob gas"},
		{"tip cap", first.TipCap + " aash per blob gas"},
		{"gets in", chance(first)},
		{"costs", inASH(cost) + " ASH at the next block's base fee"},
		{"at most", inASH(most) + " ASH, which must be held"},
		{"this node", calibrated(first.Calibration)},
	} {
		if _, err := fmt.Fprintf(w, "%s\t%s\n", line[0], line[1]); err != nil {
			return err
		}
	}
	return w.Flush()
}

// takes says what blobs take of blocks.
func takes(cells, rows uint64, parts int) string {
	text := fmt.Sprintf("%d cells of a shared row", cells)
	if cells == 1 {
		text = "1 cell of a shared row"
	}
	if rows > 0 {
		text = fmt.Sprintf("%d cells", cells)
		if rows == 1 {
			text += " in a row of its own"
		} else {
			text += fmt.Sprintf(" in %d rows of its own", rows)
		}
	}
	if parts > 1 {
		text += fmt.Sprintf(", in %d transactions", parts)
	}
	return text
}

// chance says where and how surely the offer gets in.
func chance(e *client.FeeEstimate) string {
	text := fmt.Sprintf("by height %d", e.Last)
	if e.Stretches == 0 {
		return text + ", if blocks are full: too few have been seen to tell a probability"
	}
	return fmt.Sprintf("%s with %.4g %% asked for; %.3g %% expected, as %d past stretches tell", text, 100*e.Probability, 100*e.Expected, e.Stretches)
}

func calibrated(c client.FeeCalibration) string {
	if c.Trials == 0 {
		return "has graded no estimate of its own yet"
	}
	return fmt.Sprintf("graded %d estimates for %.4g %%: %.3g %% were expected to get in, %.3g %% did", c.Trials, 100*c.Stated, 100*c.Expected, 100*c.Observed)
}
