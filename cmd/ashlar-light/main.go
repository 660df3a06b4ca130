// Command ashlar-light runs a light node: it follows a chain's headers, samples its blocks
// and answers for each height whether the data is available. It links no Cosmos SDK.
package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/ashlar-da/ashlar/lightnode"
)

func main() {
	os.Exit(run(os.Args[1:]))
}

// run executes a command line and returns the process's exit code.
func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := newRoot()
	root.SetArgs(withVerb(args))
	if err := root.ExecuteContext(ctx); err != nil {
		root.PrintErrln("Error:", err)
		return exitCode(err)
	}
	return 0
}

// The exit codes of what a restart does not help against; 1 is any other failure.
const (
	exitFailure      = 1
	exitTrustExpired = 3
	exitAttack       = 4
)

func exitCode(err error) int {
	switch {
	case errors.Is(err, lightnode.ErrAttack):
		return exitAttack
	case errors.Is(err, lightnode.ErrTrustExpired):
		return exitTrustExpired
	}
	return exitFailure
}

// withVerb puts start before flags that no verb precedes, other than those of the root.
func withVerb(args []string) []string {
	if len(args) == 0 || !strings.HasPrefix(args[0], "--") || args[0] == "--help" || args[0] == "--version" {
		return args
	}
	return append([]string{"start"}, args...)
}

const defaultAPI = "127.0.0.1:26690"

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "ashlar-light",
		Short: "A light node of Ashlar: checks that blocks are available by sampling them",
		Long: `ashlar-light establishes for itself that the blocks of an Ashlar chain are available.

It verifies headers from one that you trust, draws a few random cells of every
block's extended matrix, and asks peers for them. It needs no account, no key of
yours and no open port. Flags without a verb are those of start.`,
		Example: `  ashlar-light start --chain-id ashlar-1 --trust 1200:4F0C… --peer /dns4/node.example.org/tcp/26660/p2p/12D3…
  ashlar-light status
  ashlar-light watch
  ashlar-light availability 1234`,
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(newStart(), newStatus(), newAvailability(), newWatch(), newSet(), newName(), newCheckpoint(), newVersion())
	return root
}

// defaultHome is the folder of a node whose owner names none, empty where there is no
// telling.
func defaultHome() string {
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".ashlar-light")
}
