// Command run starts the network of the demo and leaves it running until Ctrl-C.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/ashlar-da/ashlar/testnet"
)

const (
	chainID = "ashlar-local"
	// firstPort is where the search for free ports begins, so that they are the same
	// ones whenever they are free.
	firstPort = 26600
	// restartPause is long enough to see the others go on without a process that was killed.
	restartPause = 10 * time.Second
)

func main() {
	bin := flag.String("bin", "build", "folder of the binaries ashlar and ashlar-light")
	out := flag.String("out", "build/run", "folder for the logs and the network's files")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *bin, *out); err != nil {
		fmt.Fprintln(os.Stderr, "run:", err)
		os.Exit(1)
	}
}

// run runs the network until the context ends, or a process does before all have started.
func run(interrupted context.Context, bin, out string) error {
	s := testnet.Scenario{Progress: testnet.NewProgress(os.Stdout, time.Now), Report: &testnet.Report{}}
	s.Progress.Phase("Start a chain of 4 validators, 1 further full node and 3 light nodes")
	network, ctx, err := testnet.New(interrupted, testnet.Standard(out, bin, chainID, firstPort))
	if network != nil {
		defer network.Remove()
	}
	if err != nil {
		return unlessInterrupted(interrupted, err)
	}
	s.Network = network
	lights, err := s.Start(ctx)
	if err != nil {
		return unlessInterrupted(interrupted, err)
	}
	s.Progress.Print(guide(bin, network.FullNodes[len(network.FullNodes)-1], lights[0], network.Logs()))
	s.KeepRunning(ctx, restartPause)
	s.Progress.Print("\nStopping every process.\n")
	return unlessInterrupted(interrupted, context.Cause(ctx))
}

// unlessInterrupted returns an error unless it comes from the user's Ctrl-C.
func unlessInterrupted(interrupted context.Context, err error) error {
	if interrupted.Err() != nil && !errors.Is(err, testnet.ErrExited) {
		return nil
	}
	return err
}

// guide says where everything is and what to try.
func guide(bin string, node *testnet.FullNode, light *testnet.LightNode, logs string) string {
	ashlar, home := testnet.Relative(filepath.Join(bin, "ashlar")), testnet.Relative(node.Home)
	namespace := testnet.Namespace("hello")
	return strings.Join([]string{
		"",
		"The network is up until Ctrl-C. Logs are in " + testnet.Relative(logs) + ".",
		"",
		"A funded key, named operator in the keyring of " + home + ":",
		"  address   " + node.Address,
		"  mnemonic  " + node.Mnemonic,
		"",
		"Try, in another terminal in this folder:",
		fmt.Sprintf("  echo hello | %s blob submit - --namespace %s --node %s --from operator --keyring-backend test --home %s", ashlar, namespace, node.Base, home),
		fmt.Sprintf("  %s blob list --namespace %s --node %s", ashlar, namespace, node.Base),
		fmt.Sprintf("  curl -s %s/v1/status", light.Base),
		fmt.Sprintf("  kill -9 PROCESS, of any above: the others go on, and after %s it is started again and catches up", restartPause),
		"",
	}, "\n")
}
