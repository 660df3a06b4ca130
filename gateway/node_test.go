package gateway_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/fullnode/nodetest"
	"github.com/ashlar-da/ashlar/gateway"
)

// must unwraps in fixtures, where an error is a mistake of the test.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

var (
	startNode = sync.OnceValue(func() *nodetest.Running {
		node := must(nodetest.Start("gateway-1", 100*time.Millisecond))
		stopNode = node.Stop
		return node
	})
	setup    = sync.OnceValue(func() *kzg.Setup { return must(kzg.NewSetup()) })
	stopNode = func() error { return nil }
)

func TestMain(m *testing.M) {
	app.ConfigureSDK()
	code := m.Run()
	_ = stopNode() // the tests are over
	os.Exit(code)
}

// everybody is a gate that lets everybody in.
func everybody() *gateway.Gate { return must(gateway.NewGate(gateway.GateConfig{})) }

// namespace is one of the test's own.
func namespace(t *testing.T) da.Namespace {
	hash := da.Keccak256([]byte(t.Name()))
	var ns da.Namespace
	copy(ns[da.NamespaceSize-da.NamespaceUserSize:], hash[:da.NamespaceUserSize])
	return ns
}

// open starts a Core of the test's namespace that keeps its files in dir, and returns what ends it.
func open(t *testing.T, url, dir string, change func(*client.Config, *gateway.Config)) (*gateway.Core, func()) {
	t.Helper()
	clientConfig := client.Config{URL: url, Signer: startNode().Signer, Journal: filepath.Join(dir, "journal"), Setup: setup()}
	config := gateway.Config{Namespace: namespace(t), Index: filepath.Join(dir, "index"), Log: discard(), Poll: 50 * time.Millisecond}
	if change != nil {
		change(&clientConfig, &config)
	}
	config.Client = must(client.New(t.Context(), clientConfig))
	core, err := gateway.New(config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- core.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := core.Close(); err != nil {
			t.Error(err)
		}
		_ = config.Client.Close()
	})
	t.Cleanup(stop)
	return core, stop
}

// ready waits until puts are taken.
func ready(t *testing.T, core *gateway.Core) {
	t.Helper()
	for core.Health() != nil {
		select {
		case <-t.Context().Done():
			t.Fatal(core.Health())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// live is open, ready, on the node itself.
func live(t *testing.T) *gateway.Core {
	core, _ := open(t, startNode().URL(), t.TempDir(), nil)
	ready(t, core)
	return core
}

// liar passes requests on to the node, and answers what lie makes of the node's answers.
func liar(t *testing.T, lie func(r *http.Request, status int, body []byte) (int, []byte)) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request := must(http.NewRequestWithContext(r.Context(), r.Method, startNode().URL()+r.URL.RequestURI(), r.Body))
		request.Header = r.Header
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer func() { _ = response.Body.Close() }()
		body, _ := io.ReadAll(response.Body)
		status, body := lie(r, response.StatusCode, bytes.Clone(body))
		w.WriteHeader(status)
		_, _ = w.Write(body)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }
