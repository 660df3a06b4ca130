// Command swarm prints how many light nodes it takes to rebuild a block from what they
// sampled, beside two theories, and for how long their cells reach back.
package main

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/ashlar-da/ashlar/lightnode"
	"github.com/ashlar-da/ashlar/sampling"
	"github.com/ashlar-da/ashlar/testnet/swarm"
)

const (
	blockSeconds = 6
	transactions = 64 // of a block: how long the path to the DA header is
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	rows := flag.String("k", "8,16,33,64", "rows of the squares, separated by commas")
	samples := flag.Int("samples", sampling.DefaultSamples, "cells that each light node samples")
	trials := flag.Int("trials", 200, "how often light nodes are drawn for each square")
	seed := flag.Uint64("seed", 1, "what the draws follow from")
	cache := flag.Int64("cell-cache", lightnode.DefaultCellCache, "bytes that a light node keeps cells in")
	flag.Parse()
	fmt.Printf("| k | cells | light nodes, median of %d | least–most | their distinct cells | random peeling | worst case | heights in %d MiB | hours, at 6 s |\n|---|---|---|---|---|---|---|---|---|\n", *trials, *cache>>20)
	for text := range strings.SplitSeq(*rows, ",") {
		k, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("-k %s: want numbers such as 8,16,33", *rows)
		}
		n, err := swarm.Measure(k, *samples, *trials, *seed)
		if err != nil {
			return err
		}
		heights, err := lightnode.CachedHeights(*cache, k, transactions, *samples)
		if err != nil {
			return err
		}
		hours := float64(heights) * blockSeconds / 3600
		fmt.Printf("| %d | %d | %d | %d–%d | %d | %.0f | %.0f | %d | %.1f |\n", k, 256*k, n.Median, n.Least, n.Most, n.Cells, n.Peeling, n.WorstCase, heights, hours)
	}
	return nil
}
