package fullnode

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"cosmossdk.io/math"
	"github.com/cosmos/cosmos-sdk/crypto/hd"
	"github.com/cosmos/cosmos-sdk/crypto/keyring"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

const (
	testChain = "ashlar-test"
	testKey   = "poster"
	// patience is how long a test waits for what has to happen before it fails.
	patience = 3 * time.Minute
)

// halting holds the homes of nodes that halt: CometBFT waits there for its application, and looks after its files, until
// the process ends.
var halting string

func TestMain(m *testing.M) {
	app.ConfigureSDK()
	var err error
	if halting, err = os.MkdirTemp("", "halting"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(halting)
	os.Exit(code)
}

// outlasting returns a home for a node that halts, and does not stop with its test.
func outlasting(t *testing.T) string {
	t.Helper()
	home := filepath.Join(halting, rand.Text())
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	return home
}

// testEncoding is shared: it is immutable and takes a while to build.
var testEncoding = sync.OnceValues(app.NewEncoding)

func encodingOf(t *testing.T) *app.Encoding {
	t.Helper()
	encoding, err := testEncoding()
	if err != nil {
		t.Fatal(err)
	}
	return encoding
}

// testConfig configures a node in a directory, with blocks as fast as they go and a key
// that pays.
func testConfig(t *testing.T, home string) Config {
	t.Helper()
	comet := CometConfig()
	comet.SetRoot(home)
	comet.Moniker = filepath.Base(home)
	comet.Consensus.TimeoutCommit = 200 * time.Millisecond
	comet.P2P.ListenAddress = "tcp://" + freeAddress(t)
	comet.P2P.AddrBookStrict = false
	comet.P2P.AllowDuplicateIP = true
	comet.RPC.ListenAddress = ""
	ring, err := keyring.New("test", keyring.BackendTest, home, nil, encodingOf(t).Codec)
	if err != nil {
		t.Fatal(err)
	}
	return Config{
		Comet:        comet,
		MinGasPrices: "0" + app.BaseDenom,
		API:          APISettings{Address: "127.0.0.1:0"},
		Libp2p:       Libp2pSettings{Listen: []string{"/ip4/127.0.0.1/tcp/0"}},
		KZG:          KZGSettings{Tables: kzg.DefaultTables >> 20},
		Keyring:      ring,
		Log:          slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
}

// newValidator creates the home of a chain's one validator, whose key pays for posts.
func newValidator(t *testing.T) Config {
	t.Helper()
	return newValidatorWith(t)
}

// newValidatorWith is newValidator with a genesis state that is adjusted.
func newValidatorWith(t *testing.T, adjust ...func(app.GenesisState)) Config {
	t.Helper()
	cfg := testConfig(t, t.TempDir())
	if _, _, err := cfg.Keyring.NewMnemonic(testKey, keyring.English, hd.CreateHDPath(118, 0, 0).String(), "", hd.Secp256k1); err != nil {
		t.Fatal(err)
	}
	cfg.API.Key = testKey
	if _, err := InitHome(cfg.Comet, encodingOf(t), testChain, adjust...); err != nil {
		t.Fatal(err)
	}
	stake := Stake{Key: testKey, Ring: cfg.Keyring, Balance: app.OneASH().Mul(math.NewInt(1000)), Bonded: app.OneASH().Mul(math.NewInt(100))}
	if err := AddValidator(t.Context(), cfg.Comet, encodingOf(t), testChain, stake); err != nil {
		t.Fatal(err)
	}
	return cfg
}

// newFollower creates the home of a full node that joins a running validator's chain.
func newFollower(t *testing.T, validator *runningNode) Config {
	t.Helper()
	cfg := testConfig(t, t.TempDir())
	if _, err := InitHome(cfg.Comet, encodingOf(t), testChain); err != nil {
		t.Fatal(err)
	}
	genesis, err := os.ReadFile(validator.cfg.Comet.GenesisFile())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(cfg.Comet.GenesisFile(), genesis, 0o600); err != nil {
		t.Fatal(err)
	}
	cfg.Comet.P2P.PersistentPeers = validator.cometAddress()
	return cfg
}

// runningNode is a node and what its Run returned.
type runningNode struct {
	*Node
	stop func() error // once; the error Run returned
	done <-chan struct{}
}

// startNode opens and runs a node until the test ends or stop is called.
func startNode(t *testing.T, cfg Config) *runningNode {
	t.Helper()
	node, err := New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	var failure error
	go func() {
		defer close(done)
		failure = node.Run(ctx)
	}()
	stop := func() error {
		cancel()
		<-done
		return failure
	}
	t.Cleanup(func() { _ = stop() })
	return &runningNode{Node: node, stop: stop, done: done}
}

// cometAddress is how other nodes reach this one's CometBFT.
func (n *runningNode) cometAddress() string {
	return string(n.comet.NodeInfo().ID()) + "@" + strings.TrimPrefix(n.cfg.Comet.P2P.ListenAddress, "tcp://")
}

// freeAddress returns a loopback address nobody listens on: CometBFT tells its peers the
// port it was configured with, so that 0 will not do.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	return address
}

// waitStored waits until a node has stored a height.
func (n *runningNode) waitStored(t *testing.T, height uint64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := n.WaitStored(ctx, height); err != nil {
		t.Fatalf("height %d was not stored: %v", height, err)
	}
}
