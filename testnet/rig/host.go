package rig

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/ashlar-da/ashlar/p2p"
)

// Host starts a host on loopback that runs until the test ends. The Config lacks what every test's has: a key and
// an address; one without a log has none.
func Host(t testing.TB, config p2p.Config) *p2p.Host {
	t.Helper()
	var err error
	if config.Key, err = p2p.LoadOrCreateKey(t.TempDir() + "/node.key"); err != nil {
		t.Fatal(err)
	}
	config.Listen = []string{"/ip4/127.0.0.1/tcp/0"}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	host, err := p2p.New(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	RunUntilCleanup(t, host.Run)
	return host
}

// RunUntilCleanup runs something until the test ends or stop is called.
func RunUntilCleanup(t testing.TB, run func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("run: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// Log writes to the test's output, from a level on, if that is verbose.
func Log(t testing.TB, level slog.Level) *slog.Logger {
	t.Helper()
	if !testing.Verbose() {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: level}))
}

// Patience bounds what a test waits for; nothing is concluded from how long it takes.
const Patience = 3 * time.Minute

// Await waits until a condition holds.
func Await(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(Patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("in vain waited until %s", what)
}
