package jsonrpc

import (
	"context"
	"sync"

	"github.com/ashlar-da/ashlar/gateway"
)

// holds is what a request has set aside besides what its Methods say.
type holds struct {
	gate *gateway.Gate

	mu       sync.Mutex
	releases []func() // guarded by mu
}

type holdsKey struct{}

// holding returns a context for Hold, and what lets go of everything held.
func holding(ctx context.Context, gate *gateway.Gate) (context.Context, func()) {
	h := &holds{gate: gate}
	return context.WithValue(ctx, holdsKey{}, h), func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		for _, release := range h.releases {
			release()
		}
		h.releases = nil
	}
}

// Hold sets size bytes of memory aside until the call that ctx is of was answered, or the stream's value sent. It
// fails with gateway.ErrBusy.
func Hold(ctx context.Context, size int64) error {
	h, ok := ctx.Value(holdsKey{}).(*holds)
	if !ok {
		return nil
	}
	release, err := h.gate.Reserve(size)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.releases = append(h.releases, release)
	return nil
}
