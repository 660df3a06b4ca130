package main

import (
	"runtime/debug"
	"testing"
)

func TestGOGCWins(t *testing.T) {
	before := debug.SetGCPercent(100)
	t.Cleanup(func() { debug.SetGCPercent(before) })
	for set, want := range map[string]int{"": collectAfter, "300": 70} {
		debug.SetGCPercent(70) // as the runtime would have by GOGC
		t.Setenv("GOGC", set)
		spareMemory(t.Context())
		if got := debug.SetGCPercent(70); got != want {
			t.Errorf("GOGC=%q: garbage is collected after %d %%, want %d", set, got, want)
		}
	}
}
