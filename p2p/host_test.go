package p2p

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

const testChain = "ashlar-test"

// testConfig is a host's Config on loopback, changed as given.
func testConfig(t *testing.T, change ...func(*Config)) Config {
	t.Helper()
	key, err := LoadOrCreateKey(t.TempDir() + "/key")
	if err != nil {
		t.Fatal(err)
	}
	config := Config{
		ChainID: testChain, Key: key, Log: slog.New(slog.DiscardHandler),
		Listen: []string{"/ip4/127.0.0.1/tcp/0"},
	}
	for _, c := range change {
		c(&config)
	}
	return config
}

// start runs a host until the test ends.
func start(t *testing.T, change ...func(*Config)) *Host {
	t.Helper()
	h, err := New(t.Context(), testConfig(t, change...))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return h
}

// connect connects one host to another and waits until it knows what that one speaks.
func connect(t *testing.T, from, to *Host) peer.ID {
	t.Helper()
	id, err := from.Connect(t.Context(), to.Addresses()[0])
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// eventually waits for what other goroutines are about to bring about.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within a minute", what)
		}
	}
}

func serving(headers HeaderSource, squares SquareSource) func(*Config) {
	return func(c *Config) { c.Headers, c.Squares = headers, squares }
}

func TestEveryProtocol(t *testing.T) {
	f := newFixture(t)
	for _, listen := range []string{"/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/udp/0/quic-v1"} {
		server := start(t, serving(f, f), func(c *Config) { c.Listen, c.Holdings = []string{listen}, f })
		client := start(t, func(c *Config) { c.Listen = nil })
		id := connect(t, client, server)
		exerciseHeaders(t, client, id, f)
		exerciseCells(t, client, id, f)
		exerciseRows(t, client, id, f)
		exerciseNamespace(t, client, id, f)
		exerciseHeld(t, client, id, f)
	}
}

func TestErrorsCrossTheWire(t *testing.T) {
	f := newFixture(t)
	server := start(t, serving(f, f))
	client := start(t)
	id := connect(t, client, server)
	for _, pair := range statuses {
		f.fail = pair.err
		_, errHeader := client.GetHeader(t.Context(), id, HeaderRequest{Height: 3})
		_, errCells := client.GetCells(t.Context(), id, 3, f.coords)
		_, errRows := client.GetRows(t.Context(), id, 3, []int{0})
		_, errNamespace := client.GetNamespace(t.Context(), id, 3, f.namespace)
		for _, err := range []error{errHeader, errCells, errRows, errNamespace} {
			if !errors.Is(err, pair.err) && !errors.Is(pair.err, ErrRemote) || err == nil {
				t.Errorf("the source said %v, the asker heard %v", pair.err, err)
			}
		}
	}
	if client.Banned(id) || server.Banned(client.ID()) {
		t.Error("refusals led to a ban")
	}
}
