package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ashlar-da/ashlar/client"
)

const (
	// maxHistory is what a node remembers, historyPage what it answers at once.
	maxHistory, historyPage = 20_000, 2000
	// plotColumns and labelColumns make 80 together.
	plotColumns, labelColumns = 68, 12
)

func feeHistoryCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "history",
		Short: "Plot what blocks charged",
		Long: "history asks a node what past blocks charged, how full they were and what they were tipped, and plots it in 80\n" +
			"columns. Where there are more blocks than columns, each column is the mean of some.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return feeHistory(cmd) },
	}
	addAPIFlags(cmd)
	cmd.Flags().Int(blocksFlag, 120, "how many blocks, the newest")
	addFormatFlags(cmd)
	return cmd
}

func feeHistory(cmd *cobra.Command) error {
	asJSON, err := wantsJSON(cmd)
	if err != nil {
		return err
	}
	blocks, err := countFlag(cmd, blocksFlag, 1, maxHistory)
	if err != nil {
		return err
	}
	c, err := newClient(cmd.Context(), cmd, nil)
	if err != nil {
		return err
	}
	history, err := pages(cmd.Context(), c, blocks)
	if err != nil {
		return err
	}
	if asJSON {
		return writeJSON(cmd.OutOrStdout(), history)
	}
	return plotHistory(cmd.OutOrStdout(), history.Blocks)
}

// pages asks for as many blocks as there are, page by page.
func pages(ctx context.Context, c *client.Client, blocks int) (*client.FeeHistory, error) {
	all := &client.FeeHistory{More: true}
	for before := uint64(0); all.More && len(all.Blocks) < blocks; before = all.Blocks[0].Height {
		page, err := c.FeeHistory(ctx, before, min(blocks-len(all.Blocks), historyPage))
		if err != nil {
			return nil, err
		}
		if len(page.Blocks) == 0 {
			break
		}
		all.Blocks, all.More = append(page.Blocks, all.Blocks...), page.More
	}
	return all, nil
}

func plotHistory(w io.Writer, blocks []client.FeeBlock) error {
	if len(blocks) == 0 {
		return fmt.Errorf("the node remembers no blocks yet: ask again after the next one")
	}
	prices, uses, tips := make([]float64, len(blocks)), make([]float64, len(blocks)), make([]float64, len(blocks))
	for i := range blocks {
		b := &blocks[i]
		var err error
		if prices[i], err = amountOf(b.BaseFee); err != nil {
			return err
		}
		if b.Tips != nil {
			if tips[i], err = amountOf(b.Tips.Median); err != nil {
				return err
			}
		}
		uses[i] = 100 * float64(b.BlobGas) / math.Max(float64(b.MaxBlobGas), 1)
	}
	var out strings.Builder
	panel(&out, "base fee, 10⁻⁹ ASH per blob gas", 8, prices, inNano, math.NaN(), math.NaN())
	panel(&out, "use of a block, target 50 %", 4, uses, func(v float64) string { return fmt.Sprintf("%.0f %%", v) }, 0, 100)
	panel(&out, "median tip, 10⁻⁹ ASH per blob gas", 3, tips, inNano, 0, math.NaN())
	footer(&out, blocks, prices, uses)
	_, err := io.WriteString(w, out.String())
	return err
}

func amountOf(text string) (float64, error) {
	amount, err := parseAmount(text)
	if err != nil {
		return 0, err
	}
	value, _ := amount.Float64()
	return value, nil
}

// panel draws values as bars of eighths of a line. Where low or high is not a number, the
// values' own end takes its place.
func panel(out *strings.Builder, title string, lines int, values []float64, label func(float64) string, low, high float64) {
	columns := binned(values, plotColumns)
	least, most := columns[0], columns[0]
	for _, v := range columns {
		least, most = min(least, v), max(most, v)
	}
	if math.IsNaN(low) {
		low = least
	}
	if math.IsNaN(high) {
		high = most
	}
	fmt.Fprintf(out, "%s\n", title)
	for line := lines - 1; line >= 0; line-- {
		mark := ""
		switch line {
		case lines - 1:
			mark = label(high)
		case 0:
			mark = label(low)
		}
		fmt.Fprintf(out, "%*s ┤%s\n", labelColumns-2, mark, bars(columns, low, high, line, lines))
	}
	out.WriteByte('\n')
}

// bars draws one line of a panel. What is not nothing is seen, however little it is.
func bars(columns []float64, low, high float64, line, lines int) string {
	const eighths = " ▁▂▃▄▅▆▇█"
	levels := []rune(eighths)
	var text strings.Builder
	for _, v := range columns {
		filled := 0.0
		if high > low {
			filled = math.Round(8 * float64(lines) * (v - low) / (high - low))
		}
		if v > 0 {
			filled = max(filled, 1)
		}
		text.WriteRune(levels[int(min(max(filled-float64(8*line), 0), 8))])
	}
	return strings.TrimRight(text.String(), " ")
}

// binned averages values into at most so many columns.
func binned(values []float64, columns int) []float64 {
	if len(values) <= columns {
		return values
	}
	bins := make([]float64, columns)
	for i := range bins {
		from, to := i*len(values)/columns, (i+1)*len(values)/columns
		for _, v := range values[from:to] {
			bins[i] += v / float64(to-from)
		}
	}
	return bins
}

// footer says what the columns are, and sums up.
func footer(out *strings.Builder, blocks []client.FeeBlock, prices, uses []float64) {
	first, last := &blocks[0], &blocks[len(blocks)-1]
	least, most, use := prices[0], prices[0], 0.0
	for i := range prices {
		least, most, use = min(least, prices[i]), max(most, prices[i]), use+uses[i]/float64(len(uses))
	}
	width := min(len(blocks), plotColumns)
	left, right := fmt.Sprintf("height %d", first.Height), fmt.Sprintf("%d", last.Height)
	fmt.Fprintf(out, "%*s %s%*s\n", labelColumns-1, "", left, max(width-len(left), len(right)+1), right)
	fmt.Fprintf(out, "%d blocks in %s; base fee %s to %s, last %s; mean use %.1f %%\n", len(blocks),
		last.Time.Sub(first.Time).Round(time.Second), inNano(least), inNano(most), inNano(prices[len(prices)-1]), use)
}
