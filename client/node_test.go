package client_test

import (
	"context"
	"log/slog"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"cosmossdk.io/math"
	"github.com/cosmos/cosmos-sdk/crypto/hd"
	"github.com/cosmos/cosmos-sdk/crypto/keyring"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/fullnode"
)

func TestMain(m *testing.M) {
	app.ConfigureSDK()
	code := m.Run()
	stopNode()
	os.Exit(code)
}

// running is the node that examples speak to: a chain of one validator, whose key has funds.
type running struct {
	url    string
	signer *client.Signer
	stop   func()
}

var (
	startMu sync.Mutex
	started *running // guarded by startMu
)

// exampleNode starts the node when it is first asked for.
func exampleNode() *running {
	startMu.Lock()
	defer startMu.Unlock()
	if started == nil {
		started = startExampleNode()
	}
	return started
}

func stopNode() {
	startMu.Lock()
	defer startMu.Unlock()
	if started != nil {
		started.stop()
	}
}

func startExampleNode() *running {
	const key = "validator"
	home := must(os.MkdirTemp("", "ashlar-client-"))
	encoding := must(app.NewEncoding())
	ring := must(keyring.New("test", keyring.BackendTest, home, nil, encoding.Codec))
	if _, _, err := ring.NewMnemonic(key, keyring.English, hd.CreateHDPath(118, 0, 0).String(), "", hd.Secp256k1); err != nil {
		panic(err)
	}
	comet := fullnode.CometConfig()
	comet.SetRoot(home)
	comet.Moniker = key
	comet.Consensus.TimeoutCommit = 200 * time.Millisecond
	comet.P2P.ListenAddress = "tcp://" + freeAddress()
	comet.RPC.ListenAddress = ""
	must(fullnode.InitHome(comet, encoding, worldChain))
	stake := fullnode.Stake{Key: key, Ring: ring, Balance: app.OneASH().Mul(math.NewInt(1000)), Bonded: app.OneASH()}
	ctx, cancel := context.WithCancel(context.Background())
	if err := fullnode.AddValidator(ctx, comet, encoding, worldChain, stake); err != nil {
		panic(err)
	}
	node := must(fullnode.New(ctx, fullnode.Config{
		Comet: comet, MinGasPrices: "0" + app.BaseDenom, API: fullnode.APISettings{Address: "127.0.0.1:0"},
		Libp2p: fullnode.Libp2pSettings{Listen: []string{"/ip4/127.0.0.1/tcp/0"}}, Keyring: ring, Log: slog.New(slog.DiscardHandler),
	}))
	done := make(chan error, 1)
	go func() { done <- node.Run(ctx) }()
	if err := node.WaitStored(ctx, 1); err != nil {
		panic(err)
	}
	return &running{
		url: "http://" + node.APIAddress(), signer: must(client.KeyringSigner(ring, key)),
		stop: func() {
			cancel()
			<-done
			_ = os.RemoveAll(home)
		},
	}
}

func freeAddress() string {
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}
