// Command ashlar is a full node of Ashlar, the tool that posts and reads blobs, and the
// wallet for both.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/server"

	"github.com/ashlar-da/ashlar/app"
)

// version is set by the linker.
var version = "unknown"

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run executes one command line and returns the exit code. Interrupts cancel the
// command's context; a second one kills, since the first restores the default.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	app.ConfigureSDK()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() {
		<-ctx.Done()
		stop()
	}()
	root, err := newRoot(args)
	if err == nil {
		root.SetArgs(args)
		root.SetIn(stdin)
		root.SetOut(stdout)
		root.SetErr(stderr)
		err = root.ExecuteContext(withContexts(ctx))
	}
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "Error:", err) // there is no one else to tell
		return 1
	}
	return 0
}

// withContexts adds the places where the SDK's commands find what prepare has read.
func withContexts(ctx context.Context) context.Context {
	ctx = context.WithValue(ctx, client.ClientContextKey, &client.Context{})
	return context.WithValue(ctx, server.ServerContextKey, server.NewDefaultContext())
}
