// Package gatewaytest has what tests of the protocols share.
package gatewaytest

import (
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/gateway"
)

// Alone returns a Core that has no chain, and a Gate that lets everybody in.
func Alone(t testing.TB) (*gateway.Core, *gateway.Gate) {
	t.Helper()
	c, err := client.New(t.Context(), client.Config{URL: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	core, err := gateway.New(gateway.Config{
		Client: c, Namespace: da.Namespace{28: 1, 27: 1}, Index: filepath.Join(t.TempDir(), "index"), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	gate, err := gateway.NewGate(gateway.GateConfig{})
	if err != nil {
		t.Fatal(err)
	}
	return core, gate
}
