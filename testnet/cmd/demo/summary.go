package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ashlar-da/ashlar/testnet"
)

const introduction = `
Ashlar, the whole path on real processes: files are posted to a chain and read back;
light nodes sample every block and catch a node that withholds; killed processes resume.
`

// summary is what a reader takes away.
func summary(r *testnet.Report, report, logs string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s\n\n", verdict(r))
	for _, row := range [][2]string{
		{"posted", fmt.Sprintf("%d blobs, %s, %d namespaces; %d read back from another node", r.BlobsPosted, testnet.Mebibytes(r.BytesPosted), r.Namespaces, r.BlobsReadBack)},
		{"chain", fmt.Sprintf("%d heights, a block in %.1f s (median; %.1f s with data, %.1f s at most)", r.Heights, r.BlockTimes.Median, r.BlockTimes.WithData, r.BlockTimes.Max)},
		{"largest block", fmt.Sprintf("height %d, %d rows, %s", r.LargestBlock.Height, r.LargestBlock.Rows, testnet.Mebibytes(r.LargestBlock.SquareBytes()))},
		{"light nodes", fmt.Sprintf("%d, %d cells sampled, confidence ≥ %.5f", r.LightNodes, r.CellsSampled, r.MinConfidence)},
		{"withholding", detected(r.WithholdingDetected)},
		{"after SIGKILL", recovered(r.RecoveredAfterKill)},
		{"peak memory", memory(r.PeakMemory)},
		{"machine", fmt.Sprintf("%d cores, %s, %s", r.Machine.Cores, r.Machine.CPU, r.Machine.Go)},
		{"report", testnet.Relative(report)},
		{"logs", testnet.Relative(logs)},
	} {
		fmt.Fprintf(&b, "  %-14s %s\n", row[0], row[1])
	}
	return b.String() + "\n"
}

// verdict is the first line of the summary.
func verdict(r *testnet.Report) string {
	if r.Passed {
		return fmt.Sprintf("Passed: all %d expectations met in %.0f s.", len(r.Expectations), r.Seconds)
	}
	return fmt.Sprintf("FAILED after %.0f s: %s", r.Seconds, r.Failed)
}

func detected(yes bool) string {
	if yes {
		return "detected"
	}
	return "NOT detected"
}

func recovered(yes bool) string {
	if yes {
		return "a validator and the light nodes resumed, nothing lost"
	}
	return "NOT recovered"
}

// memory lists the peak memory of each process, in MiB, four to a line.
func memory(peaks map[string]uint64) string {
	var b strings.Builder
	for i, name := range slices.Sorted(maps.Keys(peaks)) {
		switch {
		case i > 0 && i%4 == 0:
			b.WriteString(",\n" + strings.Repeat(" ", 17))
		case i > 0:
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s %d", name, peaks[name]>>20)
	}
	return b.String() + " MiB"
}
