package main

import (
	"os"
	"runtime/debug"
)

// collectAfter is by how many percent the heap may grow before garbage is collected, where
// the user sets no GOGC. Less than half of Go's own costs some tenths of a percent of a core.
const collectAfter = 40

// spareMemory trades processor time for memory, of which a phone has less to spare. It sets no
// limit: a node that came near one would do little but collect. GOMEMLIMIT sets it.
func spareMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAfter)
	}
}
