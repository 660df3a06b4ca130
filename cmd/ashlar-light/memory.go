package main

import (
	"context"
	"os"
	"runtime/debug"
	"time"
)

// collectAfter is by how many percent the heap may grow before garbage is collected, where
// the user sets no GOGC. Less than half of Go's own costs some tenths of a percent of a core.
const collectAfter = 40

// giveBackPause is how long the heap keeps what it took for a moment, to verify a batch of cells or write
// a table of the database.
const giveBackPause = time.Minute

// spareMemory trades processor time for memory, of which a phone has less to spare, until the context
// ends. It sets no limit: a node that came near one would do little but collect. GOMEMLIMIT sets it.
func spareMemory(ctx context.Context) {
	if os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(collectAfter)
	go giveBack(ctx)
}

// giveBack returns to the system what the heap has no use for. The runtime does too, but
// leaves a tenth of the heap's size and what lies between objects.
func giveBack(ctx context.Context) {
	ticks := time.NewTicker(giveBackPause)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
			debug.FreeOSMemory()
		}
	}
}
