// Command attesters plays what becomes of validators that go down, join, leave, stop attesting and attest what is false, on a
// chain of four real ones and a node that becomes one. It exits with 1 if any expectation was not met.
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
	chainID   = "ashlar-attesters"
	firstPort = 27700
	// startLimit bounds the wait for the first blocks.
	startLimit = 5 * time.Minute
)

func main() {
	bin := flag.String("bin", "build", "folder of the binary ashlar")
	out := flag.String("out", "build/attesters", "folder for the logs and the network's files")
	link := flag.Bool("link", false, "have a long, lossy path between any two nodes: 150 ms, and 2 % of all packets lost")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	config := testnet.Attesters(*out, *bin, chainID, firstPort)
	if *link {
		path := testnet.LongLink(150*time.Millisecond, 0.02)
		config.Link = &path
	}
	if err := run(ctx, config); err != nil {
		fmt.Fprintln(os.Stderr, "attesters:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, config testnet.Config) error {
	s := testnet.Scenario{Progress: testnet.NewProgress(os.Stdout, time.Now), Report: &testnet.Report{ChainID: chainID}}
	s.Progress.Phase("Start a chain of 4 validators and 1 further full node")
	network, ctx, err := testnet.New(ctx, config)
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
	nodes := network.FullNodes
	for _, phase := range []struct {
		name string
		play func(context.Context) error
	}{
		{"Take two validators down", s.TwoDown},
		{"One joins, one leaves", func(ctx context.Context) error { _, err := s.ChangeSet(ctx); return err }},
		{"One stops attesting", func(ctx context.Context) error { return s.StopAttesting(ctx, nodes[2]) }},
		{"One attests what is false", func(ctx context.Context) error { return s.Perjury(ctx, nodes[1]) }},
	} {
		if err := s.Phase(ctx, phase.name, phase.play); err != nil {
			return err
		}
	}
	return nil
}
