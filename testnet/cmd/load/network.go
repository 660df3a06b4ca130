package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"time"

	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/testnet"
	"github.com/ashlar-da/ashlar/testnet/load"
)

const (
	chainID = "ashlar-load"
	// entry is how many nodes take submissions: whoever reads asks the others.
	entry = 2
	// stockRows is how many rows are proven beforehand: more than a block holds, so that no
	// two proofs of a block are the same.
	stockRows = 48
	// startLimit bounds the wait for a process to be of use.
	startLimit = 90 * time.Second
	// blockBytes is the least that blocks may take, rowBytes what one row may: itself, its
	// proofs and its part of the transactions.
	blockBytes, rowBytes = 8 << 20, kzg.RowSize + kzg.Columns*kzg.PointSize + 2<<10
)

// network is a chain that runs, its light nodes, and what it needs to be put under load.
type network struct {
	testnet.Scenario
	settings
	lights    []*testnet.LightNode
	market    load.Market
	stock     *load.Stock
	generator *load.Generator
	setup     *kzg.Setup
	clients   []*client.Client
}

// prove makes the stock.
func (n *network) prove() error {
	n.Progress.Phase(fmt.Sprintf("Prove %d rows, from which all blobs are cut", stockRows))
	var err error
	if n.setup, err = kzg.NewSetup(); err != nil {
		return err
	}
	if n.stock, err = load.NewStock(n.setup, n.seed, stockRows, load.Sizes()); err != nil {
		return err
	}
	n.generator = load.NewGenerator(n.stock, load.NewMix(n.seed))
	return nil
}

// start starts the network with accounts of these names, and returns a context that ends when
// a process does.
func (n *network) start(ctx context.Context, names ...string) (context.Context, error) {
	n.Progress.Phase(fmt.Sprintf("Start a chain of %d validators, %d further full nodes and %d light nodes", n.validators, n.fullNodes, n.lightNodes))
	config := testnet.Config{
		Dir: n.out, Bin: n.bin, ChainID: chainID, FirstPort: 12000 + rand.IntN(16000),
		Validators: n.validators, FullNodes: n.fullNodes, CommitTimeout: n.commitTimeout,
		Measure: true, Link: n.link,
		Genesis: testnet.Genesis{
			"app_state.blob.params.max_rows":   n.rows,
			"app_state.blob.params.block_time": n.blockTime.String(),
			"consensus.params.block.max_bytes": strconv.Itoa(max(blockBytes, n.rows*rowBytes)),
		},
	}
	for _, name := range names {
		signer, err := n.signer(name)
		if err != nil {
			return ctx, err
		}
		config.Accounts = append(config.Accounts, signer.Address())
	}
	var err error
	n.Network, ctx, err = testnet.New(ctx, config)
	if err != nil {
		return ctx, err
	}
	if n.market, err = load.ReadMarket(filepath.Join(n.Network.FullNodes[0].Home, "config", "genesis.json")); err != nil {
		return ctx, err
	}
	if err := n.Network.StartFullNodes(ctx, startLimit, 2); err != nil {
		return ctx, err
	}
	return ctx, n.startLights(ctx)
}

func (n *network) startLights(ctx context.Context) error {
	for i := range n.lightNodes {
		light, err := n.StartLightNode(ctx, testnet.LightConfig{Name: fmt.Sprintf("light-%d", i+1)}, n.Network.FullNodes...)
		if err != nil {
			return err
		}
		n.lights = append(n.lights, light)
	}
	return nil
}

// closeClients ends what the submitters' clients still do.
func (n *network) closeClients() {
	for _, c := range n.clients {
		_ = c.Close() // what is not final is recorded as such
	}
	n.clients = nil
}

// stop stops everything.
func (n *network) stop() {
	n.closeClients()
	if n.Network != nil {
		n.Network.Remove()
	}
}

// signer is an account of a name, the same for the same seed.
func (n *network) signer(name string) (*client.Signer, error) {
	return client.NewSigner(secp256k1.GenPrivKeyFromSecret(fmt.Appendf(nil, "ashlar load %d %s", n.seed, name)))
}

// reader is a node that takes no submissions: the last, then the one before it, and so on.
func (n *network) reader(turn int) *testnet.FullNode {
	nodes := n.Network.FullNodes
	return nodes[len(nodes)-1-turn%max(len(nodes)-entry, 1)]
}
