package main

import (
	"context"

	"github.com/ashlar-da/ashlar/client"
)

// graded are estimates of fees that a node made, after every block for blobs of several sizes, and what came of them.
type graded struct {
	// Stated is the probability they were made for, and Expected the mean of what they expected.
	Stated   float64 `json:"stated"`
	Expected float64 `json:"expected"`
	// Observed is the share of the Trials that would have got in.
	Observed float64 `json:"observed"`
	Trials   int     `json:"trials"`
}

// estimates asks a node how its estimates have fared so far.
func (r *run) estimates(ctx context.Context) (graded, error) {
	c, err := client.New(ctx, client.Config{URL: r.reader(0).Base})
	if err != nil {
		return graded{}, err
	}
	estimate, err := c.FeeEstimate(ctx, client.FeeAsk{Bytes: 1, Blocks: 5})
	if err != nil {
		return graded{}, err
	}
	return graded(estimate.Calibration), c.Close()
}

// until leaves those that were graded between two moments, of which g is the earlier.
func (g graded) until(later graded) graded {
	n := later.Trials - g.Trials
	if n <= 0 {
		return graded{Stated: later.Stated}
	}
	share := func(before, after float64) float64 {
		return (after*float64(later.Trials) - before*float64(g.Trials)) / float64(n)
	}
	return graded{later.Stated, share(g.Expected, later.Expected), share(g.Observed, later.Observed), n}
}
