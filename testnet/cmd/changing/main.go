// Command changing runs a chain of four validators and a node, in which one validator is replaced when its standard input says
// so: for tests of what follows sets. It writes JSON, a line each: where the node's API is, and then the first epoch of the new set. It
// ends with its standard input.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/ashlar-da/ashlar/testnet"
)

const (
	firstPort  = 27800
	startLimit = 5 * time.Minute
)

func main() {
	bin := flag.String("bin", "build", "folder of the binary ashlar")
	out := flag.String("out", "build/changing", "folder for the logs and the network's files")
	chainID := flag.String("chain-id", "ashlar-changing", "name of the chain")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, testnet.Attesters(*out, *bin, *chainID, firstPort)); err != nil {
		fmt.Fprintln(os.Stderr, "changing:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, config testnet.Config) error {
	s := testnet.Scenario{Progress: testnet.NewProgress(os.Stderr, time.Now), Report: &testnet.Report{ChainID: config.ChainID}}
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
	told := json.NewEncoder(os.Stdout)
	if err := told.Encode(map[string]string{"api": network.FullNodes[0].Base}); err != nil {
		return err
	}
	lines := make(chan error)
	go func() { // ends with the process
		in := bufio.NewReader(os.Stdin)
		for {
			_, err := in.ReadString('\n')
			lines <- err
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case err := <-lines:
			if errors.Is(err, io.EOF) {
				return nil
			}
			epoch, err := s.ChangeSet(ctx)
			if err != nil {
				return err
			}
			if err := told.Encode(map[string]uint64{"epoch": epoch}); err != nil {
				return err
			}
		}
	}
}
