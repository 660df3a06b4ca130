package operator

import (
	"context"
	"encoding/binary"
	"math/big"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/examples/validium/circuit"
	"github.com/ashlar-da/ashlar/examples/validium/l1"
	"github.com/ashlar-da/ashlar/examples/validium/ledger"
)

const (
	chainID   = "ashlar-test-1"
	retention = 40 * time.Minute
	patience  = 10 * time.Minute
	grace     = 15 * time.Minute
	pace      = time.Minute
	least     = 1_000_000 // gwei
	fee       = 20_000    // gwei
	maxAge    = 20 * time.Minute
	trusting  = 24 * time.Hour
	attesters = 4
)

var shape = ledger.Shape{Depth: 3, SliceDepth: 1, Deposits: 2, Transfers: 1}

// keys are drawn once: they take most of the time of these tests, and stay in build/ for the next.
var keys = sync.OnceValues(func() (*Keys, error) {
	folder := filepath.Join("..", "..", "..", "build", "validium")
	batches, _, err := circuit.Cached(folder, circuit.NewBatch(shape))
	if err != nil {
		return nil, err
	}
	checkpoints, _, err := circuit.Cached(folder, circuit.NewCheckpoint(shape))
	return &Keys{Shape: shape, Batches: batches, Checkpoints: checkpoints}, err
})

// world is a validium, and an Ashlar of which there is no more than its attesters: they sign whatever
// blocks the test makes, in the real format.
type world struct {
	*testing.T
	ctx       context.Context
	chain     *l1.Chain
	op, anna  *l1.Wallet
	ben       *l1.Wallet
	ashlar    *l1.Ashlar
	validium  *l1.Validium
	operator  *Operator
	namespace da.Namespace

	set     *da.AttesterSet
	secrets []*da.AttestationSecret
	leaves  [][da.HashSize]byte
}

func newWorld(t *testing.T, change ...func(*l1.Terms)) *world {
	t.Helper()
	w := &world{T: t, ctx: t.Context(), op: l1.NewWallet("operator"), anna: l1.NewWallet("anna"), ben: l1.NewWallet("ben")}
	w.chain = l1.NewChain(w.op, w.anna, w.ben)
	t.Cleanup(func() { _ = w.chain.Close() })
	copy(w.namespace[19:], "validium")
	w.elect()
	w.chain.Mine()
	var err error
	w.ashlar, err = w.chain.DeployAshlar(w.ctx, w.op, chainID, w.set, w.now(), l1.Bounds{MaxAge: maxAge, TrustingPeriod: trusting, Window: 100})
	w.must(err)
	k, err := keys()
	w.must(err)
	terms := w.terms(k)
	for _, f := range change {
		f(&terms)
	}
	w.validium, err = w.chain.DeployValidium(w.ctx, w.op, terms)
	w.must(err)
	setup, err := kzg.NewSetup()
	w.must(err)
	w.operator, err = New(w.ctx, w.op, w.validium, k, setup)
	w.must(err)
	return w
}

// terms are what a validium is deployed with unless a test says otherwise.
func (w *world) terms(k *Keys) l1.Terms {
	return l1.Terms{
		Blobs: w.ashlar.Address(), Operator: w.op.Address, Namespace: w.namespace, Retention: retention, Patience: patience,
		Grace: grace, Pace: pace, MinDeposit: least, ExitFee: fee,
		Shape: shape, BatchKey: k.Batches.VerifyingKey(), CheckpointKey: k.Checkpoints.VerifyingKey(),
	}
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// refused wants a named error of a contract.
func (w *world) refused(err error, name string) {
	w.Helper()
	if got := l1.Refused(err); got != name {
		w.Errorf("%v, want %s", err, name)
	}
}

func (w *world) now() uint64 {
	w.Helper()
	now, err := w.chain.Now(w.ctx)
	w.must(err)
	return uint64(now.Unix())
}

func (w *world) sleep(d time.Duration) {
	w.Helper()
	w.must(w.chain.Sleep(d))
	w.chain.Mine()
}

// elect draws an attester set.
func (w *world) elect() {
	w.set = &da.AttesterSet{Epoch: 1, Total: attesters}
	for i := range attesters {
		secret, err := da.NewAttestationSecret(nil)
		w.must(err)
		w.secrets = append(w.secrets, secret)
		w.set.Attesters = append(w.set.Attesters, da.Attester{Operator: [20]byte{byte(i + 1)}, Key: secret.Key(), Power: 1})
	}
}

// post makes a block of one blob, and a place for it in the history that ends there.
func (w *world) post(p *Publication) l1.Posted { return w.postIn(w.namespace, p) }

func (w *world) postIn(namespace da.Namespace, p *Publication) l1.Posted {
	w.Helper()
	id := da.ComputeBlobID(namespace, da.EncodingRaw, da.Keccak256(p.Data), []kzg.Commitment{p.Commitment}, uint64(len(p.Data)))
	height := uint64(len(w.leaves) + 1)
	tree := da.BlobTreeRoot([]da.BlobID{id})
	dataRoot := da.Keccak256(binary.BigEndian.AppendUint64(nil, height))
	w.leaves = append(w.leaves, da.HistoryLeaf(height, dataRoot, tree))
	return l1.Posted{
		VersionedHash: p.VersionedHash, DataKeccak: da.Keccak256(p.Data),
		Place: l1.Place{Height: height, DataRoot: dataRoot, BlobTreeRoot: tree}, Tree: [][32]byte{},
	}
}

// attest signs the newest height, relays that, and proves where a blob is in it.
func (w *world) attest(posted l1.Posted, signers int) (l1.Posted, error) {
	w.Helper()
	proof, err := da.ProveHistory(w.leaves, posted.Place.Height)
	w.must(err)
	newest := uint64(len(w.leaves))
	hash, err := w.set.Hash()
	w.must(err)
	c := &da.Certificate{Attestation: da.Attestation{
		ChainID: chainID, Epoch: 1, SetHash: hash, Height: newest, Time: w.now(), HistoryRoot: historyRoot(w.leaves),
		DataRoot: posted.Place.DataRoot, BlobTreeRoot: posted.Place.BlobTreeRoot,
	}}
	var signatures []da.AttestationSignature
	for i, secret := range w.secrets[:signers] {
		s, err := secret.Attest(c.Digest())
		w.must(err)
		c.Signers.Add(i)
		signatures = append(signatures, s)
	}
	c.Signature, err = da.AggregateSignatures(signatures)
	w.must(err)
	posted.HistoryRoot = c.HistoryRoot
	posted.Place.History = proof.Path
	if proof.Right != ([32]byte{}) {
		posted.Place.History = append(posted.Place.History, proof.Right)
	}
	posted.Place.History = append(posted.Place.History, proof.Left...)
	if posted.Place.History == nil {
		posted.Place.History = [][32]byte{}
	}
	_, err = w.ashlar.Attest(w.ctx, w.op, c)
	return posted, err
}

func historyRoot(leaves [][da.HashSize]byte) [32]byte {
	var h da.History
	for _, leaf := range leaves {
		h = h.Append(leaf)
	}
	return h.Root()
}

// published posts and attests.
func (w *world) published(p *Publication) l1.Posted {
	w.Helper()
	posted, err := w.attest(w.post(p), attesters)
	w.must(err)
	return posted
}

// checkpoint publishes and lands one of the state as it is.
func (w *world) checkpoint() {
	w.Helper()
	slices, err := w.operator.Checkpoint()
	w.must(err)
	for _, s := range slices {
		_, err := w.operator.LandSlice(w.ctx, s, w.published(s.Publication))
		w.must(err)
	}
}

// opened deposits for anna and ben, and makes a batch of that.
func (w *world) opened() (secret *ledger.Secret, m *Move) {
	w.Helper()
	for _, wallet := range []*l1.Wallet{w.anna, w.ben} {
		drawn, err := ledger.NewSecret()
		w.must(err)
		if secret == nil {
			secret = drawn
		}
		w.must(w.validium.Deposit(w.ctx, wallet, drawn.Key(), 5_000_000))
	}
	m, err := w.operator.Batch(w.ctx)
	w.must(err)
	return secret, m
}

// transfer has anna send.
func (w *world) transfer(secret *ledger.Secret, to uint16, gwei uint64) *Move {
	w.Helper()
	a, _ := w.operator.State().Account(1)
	domain, err := w.validium.Domain(w.ctx)
	w.must(err)
	t, err := ledger.Transfer{From: 1, To: to, Amount: gwei}.Sign(secret, a.Nonce, domain)
	w.must(err)
	w.operator.Submit(t)
	m, err := w.operator.Batch(w.ctx)
	w.must(err)
	return m
}

func (w *world) balance(of *l1.Wallet) *big.Int {
	w.Helper()
	n, err := w.chain.Balance(w.ctx, of.Address)
	w.must(err)
	return n
}
