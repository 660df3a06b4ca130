// Command swarm prints how many light nodes it takes to rebuild a block from what they
// sampled, beside two theories.
package main

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/ashlar-da/ashlar/sampling"
	"github.com/ashlar-da/ashlar/testnet/swarm"
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
	flag.Parse()
	fmt.Printf("| k | cells | light nodes, median of %d | least–most | their distinct cells | random peeling | worst case |\n|---|---|---|---|---|---|---|\n", *trials)
	for text := range strings.SplitSeq(*rows, ",") {
		k, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("-k %s: want numbers such as 8,16,33", *rows)
		}
		n, err := swarm.Measure(k, *samples, *trials, *seed)
		if err != nil {
			return err
		}
		fmt.Printf("| %d | %d | %d | %d–%d | %d | %.0f | %.0f |\n", k, 256*k, n.Median, n.Least, n.Most, n.Cells, n.Peeling, n.WorstCase)
	}
	return nil
}
