// Package nodetest has the node that tests speak to: a chain of one validator in their own process.
package nodetest

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"time"

	"cosmossdk.io/math"
	cmtcfg "github.com/cometbft/cometbft/config"
	"github.com/cosmos/cosmos-sdk/crypto/hd"
	"github.com/cosmos/cosmos-sdk/crypto/keyring"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/fullnode"
)

// Key names the validator's key, which has 1000 ASH and pays for what the node is asked to post.
const Key = "validator"

// Running is a node that runs.
type Running struct {
	Node   *fullnode.Node
	Config fullnode.Config
	// Signer posts by Key.
	Signer *client.Signer

	home string
	end  context.CancelFunc
	done chan error
}

// Start starts a chain, of which a block takes blockTime at least, and returns once it has one. app.ConfigureSDK is to be called
// before.
func Start(chainID string, blockTime time.Duration) (*Running, error) {
	home, err := os.MkdirTemp("", "ashlar-node-")
	if err != nil {
		return nil, err
	}
	ctx, end := context.WithCancel(context.Background())
	r := &Running{home: home, end: end, done: make(chan error, 1)}
	if err = r.prepare(ctx, chainID, blockTime); err == nil {
		r.Node, err = fullnode.New(ctx, r.Config)
	}
	if err != nil {
		end()
		return nil, errors.Join(err, os.RemoveAll(home))
	}
	go func() { r.done <- r.Node.Run(ctx) }()
	if err := r.Node.WaitStored(ctx, 1); err != nil {
		return nil, errors.Join(err, r.Stop())
	}
	return r, nil
}

// prepare writes the node's home and makes its configuration.
func (r *Running) prepare(ctx context.Context, chainID string, blockTime time.Duration) error {
	encoding, err := app.NewEncoding()
	if err != nil {
		return err
	}
	ring, err := keyring.New("test", keyring.BackendTest, r.home, nil, encoding.Codec)
	if err != nil {
		return err
	}
	if _, _, err = ring.NewMnemonic(Key, keyring.English, hd.CreateHDPath(118, 0, 0).String(), "", hd.Secp256k1); err != nil {
		return err
	}
	if r.Signer, err = client.KeyringSigner(ring, Key); err != nil {
		return err
	}
	comet, err := r.comet(blockTime)
	if err != nil {
		return err
	}
	if _, err := fullnode.InitHome(comet, encoding, chainID); err != nil {
		return err
	}
	stake := fullnode.Stake{Key: Key, Ring: ring, Balance: app.OneASH().Mul(math.NewInt(1000)), Bonded: app.OneASH()}
	if err := fullnode.AddValidator(ctx, comet, encoding, chainID, stake); err != nil {
		return err
	}
	r.Config = fullnode.Config{
		Comet: comet, MinGasPrices: "0" + app.BaseDenom, API: fullnode.APISettings{Address: "127.0.0.1:0", Key: Key},
		Libp2p: fullnode.Libp2pSettings{Listen: []string{"/ip4/127.0.0.1/tcp/0"}}, Keyring: ring, Log: slog.New(slog.DiscardHandler),
	}
	return nil
}

// comet is CometBFT's configuration.
func (r *Running) comet(blockTime time.Duration) (*cmtcfg.Config, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	comet := fullnode.CometConfig()
	comet.SetRoot(r.home)
	comet.Moniker = Key
	comet.Consensus.TimeoutCommit = blockTime
	comet.P2P.ListenAddress = "tcp://" + address
	comet.RPC.ListenAddress = ""
	return comet, nil
}

// freeAddress is one that nobody listened on a moment ago.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

// URL is that of the node's HTTP API.
func (r *Running) URL() string { return "http://" + r.Node.APIAddress() }

// Stop ends the node and removes its files.
func (r *Running) Stop() error {
	r.end()
	return errors.Join(<-r.done, os.RemoveAll(r.home))
}
