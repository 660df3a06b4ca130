package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ashlar-da/ashlar/testnet"
)

const introduction = `
Ashlar under load: blobs cut from rows that were proven beforehand, submitted at half of what
the chain holds and at twice that, while a validator is killed; every block's price is
computed again, and every blob is read back from a node that did not receive it.
`

// summary is what a reader takes away.
func summary(r *report, path, plot string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s\n\n", verdict(r))
	for _, row := range [][2]string{
		{"headline", r.Headline},
		{"capacity", fmt.Sprintf("%d rows in %.2f s: %.2f MB of square a second", r.Capacity.Rows, r.Capacity.BlockSeconds, r.Capacity.SquareMBPerSecond)},
		{"blobs", fmt.Sprintf("%d submitted, %d final, %d read back%s", r.Submitted, r.Final, r.ReadBack, causes(r.Summary.Failed))},
		{"base fee", fmt.Sprintf("up to %.1f× the reserve price at half of capacity, %.1f× at twice; %d of %d blocks differ from the formula", r.BaseFees.AtHalf, r.BaseFees.AtTwice, r.BaseFees.Differing, len(r.Blocks))},
		{"waste", fmt.Sprintf("%.1f %% of the squares at twice the capacity", 100*r.PackingWaste)},
		{"report", testnet.Relative(path)},
		{"plot", testnet.Relative(plot)},
	} {
		fmt.Fprintf(&b, "  %-10s %s\n", row[0], row[1])
	}
	for _, p := range r.Phases {
		fmt.Fprintf(&b, "  %-20s offered %.2f MB/s, in blocks %.2f; a block in %.2f s (99 %%: %.2f), %.0f rows; final in %.1f s (99 %%: %.1f), %g blocks (99 %%: %g)\n",
			p.Name, p.OfferedMB, p.Chain.MBPerSecond, p.Chain.Interval.P50, p.Chain.Interval.P99, p.Chain.Rows.P50,
			p.All.Seconds.P50, p.All.Seconds.P99, p.All.Blocks.P50, p.All.Blocks.P99)
		fmt.Fprintf(&b, "  %-20s %s; a full node has taken %.2f GB at most\n", "", cores(p.CPU), float64(p.Memory)/1e9)
		fmt.Fprintf(&b, "  %-20s fee estimates for %.0f %%: %.1f %% of %d would have got in\n", "", 100*p.Estimates.Stated, 100*p.Estimates.Observed, p.Estimates.Trials)
	}
	return b.String() + "\n"
}

// verdict is the first line of the summary.
func verdict(r *report) string {
	if r.Passed {
		return fmt.Sprintf("Passed: all %d bounds kept in %.0f s.", len(r.Expectations), r.Seconds)
	}
	return fmt.Sprintf("FAILED after %.0f s:\n  %s", r.Seconds, strings.Join(r.Failed, "\n  "))
}

// cores lists how many processors each process used.
func cores(cpu map[string]float64) string {
	var words []string
	total := 0.0
	for _, name := range slices.Sorted(maps.Keys(cpu)) {
		words = append(words, fmt.Sprintf("%s %.2f", name, cpu[name]))
		total += cpu[name]
	}
	return fmt.Sprintf("cores used: %.2f (%s)", total, strings.Join(words, ", "))
}
