// Command demo plays the whole path on a network of real processes: files are posted to a
// chain of four validators and read back from other nodes, light nodes find every block
// available, one of them catches a full node that withholds, and killed processes come
// back. It writes report.json, and exits with 1 if any expectation was not met.
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

func main() {
	bin := flag.String("bin", "build", "folder of the binaries ashlar and ashlar-light")
	out := flag.String("out", "build/demo", "folder for the report, the logs and the network's files")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, *bin, *out)
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, "demo: interrupted; every process has been stopped")
		os.Exit(130)
	case err != nil:
		what, _, _ := strings.Cut(err.Error(), "\n") // the summary has shown the rest
		fmt.Fprintln(os.Stderr, "demo:", what)
		os.Exit(1)
	}
}

// run plays the demo, and reports it whatever became of it.
func run(ctx context.Context, bin, out string) error {
	fmt.Println("Building the full node that withholds; it is not among the binaries that are shipped.")
	hostile, err := buildHostile(ctx, out)
	if err != nil {
		return err
	}
	d := &demo{
		Scenario: testnet.Scenario{
			Progress: testnet.NewProgress(os.Stdout, time.Now),
			Report:   &testnet.Report{ChainID: chainID, Machine: testnet.ThisMachine()},
		},
		hostile: hostile,
	}
	d.Progress.Print(introduction)
	played := d.play(ctx, bin, out)
	d.finish(played)
	path := filepath.Join(out, "report.json")
	written := d.Report.Write(path)
	d.Progress.Print(summary(d.Report, path, filepath.Join(out, "logs")))
	return errors.Join(played, written)
}

// buildHostile builds the full node that withholds.
func buildHostile(ctx context.Context, out string) (string, error) {
	path, err := filepath.Abs(filepath.Join(out, "bin", "withholder"))
	if err != nil {
		return "", fmt.Errorf("find %s: %w", out, err)
	}
	_, err = testnet.Run(ctx, "go", "build", "-ldflags", "-s -w", "-o", path, "./testnet/cmd/withholder")
	return path, err
}
