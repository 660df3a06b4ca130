// Command validium tells the story of a small validium that lives on Ashlar's certificates, on a network of real processes and a simulated
// Ethereum: its operator publishes batches and checkpoints, vanishes for longer than the network keeps data, and a user takes out what is
// hers with nothing but Ashlar and Ethereum to ask. Then another operator withholds, and cannot move the root. It exits with 1 unless every
// step held.
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

	"github.com/consensys/gnark/logger"

	"github.com/ashlar-da/ashlar/examples/validium/ledger"
	"github.com/ashlar-da/ashlar/testnet"
)

const introduction = `
A validium keeps its data off Ethereum. This one publishes it on Ashlar, and its contract moves the state root only if a batch's
validity is proven (Groth16, the circuit also evaluates the blob) and more than two thirds of Ashlar's stake attested the very blob.

The proving keys are of a DEVELOPMENT SETUP, drawn by one process on this machine, which could keep what it drew and prove
anything. What is worth money needs a ceremony.
`

// shape is what the circuits are made for: 1024 accounts, checkpoints in slices of 64.
var shape = ledger.Shape{Depth: 10, SliceDepth: 6, Deposits: 4, Transfers: 8}

func main() {
	bin := flag.String("bin", "../../build", "folder of the binaries ashlar and ashlar-light")
	out := flag.String("out", "../../build/validium", "folder for keys, report, logs and the network's files")
	retention := flag.Duration("retention", 3*time.Minute, "how long the network keeps data")
	flag.Parse()
	logger.Disable() // gnark's
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *bin, *out, *retention); err != nil {
		what, _, _ := strings.Cut(err.Error(), "\n")
		fmt.Fprintln(os.Stderr, "validium:", what)
		os.Exit(1)
	}
}

// run tells the story, and reports it whatever became of it.
func run(ctx context.Context, bin, out string, retention time.Duration) error {
	s := &story{
		Scenario: testnet.Scenario{
			Progress: testnet.NewProgress(os.Stdout, time.Now),
			Report:   &testnet.Report{ChainID: chainID, Machine: testnet.ThisMachine()},
		},
		retention: retention,
	}
	s.Progress.Print(introduction)
	told := s.tell(ctx, bin, out)
	s.Report.Passed = told == nil
	path := filepath.Join(out, "report.json")
	written := s.Report.Write(path)
	if told == nil {
		s.Progress.Print(fmt.Sprintf("\nEvery step held, %d expectations in all. %s has them.\n", len(s.Report.Expectations), testnet.Relative(path)))
	}
	return errors.Join(told, written)
}
