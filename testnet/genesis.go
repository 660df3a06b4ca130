package testnet

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/libp2p/go-libp2p/core/peer"
	"golang.org/x/sync/errgroup"

	"github.com/ashlar-da/ashlar/p2p"
)

// What every full node's account starts with, and what a validator bonds of it.
const (
	balance = "1000000000000000000000000" // 1,000,000 ASH in aash
	bonded  = "1000000000000000000000aash"
	denom   = "aash"
)

// operatorKey names the key of every full node's account: a validator's operator, and
// who pays for the blobs posted through the node.
const operatorKey = "operator"

// createHomes gives every full node a home: keys, settings, and the one genesis of the
// network, made with the commands an operator would use.
func (n *Network) createHomes(ctx context.Context) error {
	group, groupCtx := errgroup.WithContext(ctx)
	for _, node := range n.FullNodes {
		group.Go(func() error { return n.createHome(groupCtx, node) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if err := n.createGenesis(ctx); err != nil {
		return err
	}
	for _, node := range n.FullNodes {
		if err := n.configure(node); err != nil {
			return err
		}
	}
	return nil
}

// ashlar runs the node's binary in a node's home.
func (n *Network) ashlar(ctx context.Context, node *FullNode, args ...string) ([]byte, error) {
	return Run(ctx, n.binary("ashlar"), append(args, "--home", node.Home)...)
}

// createHome creates a node's keys and settings.
func (n *Network) createHome(ctx context.Context, node *FullNode) error {
	out, err := n.ashlar(ctx, node, "init", node.Name, "--chain-id", n.config.ChainID, "--output", "json")
	if err != nil {
		return err
	}
	var created struct {
		NodeID string `json:"node_id"`
	}
	if err := decodeJSON("ashlar init", out, &created); err != nil {
		return err
	}
	node.cometID = created.NodeID
	keyring := Settings{"keyring-backend": `"test"`}
	if err := keyring.Apply(node.config("client.toml")); err != nil {
		return err
	}
	if out, err = n.ashlar(ctx, node, "keys", "add", operatorKey, "--output", "json"); err != nil {
		return err
	}
	var key struct {
		Address  string `json:"address"`
		Mnemonic string `json:"mnemonic"`
	}
	if err := decodeJSON("ashlar keys add", out, &key); err != nil {
		return err
	}
	node.Address, node.Mnemonic = key.Address, key.Mnemonic
	return n.createPeer(node)
}

// createPeer gives a node its identity for light nodes, so that others know it before it
// runs.
func (n *Network) createPeer(node *FullNode) error {
	key, err := p2p.LoadOrCreateKey(node.config("libp2p_key"))
	if err != nil {
		return err
	}
	id, err := peer.IDFromPrivateKey(key)
	if err != nil {
		return fmt.Errorf("identity of %s: %w", node.Name, err)
	}
	node.Peer = fmt.Sprintf("%s/p2p/%s", node.listen(), id)
	return nil
}

// createGenesis makes the genesis file in the first validator's home, with an account
// for each full node and a bond for each validator, and copies it to the others.
func (n *Network) createGenesis(ctx context.Context) error {
	first := n.FullNodes[0]
	accounts := filepath.Join(n.config.Dir, "accounts.json")
	if err := n.writeAccounts(accounts); err != nil {
		return err
	}
	if _, err := n.ashlar(ctx, first, "genesis", "bulk-add-genesis-account", accounts); err != nil {
		return err
	}
	if err := n.shareGenesis(); err != nil {
		return err
	}
	bonds := filepath.Join(first.Home, "config", "gentx")
	if err := os.MkdirAll(bonds, 0o755); err != nil {
		return err
	}
	group, groupCtx := errgroup.WithContext(ctx)
	for _, node := range n.Validators() {
		group.Go(func() error {
			_, err := n.ashlar(groupCtx, node, "genesis", "gentx", operatorKey, bonded, "--chain-id", n.config.ChainID,
				"--ip", Loopback, "--output-document", filepath.Join(bonds, node.Name+".json"))
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if _, err := n.ashlar(ctx, first, "genesis", "collect-gentxs"); err != nil {
		return err
	}
	if err := n.registerKeys(ctx, first); err != nil {
		return err
	}
	if err := shortEpochs().Apply(first.config("genesis.json")); err != nil {
		return err
	}
	if err := n.config.Genesis.Apply(first.config("genesis.json")); err != nil {
		return err
	}
	return n.shareGenesis()
}

// registerKeys has every validator attest from the first block on.
func (n *Network) registerKeys(ctx context.Context, first *FullNode) error {
	for _, node := range n.Validators() {
		out, err := n.ashlar(ctx, node, "attest", "key", "--operator", node.Address, "--output", "json")
		if err != nil {
			return err
		}
		var key struct {
			Key   string `json:"key"`
			Proof string `json:"proof"`
		}
		if err := decodeJSON("ashlar attest key", out, &key); err != nil {
			return err
		}
		if _, err := n.ashlar(ctx, first, "genesis", "add-attestation-key", node.Address, key.Key, key.Proof); err != nil {
			return err
		}
	}
	return nil
}

// shortEpochs are what `ashlar dev` has too: sets that change within a run.
func shortEpochs() Genesis {
	const params = "app_state.attest.params."
	return Genesis{params + "epoch_blocks": "20", params + "window": "600", params + "quiet_blocks": "10"}
}

// writeAccounts writes what every full node's account starts with.
func (n *Network) writeAccounts(path string) error {
	type coin struct {
		Denom  string `json:"denom"`
		Amount string `json:"amount"`
	}
	type account struct {
		Address string `json:"address"`
		Coins   []coin `json:"coins"`
	}
	var accounts []account
	for _, node := range n.FullNodes {
		accounts = append(accounts, account{node.Address, []coin{{denom, balance}}})
	}
	for _, address := range n.config.Accounts {
		accounts = append(accounts, account{address, []coin{{denom, balance}}})
	}
	encoded, err := json.Marshal(accounts)
	if err != nil {
		return fmt.Errorf("encode the genesis accounts: %w", err)
	}
	return os.WriteFile(path, encoded, 0o644)
}

// shareGenesis copies the genesis file of the first full node to the others.
func (n *Network) shareGenesis() error {
	for _, node := range n.FullNodes[1:] {
		if err := n.copyGenesis(node); err != nil {
			return err
		}
	}
	return nil
}

// copyGenesis copies the genesis file of the first full node to another.
func (n *Network) copyGenesis(node *FullNode) error {
	genesis, err := os.ReadFile(n.FullNodes[0].config("genesis.json"))
	if err != nil {
		return fmt.Errorf("read the genesis file: %w", err)
	}
	if err := os.WriteFile(node.config("genesis.json"), genesis, 0o644); err != nil {
		return fmt.Errorf("copy the genesis file: %w", err)
	}
	return nil
}

// configure writes where a node listens and whom it knows into its settings.
func (n *Network) configure(node *FullNode) error {
	cometPeers, err := n.cometPeers(node)
	if err != nil {
		return err
	}
	peers, err := n.peersOf(node)
	if err != nil {
		return err
	}
	comet := Settings{
		"rpc.laddr":                quote("tcp://" + hostPort(node.rpc)),
		"p2p.laddr":                quote("tcp://" + hostPort(node.comet)),
		"p2p.persistent_peers":     quote(cometPeers),
		"p2p.addr_book_strict":     "false",
		"p2p.allow_duplicate_ip":   "true",
		"consensus.timeout_commit": quote(n.config.CommitTimeout.String()),
	}
	maps.Copy(comet, n.instruments(node))
	maps.Copy(comet, n.config.Comet)
	if err := comet.Apply(node.config("config.toml")); err != nil {
		return err
	}
	ours := Settings{
		"api.address":   quote(hostPort(node.api)),
		"api.key":       quote(operatorKey),
		"libp2p.listen": "[" + quote(node.listen()) + "]",
		"libp2p.peers":  "[" + strings.Join(peers, ", ") + "]",
		"libp2p.dht":    "false",
	}
	if n.config.Retain > 0 {
		ours["retain"] = quote(n.config.Retain.String())
	}
	return ours.Apply(node.config("app.toml"))
}

// cometPeers lists the other full nodes for CometBFT.
func (n *Network) cometPeers(node *FullNode) (string, error) {
	var peers []string
	for _, other := range n.FullNodes {
		if other == node {
			continue
		}
		address, err := n.way(other.comet)
		if err != nil {
			return "", err
		}
		peers = append(peers, other.cometID+"@"+address)
	}
	return strings.Join(peers, ","), nil
}

// peersOf lists the other full nodes for libp2p. What is not one of the network's own
// knows none, so that light nodes which know only it find no other.
func (n *Network) peersOf(node *FullNode) ([]string, error) {
	if !slices.Contains(n.FullNodes, node) {
		return nil, nil
	}
	var peers []string
	for _, other := range n.FullNodes {
		if other == node {
			continue
		}
		address, err := n.PeerAddress(other)
		if err != nil {
			return nil, err
		}
		peers = append(peers, quote(address))
	}
	return peers, nil
}

// quote writes a string as a TOML value.
func quote(text string) string { return fmt.Sprintf("%q", text) }
