// Command load puts a network of real processes under load: one submitter at half of what
// the chain holds, then many at twice that, while a node is killed and started again. It
// writes report.json and report.svg, and exits with 1 if any bound was not kept. With -sweep
// it looks for the most that the network bears instead.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/ashlar-da/ashlar/testnet"
)

// settings is what a run is made of.
type settings struct {
	bin, out string
	// validators, fullNodes and lightNodes count the processes.
	validators, fullNodes, lightNodes int
	// rows bounds a square; blockTime is what the chain is governed to take for a block, and
	// commitTimeout what validators wait after each.
	rows                     int
	blockTime, commitTimeout time.Duration
	// The phases, and how long a submitter waits for each blob.
	warm, half, twice, patience time.Duration
	seed                        uint64
	link                        *testnet.Link
	sweep                       sweepSettings
}

func main() {
	s, sweep := parse(os.Args[1:])
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	run := runLoad
	if sweep {
		run = runSweep
	}
	err := run(ctx, s)
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, "load: interrupted; every process has been stopped")
		os.Exit(130)
	case err != nil:
		what, _, _ := strings.Cut(err.Error(), "\n") // the summary has shown the rest
		fmt.Fprintln(os.Stderr, "load:", what)
		os.Exit(1)
	}
}

// parse reads the command line; it exits where that makes no sense.
func parse(args []string) (s settings, sweep bool) {
	flags := flag.NewFlagSet("load", flag.ExitOnError)
	flags.StringVar(&s.bin, "bin", "build", "folder of the binaries ashlar and ashlar-light")
	flags.StringVar(&s.out, "out", "build/load", "folder for the report, the logs and the network's files")
	flags.IntVar(&s.validators, "validators", 4, "how many validators; one of them is killed, which three do not survive")
	flags.IntVar(&s.fullNodes, "full", 0, "how many further full nodes")
	flags.IntVar(&s.lightNodes, "light", 1, "how many light nodes")
	flags.IntVar(&s.rows, "rows", 34, "rows that a square holds")
	flags.DurationVar(&s.blockTime, "block-time", 4*time.Second, "governed time from block to block")
	flags.DurationVar(&s.commitTimeout, "commit-timeout", 3200*time.Millisecond, "how long validators wait after a block")
	flags.DurationVar(&s.warm, "warm", 20*time.Second, "how long the time from block to block is measured first")
	flags.DurationVar(&s.half, "half", 10*time.Minute, "how long half of capacity is offered")
	flags.DurationVar(&s.twice, "twice", 5*time.Minute, "how long twice the capacity is offered")
	flags.DurationVar(&s.patience, "patience", time.Minute, "how long a submitter waits for a blob")
	flags.Uint64Var(&s.seed, "seed", 1, "decides every blob")
	quick := flags.Bool("quick", false, "a look: a minute at half of capacity, 45 s at twice")
	flags.BoolVar(&sweep, "sweep", false, "raise the load until a bound breaks, instead")
	link := flags.Bool("link", false, "have a long, lossy path between any two nodes")
	delay := flags.Duration("delay", 150*time.Millisecond, "of that path, one way")
	loss := flags.Float64("loss", 0.02, "of that path, for each packet")
	s.sweep.flags(flags)
	_ = flags.Parse(args) // exits by itself
	if *quick {
		s.warm, s.half, s.twice, s.patience = 12*time.Second, 50*time.Second, 45*time.Second, 25*time.Second
	}
	if *link {
		long := testnet.LongLink(*delay, *loss)
		s.link = &long
	}
	if err := s.check(); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(2)
	}
	return s, sweep
}

func (s *settings) check() error {
	switch {
	case s.validators < 2:
		return errors.New("-validators: at least two, since blobs are read from another node than the one posted to")
	case s.rows < 20:
		return errors.New("-rows: at least 20, since blobs of 16 rows are no use below that")
	}
	return nil
}
