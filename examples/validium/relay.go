package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/examples/validium/l1"
	"github.com/ashlar-da/ashlar/testnet"
)

// relay is what brings Ethereum the sets and the certificates: `ashlar relay`, with two accounts. One process keeps the set current
// throughout, another one is run for each certificate that is wanted.
type relay struct {
	bin, dir string
	port     int
	contract common.Address
	nodes    []*testnet.FullNode
	keeper   *testnet.Process
}

const keeperKey, courierKey = "keeper", "courier"

// newRelay writes the keys of both accounts.
func newRelay(bin, dir string, port int, keeper, courier *l1.Wallet) (*relay, error) {
	if err := os.RemoveAll(dir); err != nil { // another chain's journals
		return nil, fmt.Errorf("the relay's folder: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("the relay's folder: %w", err)
	}
	for name, wallet := range map[string]*l1.Wallet{keeperKey: keeper, courierKey: courier} {
		if err := wallet.WriteKey(filepath.Join(dir, name)); err != nil {
			return nil, err
		}
	}
	return &relay{bin: filepath.Join(bin, "ashlar"), dir: dir, port: port}, nil
}

// start has the process run that brings each set.
func (r *relay) start(logs string, contract common.Address, nodes []*testnet.FullNode) error {
	r.contract, r.nodes = contract, nodes
	r.keeper = testnet.NewProcess("relay", logs, r.bin, append([]string{"relay"}, r.flags(keeperKey)...), func(error) {})
	return r.keeper.Start()
}

func (r *relay) stop() {
	if r.keeper != nil {
		r.keeper.Stop(5 * time.Second)
	}
}

func (r *relay) flags(key string) []string {
	flags := []string{
		"--rpc", fmt.Sprintf("http://127.0.0.1:%d", r.port), "--contract", r.contract.Hex(), "--key", filepath.Join(r.dir, key),
		"--confirmations", "1", "--poll", "500ms", "--warn", "1h", "--home", r.dir,
	}
	for _, node := range r.nodes {
		flags = append(flags, "--node", node.Base)
	}
	return flags
}

// post has a certificate brought that covers a height, and returns the block as covered by that one: mostly the one it was covered by.
func (r *relay) post(ctx context.Context, c *client.Client, block *client.AttestedBlock, height uint64) (*client.AttestedBlock, error) {
	args := append([]string{"relay", "post", fmt.Sprint(height), "--output", "json"}, r.flags(courierKey)...)
	out, err := testnet.Run(ctx, r.bin, args...)
	if err != nil {
		return nil, err
	}
	var covers []struct {
		Root string `json:"history_root"`
	}
	if err := json.Unmarshal(out, &covers); err != nil || len(covers) != 1 {
		return nil, fmt.Errorf("ashlar relay post says %q", out)
	}
	root := func() string { return hex.EncodeToString(block.Certificate.HistoryRoot[:]) }
	if root() != covers[0].Root { // the height's own certificate came in between
		if block, err = c.WaitAttested(ctx, height); err != nil {
			return nil, fmt.Errorf("wait for the certificate of height %d: %w", height, err)
		}
	}
	if root() != covers[0].Root {
		return nil, fmt.Errorf("the relay brought history root %s, a node covers the height by %s", covers[0].Root, root())
	}
	return block, nil
}

// freePort finds a port that nothing listens on.
func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("a port for Ethereum: %w", err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	return port, listener.Close()
}

// replace has a validator attest with another key: the old one stays beside it for the epochs whose sets have it.
func (s *story) replace(ctx context.Context) error {
	node := s.Network.Validators()[3]
	secret := filepath.Join(node.Home, "config", "attestation_key")
	if err := os.Rename(secret, secret+".old"); err != nil {
		return fmt.Errorf("replace a key: %w", err)
	}
	out, err := testnet.Run(ctx, s.relay.bin, "attest", "register", "--from", "operator", "--keyring-backend", "test", "--node", s.Network.FullNodes[0].Base,
		"--home", node.Home, "--output", "json")
	if err != nil {
		return err
	}
	var registered struct{ Key string }
	if err := json.Unmarshal(out, &registered); err != nil {
		return fmt.Errorf("ashlar attest register says %q", out)
	}
	key, err := hex.DecodeString(registered.Key)
	if err != nil || len(key) != da.AttestationKeySize {
		return fmt.Errorf("ashlar attest register says %q", out)
	}
	s.newKey = da.AttestationKey(key)
	node.Stop(10 * time.Second)
	if err := node.Start(); err != nil {
		return err
	}
	known, err := s.contracts.HasKey(ctx, s.newKey)
	if err != nil {
		return err
	}
	return s.Expect(!known, node.Name+" has another key, of which Ethereum knows nothing yet", "%x…", key[:8])
}

// rotated tells what became of the key that was replaced: nobody but the relay brings sets.
func (s *story) rotated(ctx context.Context, changed bool) error {
	epoch, err := l1.Call[uint64](ctx, s.contracts.Client, "epoch")
	if err != nil {
		return err
	}
	return s.Expect(changed, "the light client has the set with the new key, brought by the relay", "epoch %d", epoch)
}
