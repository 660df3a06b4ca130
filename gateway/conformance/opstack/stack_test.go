package opstack

import (
	"encoding/hex"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"testing"

	opeth "github.com/ethereum-optimism/optimism/op-service/eth"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/ethclient"
	"github.com/ethereum/go-ethereum/params"
	"github.com/ethereum/go-ethereum/rpc"

	"github.com/ashlar-da/ashlar/gateway/conformance/world"
)

// frameSize is how many bytes of a batch go behind a commitment: less than the batcher's default, so that a transaction needs several.
const frameSize = 30_000

const jwtSecret = "0x5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e"

// stack is a rollup of the OP Stack: its L1, and what follows and writes it.
type stack struct {
	dir     string
	chains  *chains
	generic bool
	// files of the flags of op-geth and op-node
	jwt, l1Genesis, l2Genesis, rollup string

	l1URL     string
	l1        *ethclient.Client
	sequencer *node
	nonce     uint64
}

// node is an op-geth and the op-node that drives it.
type node struct {
	name           string
	userURL        string
	driverURL      string
	engine, driver *process
	eth            *ethclient.Client
	op             *rpc.Client
}

// newStack starts L1, a sequencer, and a batcher, which post to the gateway "first".
func newStack(t *testing.T, generic bool) *stack {
	t.Helper()
	da := world.At(t, "OP_FIRST")
	s := &stack{dir: t.TempDir(), chains: newChains(t, generic), generic: generic}
	s.jwt = filepath.Join(s.dir, "jwt")
	if err := os.WriteFile(s.jwt, []byte(jwtSecret), 0o600); err != nil {
		t.Fatal(err)
	}
	s.l1Genesis, s.l2Genesis = write(t, s.dir, "l1.json", s.chains.l1), write(t, s.dir, "l2.json", s.chains.l2)
	s.rollup = write(t, s.dir, "rollup.json", s.chains.rollup)
	s.startL1(t)
	s.sequencer = s.node(t, "sequencer", da, "--sequencer.enabled", "--sequencer.l1-confs=0")
	s.sequencer.safe(t) // once it answers
	s.startBatcher(t, da)
	return s
}

// geth starts an op-geth with a genesis, and returns where it answers users.
func (s *stack) geth(t *testing.T, name, genesis string, args ...string) (*process, string) {
	t.Helper()
	home, at := filepath.Join(s.dir, name), port(t)
	run(t, "op-geth", "init", "--datadir", home, "--state.scheme", "hash", genesis)
	args = append([]string{
		"--datadir", home, "--state.scheme", "hash", "--syncmode", "full", "--gcmode", "archive", "--ipcdisable",
		"--port", "0", "--nodiscover", "--maxpeers", "0", "--authrpc.port", "0",
		"--http", "--http.addr", "127.0.0.1", "--http.port", at, "--http.api", "eth,net,web3,debug,miner,txpool",
	}, args...)
	return start(t, s.dir, name, "op-geth", args...), "http://127.0.0.1:" + at
}

func (s *stack) startL1(t *testing.T) {
	t.Helper()
	// --dev waits for a block by a signal that comes again with every attempt at one, and may miss the first
	l1, url := s.geth(t, "l1", s.l1Genesis, "--dev", "--dev.period", fmt.Sprint(l1Period), "--miner.recommit", "200ms")
	s.l1URL, s.l1 = url, ethclient.NewClient(l1.dial(t, url))
}

// node starts a node that reads what batches say from the gateway at da.
func (s *stack) node(t *testing.T, name, da string, args ...string) *node {
	t.Helper()
	n, auth := &node{name: name}, port(t)
	n.engine, n.userURL = s.geth(t, name+"-geth", s.l2Genesis,
		"--networkid", fmt.Sprint(l2ChainID), "--authrpc.port", auth, "--authrpc.jwtsecret", s.jwt, "--rollup.disabletxpoolgossip")
	n.eth = ethclient.NewClient(n.engine.dial(t, n.userURL))
	at := port(t)
	args = append([]string{
		"--l1=" + s.l1URL, "--l1.rpckind=standard", "--l1.http-poll-interval=1s", "--l1.beacon=" + s.l1URL, "--l1.beacon.ignore",
		"--l2=http://127.0.0.1:" + auth, "--l2.jwt-secret=" + s.jwt, "--l2.enginekind=geth", "--verifier.l1-confs=0",
		"--rollup.config=" + s.rollup, "--rollup.l1-chain-config=" + s.l1Genesis,
		"--rpc.addr=127.0.0.1", "--rpc.port=" + at, "--p2p.disable",
	}, append(s.altDA(da), args...)...)
	n.driver, n.driverURL = start(t, s.dir, name+"-node", "op-node", args...), "http://127.0.0.1:"+at
	n.op = client(t, n.driverURL)
	return n
}

// altDA are the flags that docs/rollups.md says to set.
func (s *stack) altDA(da string) []string {
	return []string{
		"--altda.enabled", "--altda.da-server=" + da, fmt.Sprintf("--altda.da-service=%t", s.generic), "--altda.verify-on-read",
		"--altda.put-timeout=2m", "--altda.get-timeout=30s",
	}
}

func (s *stack) startBatcher(t *testing.T, da string) {
	t.Helper()
	args := append([]string{
		"--l1-eth-rpc=" + s.l1URL, "--l2-eth-rpc=" + s.sequencer.userURL, "--rollup-rpc=" + s.sequencer.driverURL,
		"--private-key=" + hex.EncodeToString(crypto.FromECDSA(s.chains.batcher)),
		"--poll-interval=1s", "--max-channel-duration=1", "--max-l1-tx-size-bytes=" + fmt.Sprint(frameSize), "--num-confirmations=1", "--txmgr.receipt-query-interval=1s",
		"--rpc.addr=127.0.0.1", "--rpc.port=" + port(t),
	}, s.altDA(da)...)
	start(t, s.dir, "batcher", "op-batcher", args...)
}

// send has the user send a transaction with data to the sequencer, and returns the block that it is in.
func (s *stack) send(t *testing.T, data []byte) *types.Receipt {
	t.Helper()
	to := common.HexToAddress("0xabcdef")
	tx, err := types.SignNewTx(s.chains.user, types.LatestSignerForChainID(big.NewInt(l2ChainID)), &types.DynamicFeeTx{
		ChainID: big.NewInt(l2ChainID), Nonce: s.nonce, To: &to, Value: big.NewInt(1), Data: data,
		Gas: 21000 + 40*uint64(len(data)), GasFeeCap: big.NewInt(100 * params.GWei), GasTipCap: big.NewInt(params.GWei),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.sequencer.eth.SendTransaction(t.Context(), tx); err != nil {
		t.Fatal(err)
	}
	s.nonce++
	var receipt *types.Receipt
	world.Eventually(t, func() (ok bool, err error) {
		receipt, err = s.sequencer.eth.TransactionReceipt(t.Context(), tx.Hash())
		return err == nil, err
	})
	return receipt
}

// commitments are what the batcher has sent to the inbox, from L1's first block on.
func (s *stack) commitments(t *testing.T) [][]byte {
	t.Helper()
	head, err := s.l1.BlockNumber(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var found [][]byte
	for number := range head + 1 {
		block, err := s.l1.BlockByNumber(t.Context(), new(big.Int).SetUint64(number))
		if err != nil {
			t.Fatal(err)
		}
		for _, tx := range block.Transactions() {
			if tx.To() != nil && *tx.To() == inbox {
				found = append(found, tx.Data())
			}
		}
	}
	return found
}

// status is what the node's op-node has come to.
func (n *node) status(t *testing.T) (*opeth.SyncStatus, error) {
	t.Helper()
	if !n.driver.runs() {
		t.Fatalf("%s has ended: %s", n.driver.name, n.driver.tail(10))
	}
	var status opeth.SyncStatus
	err := n.op.Call(&status, "optimism_syncStatus")
	return &status, err
}

// safe returns the number of the newest block that the node has derived from L1 and what its gateway says.
func (n *node) safe(t *testing.T) uint64 {
	t.Helper()
	var status *opeth.SyncStatus
	world.Eventually(t, func() (ok bool, err error) {
		status, err = n.status(t)
		return err == nil, err
	})
	return status.SafeL2.Number
}

// derives waits until the node has derived a block, and checks that it is the one that the sequencer made.
func (n *node) derives(t *testing.T, receipt *types.Receipt) {
	t.Helper()
	number := receipt.BlockNumber.Uint64()
	world.Eventually(t, func() (bool, error) {
		status, err := n.status(t)
		if err != nil {
			return false, err
		}
		return status.SafeL2.Number >= number, fmt.Errorf("%s is at %d, safe, of %d", n.name, status.SafeL2.Number, number)
	})
	block, err := n.eth.HeaderByNumber(t.Context(), receipt.BlockNumber)
	if err != nil {
		t.Fatal(err)
	}
	found, err := n.eth.TransactionReceipt(t.Context(), receipt.TxHash)
	if err != nil || block.Hash() != receipt.BlockHash || found.BlockHash != receipt.BlockHash {
		t.Fatalf("%s has block %d %s, the sequencer made %s: %v", n.name, number, block.Hash(), receipt.BlockHash, err)
	}
}
