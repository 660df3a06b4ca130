package client_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cosmossdk.io/math"
	cmtversion "github.com/cometbft/cometbft/proto/tendermint/version"
	"github.com/cometbft/cometbft/types"
	"github.com/cometbft/cometbft/version"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	"github.com/cosmos/cosmos-sdk/types/tx"

	"github.com/ashlar-da/ashlar/api"
	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/da/chain"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

const (
	worldChain = "world-1"
	blockTime  = 2 * time.Second
)

// must unwraps in fixtures, where an error is a mistake of the test.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

var testSetup = sync.OnceValue(func() *kzg.Setup { return must(kzg.NewSetup()) })

// world is a chain whose nodes misbehave as tests have them do. Its blocks have real indices,
// headers and proofs; their rows nobody looks at. Nodes answer by the API's real handlers.
type world struct {
	chainID   string
	secret    string // of the validators
	mu        sync.Mutex
	blocks    []*block // from height 1 on; guarded by mu
	sequences map[[da.AddressSize]byte]uint64
	baseFee   int64
	nodes     map[string]*node
	strangers map[string]*node // nodes of other chains that can be asked here
}

// block is a block of the world.
type block struct {
	header *chain.Header
	index  *da.Index
	data   map[da.BlobID][]byte
}

// pooled is a transaction in a mempool.
type pooled struct {
	id       [da.HashSize]byte
	signer   [da.AddressSize]byte
	sequence uint64
	cap      math.Int
	envelope *da.Envelope
	message  *da.PayForBlobs
}

// node is one of the world's nodes. What it is set to do is read under the world's mu.
type node struct {
	api.Squares // what the node does not have a method for is not asked
	api.Submitter
	world *world
	pool  []*pooled
	// stuckAt is the height it stays at, 0 if it goes on.
	stuckAt int
	idle    bool // it takes transactions and proposes none
	// around handles requests in place of the API's handler, if it is set.
	around  func(w http.ResponseWriter, r *http.Request, handler http.Handler)
	handler http.Handler
}

// newWorld makes a world of nodes with these host names, with one empty block.
func newWorld(hosts ...string) *world {
	w := &world{chainID: worldChain, sequences: make(map[[da.AddressSize]byte]uint64), baseFee: 1000, nodes: make(map[string]*node)}
	for _, host := range hosts {
		n := &node{world: w}
		n.handler = must(api.NewHandler(api.Config{
			Full: &api.Full{Squares: n, Chain: chainOf{n: n}, Submitter: n}, Log: slog.New(slog.DiscardHandler),
			Metrics: http.NotFoundHandler(),
		}))
		w.nodes[host] = n
	}
	w.commit()
	return w
}

// anchor is a header of the world's to trust.
func (w *world) anchor(height uint64) client.Anchor {
	return client.Anchor{ChainID: w.chainID, Height: height, Hash: must(w.hashes(context.Background(), height))}
}

// RoundTrip implements http.RoundTripper: it asks the node that the URL names. It involves
// no network, so that time stands still while nodes think.
func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	n := cmp.Or(w.nodes[r.URL.Host], w.strangers[r.URL.Host])
	if n == nil {
		return nil, errors.New("no such host")
	}
	n.world.mu.Lock()
	around := n.around
	n.world.mu.Unlock()
	answer := httptest.NewRecorder()
	if around == nil {
		n.handler.ServeHTTP(answer, r)
	} else {
		around(answer, r, n.handler)
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if answer.Code == dead {
		return nil, io.ErrUnexpectedEOF
	}
	return answer.Result(), nil
}

// dead is the status of an answer that the connection breaks before.
const dead = 599

// set changes what a node does.
func (w *world) set(host string, change func(*node)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(w.nodes[host])
}

// run commits a block now and then until ctx ends.
func (w *world) run(ctx context.Context) {
	for {
		select {
		case <-time.After(blockTime):
			w.commit()
		case <-ctx.Done():
			return
		}
	}
}

// use has somebody else use up a sequence of an account.
func (w *world) use(address string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sequences[must(da.ParseAddress(address))]++
}

// commit makes a block of what waits in the mempools.
func (w *world) commit() {
	w.mu.Lock()
	defer w.mu.Unlock()
	var entries []da.Entry
	data := make(map[da.BlobID][]byte)
	for number := uint32(0); ; number++ {
		p := w.next()
		if p == nil {
			break
		}
		w.sequences[p.signer]++
		for i := range p.message.Blobs {
			info := &p.message.Blobs[i]
			data[info.ID()] = p.envelope.Blobs[i]
			entries = append(entries, da.Entry{
				Type: da.EntryTypeBlob, ID: info.ID(), Namespace: info.Namespace, Signer: p.signer, Commitments: info.Commitments,
				Keccak256: info.Keccak256, Cells: uint32(info.Cells()), Size: info.Size, Encoding: info.Encoding, Transaction: number,
				FirstCell: uint32(64 + len(entries)),
			})
		}
	}
	slices.SortStableFunc(entries, func(a, b da.Entry) int { return a.Namespace.Compare(b.Namespace) })
	w.blocks = append(w.blocks, w.newBlock(entries, data))
}

// next returns a transaction that some node would propose and that comes next. The caller
// holds mu.
func (w *world) next() *pooled {
	for _, n := range w.nodes {
		for _, p := range n.pool {
			if !n.idle && p.sequence == w.sequences[p.signer] && p.cap.GTE(math.NewInt(w.baseFee)) {
				return p
			}
		}
	}
	return nil
}

// newBlock makes the next block. The caller holds mu.
func (w *world) newBlock(entries []da.Entry, data map[da.BlobID][]byte) *block {
	b := &block{index: must(da.NewIndex(entries)), data: data}
	header := da.Header{
		Version: da.HeaderVersion, TxRows: 1, SharedRows: 1, Commitments: []kzg.Commitment{{0xc0, 1}, {0xc0, 2}},
		IndexRoot: b.index.Root(), BlobTreeRoot: da.BlobTreeRoot(b.index.IDs()),
	}
	txs := [][]byte{append([]byte{0}, header.Encode()...), {0}, {1}}
	hash := da.DataHash(txs)
	height := len(w.blocks) + 1
	signed := &types.Header{
		Version: cmtversion.Consensus{Block: version.BlockProtocol}, ChainID: w.chainID, Height: int64(height), Time: time.Now().UTC(),
		DataHash: hash[:], ValidatorsHash: w.validators(height).Hash(), NextValidatorsHash: w.validators(height + 1).Hash(),
		ProposerAddress: make([]byte, 20),
	}
	if height > 1 {
		signed.LastBlockID = blockID(w.blocks[height-2].header.Hash())
	}
	b.header = must(chain.Bind(&types.SignedHeader{Header: signed, Commit: w.commitTo(signed)}, *must(da.ProveHeader(txs))))
	return b
}

// block returns a block that the node has.
func (n *node) block(height uint64) (*block, error) {
	n.world.mu.Lock()
	defer n.world.mu.Unlock()
	if height == 0 || int(height) > n.head() {
		return nil, fmt.Errorf("%w: height %d", da.ErrFutureHeight, height)
	}
	return n.world.blocks[height-1], nil
}

// Head implements api.Squares.
func (n *node) Head() uint64 {
	n.world.mu.Lock()
	defer n.world.mu.Unlock()
	return uint64(n.head())
}

// head is the newest height. The caller holds the world's mu.
func (n *node) head() int {
	if n.stuckAt > 0 {
		return n.stuckAt
	}
	return len(n.world.blocks)
}

// Tail implements api.Squares.
func (n *node) Tail() uint64 { return 1 }

// DiskFull implements api.Squares.
func (n *node) DiskFull() bool { return false }

// Header implements api.Squares.
func (n *node) Header(_ context.Context, height uint64) (*da.Header, error) {
	b, err := n.block(height)
	if err != nil {
		return nil, err
	}
	return b.header.DA(), nil
}

// Index implements api.Squares.
func (n *node) Index(_ context.Context, height uint64) (*da.Index, error) {
	b, err := n.block(height)
	if err != nil {
		return nil, err
	}
	return must(da.NewIndex(b.index.Entries)), nil
}

// Blob implements api.Squares.
func (n *node) Blob(_ context.Context, height uint64, entry *da.Entry) ([]byte, error) {
	b, err := n.block(height)
	if err != nil {
		return nil, err
	}
	return b.data[entry.ID], nil
}

// Heights implements api.Squares.
func (n *node) Heights(_ context.Context, id da.BlobID, before uint64, limit int) (heights []uint64, _ error) {
	for height := n.Head(); height > 0 && len(heights) < limit; height-- {
		if b, err := n.block(height); err == nil && b.data[id] != nil && (before == 0 || height < before) {
			heights = append(heights, height)
		}
	}
	return heights, nil
}

// chainOf is a node's api.Chain.
type chainOf struct {
	api.Chain // what it does not have a method for is not asked
	n         *node
}

// Validators implements api.Chain.
func (c chainOf) Validators(_ context.Context, height uint64) (*types.ValidatorSet, error) {
	return c.n.world.validators(int(height)), nil
}

// Account implements api.Chain.
func (c chainOf) Account(_ context.Context, address [da.AddressSize]byte) (*api.Account, error) {
	c.n.world.mu.Lock()
	defer c.n.world.mu.Unlock()
	return &api.Account{Address: da.FormatAddress(address), Balance: "1", Sequence: c.n.world.sequences[address], Number: 3}, nil
}

// Fees implements api.Chain.
func (c chainOf) Fees(context.Context) (*api.Fees, error) {
	c.n.world.mu.Lock()
	defer c.n.world.mu.Unlock()
	return &api.Fees{Height: uint64(len(c.n.world.blocks)), BaseFee: fmt.Sprint(c.n.world.baseFee), GasPrice: "0"}, nil
}

// FeeEstimate implements api.Chain: to get in, three times the base fee is needed.
func (c chainOf) FeeEstimate(context.Context, api.FeeAsk) (*api.FeeEstimate, error) {
	c.n.world.mu.Lock()
	defer c.n.world.mu.Unlock()
	return &api.FeeEstimate{FeeCap: fmt.Sprint(3 * c.n.world.baseFee), TipCap: "7"}, nil
}

// Status implements api.Chain.
func (c chainOf) Status(context.Context) (*api.Status, error) {
	return &api.Status{ChainID: c.n.world.chainID, ChainHeight: c.n.Head()}, nil
}

// SubmitTx implements api.Submitter: the mempool takes what comes next after what it has of the
// account, and what offers a tenth more for the same sequence.
func (n *node) SubmitTx(_ context.Context, raw []byte) (api.Submitted, error) {
	p := pooledOf(raw)
	n.world.mu.Lock()
	defer n.world.mu.Unlock()
	next := n.world.sequences[p.signer]
	n.pool = slices.DeleteFunc(n.pool, func(q *pooled) bool { return q.sequence < n.world.sequences[q.signer] })
	for i, q := range n.pool {
		switch {
		case q.signer != p.signer:
			continue
		case q.id == p.id:
			return api.Submitted{Tx: p.id}, nil
		case q.sequence == p.sequence && p.cap.MulRaw(10).GTE(q.cap.MulRaw(11)):
			n.pool[i] = p
			return api.Submitted{Tx: p.id}, nil
		}
		next++
	}
	if p.sequence != next {
		return api.Submitted{}, fmt.Errorf("%w: expected %d, got %d", api.ErrBadSequence, next, p.sequence)
	}
	n.pool = append(n.pool, p)
	return api.Submitted{Tx: p.id}, nil
}

// TxStatus implements api.Submitter.
func (n *node) TxStatus(_ context.Context, id [da.HashSize]byte) (*api.TxStatus, error) {
	n.world.mu.Lock()
	defer n.world.mu.Unlock()
	status := &api.TxStatus{Status: "unknown"}
	for _, p := range n.pool {
		switch {
		case p.id != id:
		case p.sequence < n.world.sequences[p.signer]:
			status.Status = "included"
		default:
			status.Status = "waiting"
		}
	}
	return status, nil
}

func pooledOf(raw []byte) *pooled {
	envelope := must(da.DecodeEnvelope(raw))
	message := must(envelope.Message())
	var signed tx.TxRaw
	var auth tx.AuthInfo
	if err := errors.Join(signed.Unmarshal(envelope.Tx), auth.Unmarshal(signed.AuthInfoBytes)); err != nil {
		panic(err)
	}
	feeCap, _ := math.NewIntFromString(message.FeeCap)
	return &pooled{envelope.TxID(), message.Signer, auth.SignerInfos[0].Sequence, feeCap, envelope, message}
}

// testSigner is the account that tests post from.
func testSigner() *client.Signer {
	return must(client.NewSigner(secp256k1.GenPrivKeyFromSecret([]byte("a key of these tests"))))
}

// config configures a client of the world's nodes.
func (w *world) config(hosts ...string) client.Config {
	cfg := client.Config{Signer: testSigner(), Setup: testSetup(), HTTP: &http.Client{Transport: w}}
	for i, host := range hosts {
		if url := "http://" + host; i == 0 {
			cfg.URL = url
		} else {
			cfg.Fallbacks = append(cfg.Fallbacks, url)
		}
	}
	return cfg
}

// blobOf is a small blob.
func blobOf(namespace byte, text string) da.Blob {
	return da.Blob{Namespace: must(da.NewNamespace([]byte{namespace, 1})), Data: []byte(text)}
}

// inWorld runs a test in a bubble of its own, in which the world goes on until the test ends.
func inWorld(t *testing.T, hosts []string, test func(t *testing.T, w *world)) {
	t.Helper()
	testSetup()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(hosts...)
		ctx, cancel := context.WithCancel(context.Background())
		go w.run(ctx)
		test(t, w)
		cancel()
	})
}

// open makes a client that is closed when the test ends.
func open(t *testing.T, cfg client.Config) *client.Client {
	t.Helper()
	c, err := client.New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// finalWithin waits in the world's time.
func finalWithin(t *testing.T, s *client.Submission, limit time.Duration) []client.Posted {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	posted, err := s.Wait(ctx, client.Final)
	if err != nil {
		t.Fatal(err)
	}
	return posted
}

// once fails unless the chain has each blob at one place.
func (w *world) once(t *testing.T, ids ...da.BlobID) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range ids {
		times := 0
		for _, b := range w.blocks {
			for i := range b.index.Entries {
				if b.index.Entries[i].ID == id {
					times++
				}
			}
		}
		if times != 1 {
			t.Errorf("blob %s is in the chain %d times", id, times)
		}
	}
}

// isPost tells whether a request hands in a transaction.
func isPost(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/v1/txs")
}

// Header implements api.Chain.
func (c chainOf) Header(_ context.Context, height uint64) (*chain.Header, error) {
	b, err := c.n.block(height)
	if err != nil {
		return nil, err
	}
	return b.header, nil
}
