// Command attest plays what validators attest on a chain of four real ones and a node that is none: a
// certificate for each height, how long that takes, and what becomes of it without some of them. It
// exits with 1 if any expectation was not met.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/ashlar-da/ashlar/testnet"
)

const (
	chainID   = "ashlar-attest"
	firstPort = 27600
	// startLimit bounds the wait for a height.
	startLimit = 10 * time.Minute
	// epochBlocks is how many blocks an epoch of the network has.
	epochBlocks = 20
)

func main() {
	bin := flag.String("bin", "build", "folder of the binary ashlar")
	out := flag.String("out", "build/attest", "folder for the logs and the network's files")
	blocks := flag.Uint64("blocks", 100, "how many blocks to measure")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *bin, *out, max(*blocks, epochBlocks+2)); err != nil {
		fmt.Fprintln(os.Stderr, "attest:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, bin, out string, blocks uint64) error {
	s := testnet.Scenario{Progress: testnet.NewProgress(os.Stdout, time.Now), Report: &testnet.Report{ChainID: chainID}}
	s.Progress.Phase("Start a chain of 4 validators and 1 further full node")
	network, ctx, err := testnet.New(ctx, testnet.Standard(out, bin, chainID, firstPort))
	if network != nil {
		defer network.Remove()
	}
	if err != nil {
		return err
	}
	s.Network = network
	if err := network.StartFullNodes(ctx, startLimit, 2); err != nil {
		return err
	}
	for _, phase := range []struct {
		name string
		play func(context.Context) error
	}{
		{"Attest every height", func(ctx context.Context) error { return measure(ctx, &s, blocks) }},
		{"Follow the sets", func(ctx context.Context) error { return s.FollowedSets(ctx, (blocks-1)/epochBlocks) }},
		{"Kill a validator", func(ctx context.Context) error { return s.KillAttester(ctx, 3) }},
		{"Take two keys away", s.WithoutKeys},
	} {
		if err := s.Phase(ctx, phase.name, phase.play); err != nil {
			return err
		}
	}
	return nil
}

// measure waits for blocks and tells how long certificates took, beside how long blocks did.
func measure(ctx context.Context, s *testnet.Scenario, height uint64) error {
	s.Progress.Note("waiting for height %d", height)
	if err := s.Network.FullNodes[0].WaitHeight(ctx, startLimit, height); err != nil {
		return err
	}
	if err := s.Attested(ctx, height); err != nil {
		return err
	}
	blocks, err := s.Network.FullNodes[0].Blocks(ctx, height)
	if err != nil {
		return err
	}
	times := testnet.MeasureBlockTimes(blocks[1:]) // the first block has the time of the genesis
	s.Progress.Say("a block takes %.2f s (median), %.2f s (p90)", times.Median, times.P90)
	for _, node := range s.Network.FullNodes {
		d, err := node.CertificateDelays(ctx)
		if err != nil {
			return err
		}
		s.Progress.Say("%-11s  commit to certificate: p50 %.3f s, p90 %.3f s, p99 %.3f s, of %d heights", node.Name, d.P50, d.P90, d.P99, d.Count)
	}
	return nil
}
