// Command rollup tells the story of examples/rollup by processes: a chain, a sequencer, a follower that is there from the
// beginning, a stranger who posts garbage, a sequencer that is killed, and a follower that joins late. It exits with 1
// unless every step held.
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

const introduction = `
A rollup of less than 400 lines: its sequencer posts batches, its followers derive the state from what their own light
nodes find. All of it is in examples/rollup.
`

func main() {
	bin := flag.String("bin", "build", "folder of the binaries ashlar and rollup")
	out := flag.String("out", "build/rollup-story", "folder for the report, the logs and the files of all processes")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *bin, *out); err != nil {
		what, _, _ := strings.Cut(err.Error(), "\n")
		fmt.Fprintln(os.Stderr, "rollup:", what)
		os.Exit(1)
	}
}

// run tells the story, and reports it whatever became of it.
func run(ctx context.Context, bin, out string) error {
	s := &story{
		Scenario: testnet.Scenario{
			Progress: testnet.NewProgress(os.Stdout, time.Now),
			Report:   &testnet.Report{ChainID: chainID, Machine: testnet.ThisMachine()},
		},
		bin: bin, out: out,
	}
	s.Progress.Print(introduction)
	told := s.tell(ctx)
	s.Report.Passed = told == nil
	path := filepath.Join(out, "report.json")
	written := s.Report.Write(path)
	if told == nil {
		s.Progress.Print(fmt.Sprintf("\nEvery step held, %d expectations in all. %s has them.\n", len(s.Report.Expectations), testnet.Relative(path)))
	}
	return errors.Join(told, written)
}
