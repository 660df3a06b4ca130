package fullnode

import (
	"context"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
)

// stopping is a log handler for CometBFT. Once the node stops, CometBFT reports every
// listener that it closes itself as an error; that is information.
type stopping struct {
	slog.Handler
	begun *atomic.Bool
}

// Handle implements slog.Handler.
func (s stopping) Handle(ctx context.Context, r slog.Record) error {
	if r.Level == slog.LevelError && s.begun.Load() && isClosing(r) {
		r.Level = slog.LevelInfo
		if !s.Enabled(ctx, r.Level) {
			return nil
		}
	}
	return s.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (s stopping) WithAttrs(attrs []slog.Attr) slog.Handler {
	return stopping{s.Handler.WithAttrs(attrs), s.begun}
}

// WithGroup implements slog.Handler.
func (s stopping) WithGroup(name string) slog.Handler {
	return stopping{s.Handler.WithGroup(name), s.begun}
}

// isClosing tells whether a record is about a listener that was closed.
func isClosing(r slog.Record) bool {
	closing := strings.Contains(r.Message, "transport is closed")
	r.Attrs(func(a slog.Attr) bool {
		closing = closing || strings.Contains(a.Value.String(), net.ErrClosed.Error())
		return !closing
	})
	return closing
}
