package fullnode

import (
	"bytes"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"testing"
)

// TestClosedListenersAreNoErrorsOnceStopping logs the same before and after the node stops.
func TestClosedListenersAreNoErrorsOnceStopping(t *testing.T) {
	var out bytes.Buffer
	var begun atomic.Bool
	handler := slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelError})
	log := slog.New(stopping{handler, &begun}).With("module", "x").WithGroup("g")
	say := func() int {
		out.Reset()
		log.Error("Error serving server", "err", fmt.Errorf("accept: %w", net.ErrClosed))
		log.Error("Stopped accept routine, as transport is closed")
		log.Error("the disk is on fire")
		return strings.Count(out.String(), "level=ERROR")
	}
	if n := say(); n != 3 {
		t.Errorf("while the node runs %d errors are logged, want 3", n)
	}
	begun.Store(true)
	if n := say(); n != 1 || !strings.Contains(out.String(), "fire") {
		t.Errorf("while it stops %d errors are logged, want 1:\n%s", n, out.String())
	}
}
