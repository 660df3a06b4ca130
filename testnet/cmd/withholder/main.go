// Command withholder is a full node that serves its peers everything but a smallest
// unrecoverable set of cells of one block. It exists to show that light nodes catch it.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/fullnode"
	"github.com/ashlar-da/ashlar/p2p"
	"github.com/ashlar-da/ashlar/testnet/adversary"
)

func main() {
	home := flag.String("home", "", "home of the node, as `ashlar init` makes it")
	height := flag.Uint64("height", 0, "height of the block to withhold cells of")
	rows := flag.Int("rows", 0, "number of rows of that block's square")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *home, *height, *rows); err != nil {
		fmt.Fprintln(os.Stderr, "withholder:", err)
		os.Exit(1)
	}
}

// run runs the node until ctx ends.
func run(ctx context.Context, home string, height uint64, rows int) error {
	app.ConfigureSDK()
	config, err := fullnode.Load(home, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if err != nil {
		return err
	}
	config.Squares = func(source p2p.SquareSource) p2p.SquareSource {
		return adversary.NewWithhold(source, height, rows)
	}
	node, err := fullnode.New(ctx, *config)
	if err != nil {
		return err
	}
	return node.Run(ctx)
}
