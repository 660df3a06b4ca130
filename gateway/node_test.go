package gateway_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"cosmossdk.io/math"
	"github.com/cosmos/cosmos-sdk/crypto/hd"
	"github.com/cosmos/cosmos-sdk/crypto/keyring"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/fullnode"
	"github.com/ashlar-da/ashlar/gateway"
)

const chainID = "gateway-1"

// must unwraps in fixtures, where an error is a mistake of the test.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// running is a chain of one validator, in this process, whose key has funds.
type running struct {
	url    string
	signer *client.Signer
}

var (
	startNode = sync.OnceValue(newNode)
	setup     = sync.OnceValue(func() *kzg.Setup { return must(kzg.NewSetup()) })
	stopNode  = func() {}
)

func TestMain(m *testing.M) {
	app.ConfigureSDK()
	code := m.Run()
	stopNode()
	os.Exit(code)
}

func newNode() *running {
	const key = "validator"
	home := must(os.MkdirTemp("", "ashlar-gateway-"))
	encoding := must(app.NewEncoding())
	ring := must(keyring.New("test", keyring.BackendTest, home, nil, encoding.Codec))
	if _, _, err := ring.NewMnemonic(key, keyring.English, hd.CreateHDPath(118, 0, 0).String(), "", hd.Secp256k1); err != nil {
		panic(err)
	}
	comet := fullnode.CometConfig()
	comet.SetRoot(home)
	comet.Moniker = key
	comet.Consensus.TimeoutCommit = 100 * time.Millisecond
	comet.P2P.ListenAddress = "tcp://" + freeAddress()
	comet.RPC.ListenAddress = ""
	must(fullnode.InitHome(comet, encoding, chainID))
	stake := fullnode.Stake{Key: key, Ring: ring, Balance: app.OneASH().Mul(math.NewInt(1000)), Bonded: app.OneASH()}
	ctx, cancel := context.WithCancel(context.Background())
	if err := fullnode.AddValidator(ctx, comet, encoding, chainID, stake); err != nil {
		panic(err)
	}
	node := must(fullnode.New(ctx, fullnode.Config{
		Comet: comet, MinGasPrices: "0" + app.BaseDenom, API: fullnode.APISettings{Address: "127.0.0.1:0"},
		Libp2p: fullnode.Libp2pSettings{Listen: []string{"/ip4/127.0.0.1/tcp/0"}}, Keyring: ring, Log: discard(),
	}))
	done := make(chan error, 1)
	go func() { done <- node.Run(ctx) }()
	if err := node.WaitStored(ctx, 1); err != nil {
		panic(err)
	}
	stopNode = func() {
		cancel()
		<-done
		_ = os.RemoveAll(home)
	}
	return &running{url: "http://" + node.APIAddress(), signer: must(client.KeyringSigner(ring, key))}
}

func freeAddress() string {
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

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
	clientConfig := client.Config{URL: url, Signer: startNode().signer, Journal: filepath.Join(dir, "journal"), Setup: setup()}
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
	core, _ := open(t, startNode().url, t.TempDir(), nil)
	ready(t, core)
	return core
}

// liar passes requests on to the node, and answers what lie makes of the node's answers.
func liar(t *testing.T, lie func(r *http.Request, status int, body []byte) (int, []byte)) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request := must(http.NewRequestWithContext(r.Context(), r.Method, startNode().url+r.URL.RequestURI(), r.Body))
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
