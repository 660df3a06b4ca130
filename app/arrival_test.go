package app_test

import (
	"testing"

	abci "github.com/cometbft/cometbft/abci/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/app/blob"
	"github.com/ashlar-da/ashlar/app/pool"
	"github.com/ashlar-da/ashlar/da"
)

// reserve takes transactions as far as they get before KZG.
func (c *chain) reserve(txs ...[]byte) []*app.Arrival {
	c.t.Helper()
	var arrivals []*app.Arrival
	for _, tx := range txs {
		x := c.app.Inspect(tx)
		c.app.Reserve(x)
		arrivals = append(arrivals, x)
	}
	return arrivals
}

// arrive takes transactions into the mempool together, and returns what CheckTx, or what comes
// before it, says of each.
func (c *chain) arrive(txs ...[]byte) []*abci.ResponseCheckTx {
	c.t.Helper()
	arrivals := c.reserve(txs...)
	c.app.Settle(arrivals)
	var responses []*abci.ResponseCheckTx
	for i, x := range arrivals {
		if x.Refusal == nil {
			x.Refusal = c.check(txs[i])
		}
		responses = append(responses, x.Refusal)
	}
	return responses
}

// lie returns a transaction whose blobs have each other's commitments.
func (c *chain) lie(from account, sequence uint64) []byte {
	c.t.Helper()
	msg, envelope := c.envelope(from, generous, smallBlob(c.t, 1, 100), smallBlob(c.t, 2, 100))
	msg.Blobs[0].Commitments, msg.Blobs[1].Commitments = msg.Blobs[1].Commitments, msg.Blobs[0].Commitments
	envelope.Tx = c.sign(from, terms{sequence: sequence}, msg)
	return envelope.Encode()
}

// requireWaiting fails unless so many transactions hold a place.
func (c *chain) requireWaiting(want int) {
	c.t.Helper()
	if have := c.app.Mempool().CountTx(); have != want {
		c.t.Errorf("%d transactions hold a place, want %d", have, want)
	}
}

// TestArrivalsAreRefusedAsByCheckTx: what is wrong has the same name whichever way a transaction
// takes, and leaves no place behind.
func TestArrivalsAreRefusedAsByCheckTx(t *testing.T) {
	c := newChain(t)
	blobs := []da.Blob{rowBlob(t, 1), smallBlob(t, 2, 100)}
	var falls int
	for _, ce := range corruptEnvelopes() {
		fresh := newChain(t)
		user := fresh.accounts[2]
		before := fresh.app.Verifications()
		requireRefusal(t, ce.name, fresh.arrive(ce.build(fresh, user, blobs))[0], ce.want)
		fresh.requireWaiting(0)
		falls += int(fresh.app.Verifications() - before)
	}
	if want := 4; falls != want { // three of false commitments and proofs, one of scalars
		t.Errorf("%d of the corrupt transactions got as far as KZG, want %d", falls, want)
	}
	good := c.blobTx(c.accounts[2], terms{}, generous, blobs...)
	for _, resp := range c.arrive(good, good) { // again: it waits
		if resp.Code != 0 {
			t.Errorf("refused: %s", resp.Log)
		}
	}
	c.requireWaiting(1)
	if have := c.app.Verifications(); have != 1 {
		t.Errorf("one that came twice was verified %d times", have)
	}
}

// TestAnArrivalHoldsItsPlace: two of one account come together. Until they are verified nobody is
// offered them or told of them, but a third finds its place taken.
func TestAnArrivalHoldsItsPlace(t *testing.T) {
	c := newChain(t)
	user := c.accounts[2]
	first := c.blobTx(user, terms{}, generous, smallBlob(t, 1, 100))
	second := c.blobTx(user, terms{sequence: 1}, generous, smallBlob(t, 2, 100))
	arrivals := c.reserve(first, second)
	c.requireWaiting(2)
	c.requireKind("the unverified one", first, pool.Unknown)
	if txs := c.propose(); len(txs) != len(da.EmptyTxs()) {
		t.Errorf("a block of %d transactions is offered before they are verified", len(txs))
	}
	requireRefusal(t, "of a sequence that is taken", c.check(c.blobTx(user, terms{}, generous, smallBlob(t, 3, 100))), blob.ErrUnderpriced)
	c.app.Settle(arrivals)
	verified := c.app.Verifications()
	c.accept(first, second)
	if have := c.app.Verifications(); have != verified {
		t.Errorf("CheckTx verified %d again", have-verified)
	}
	c.requireKind("the verified one", first, pool.Waiting)
	if txs, _ := c.step(); len(txs) != len(da.EmptyTxs())+2 {
		t.Errorf("a block of %d transactions, want both", len(txs))
	}
}

// TestAFalseOneAmongGood: it is found, with what its signer sent after it, and nobody else is refused.
func TestAFalseOneAmongGood(t *testing.T) {
	c := newChain(t)
	liar := c.accounts[2]
	txs := [][]byte{
		c.blobTx(c.accounts[0], terms{}, generous, smallBlob(t, 1, 100)),
		c.blobTx(c.accounts[1], terms{}, generous, rowBlob(t, 2)),
		c.lie(liar, 0),
		c.blobTx(liar, terms{sequence: 1}, generous, smallBlob(t, 3, 100)),
		c.blobTx(c.accounts[3], terms{}, generous, smallBlob(t, 4, 100)),
	}
	arrivals := c.reserve(txs...)
	c.requireWaiting(5)
	if good, bad := c.app.Settle(arrivals); good != 3 || bad != 2 {
		t.Errorf("%d are found good and %d false, want 3 and 2", good, bad)
	}
	c.requireWaiting(3)
	for i, x := range arrivals {
		if bad := i == 2 || i == 3; bad != (x.Refusal != nil) {
			t.Errorf("transaction %d: refused %v, want %v", i, x.Refusal != nil, bad)
		}
	}
	requireRefusal(t, "the lie", arrivals[2].Refusal, blob.ErrInvalidProof)
	requireRefusal(t, "what its signer sent after it", arrivals[3].Refusal, blob.ErrBackOff)
	c.requireKind("the lie", txs[2], pool.Refused)
	if have := c.app.Verifications(); have != 4 {
		t.Errorf("%d verdicts by KZG, want 4", have)
	}
	c.step()
	c.requireKind("a good one", txs[4], pool.Included)
}

// TestStrangersHoldNobodysPlace: a victim's signed transaction in false blobs gets no place, so the
// victim's own finds it free.
func TestStrangersHoldNobodysPlace(t *testing.T) {
	c := newChain(t)
	good := c.blobTx(c.accounts[2], terms{}, generous, smallBlob(t, 1, 100))
	envelope, err := da.DecodeEnvelope(good)
	if err != nil {
		t.Fatal(err)
	}
	envelope.Blobs[0] = flipLast(envelope.Blobs[0])
	arrivals := c.reserve(envelope.Encode())
	requireRefusal(t, "false blobs", arrivals[0].Refusal, blob.ErrBlobMismatch)
	c.requireWaiting(0)
	if resp := c.arrive(good)[0]; resp.Code != 0 {
		t.Errorf("the victim's own is refused: %s", resp.Log)
	}
}

// TestAnArrivalDisplacesNobodyUnverified: in a full mempool, one that tips more waits until its blobs
// are known to be good before another leaves for it; false ones evict nothing.
func TestAnArrivalDisplacesNobodyUnverified(t *testing.T) {
	c := newLimitedChain(t, pool.Limits{Txs: 1, Bytes: 1 << 20, Blocks: 10, AccountTxs: 64, AccountBytes: 1 << 20})
	within := c.tipping(c.accounts[1], 0, 0)
	c.accept(within)
	lie := c.reserve(c.lie(c.accounts[2], 0))
	good := c.blobTx(c.accounts[3], terms{}, generous, smallBlob(t, 1, 100))
	arrivals := append(lie, c.reserve(good)...)
	for i, x := range arrivals {
		if !x.Displaces || x.Refusal != nil {
			t.Fatalf("transaction %d: displaces %v, %v", i, x.Displaces, x.Refusal)
		}
	}
	c.requireKind("what waits", within, pool.Waiting)
	c.app.Settle(arrivals)
	requireRefusal(t, "the lie", arrivals[0].Refusal, blob.ErrInvalidProof)
	c.requireKind("what waits", within, pool.Waiting)
	verified := c.app.Verifications()
	c.accept(good)
	c.requireKind("what waited", within, pool.Evicted)
	if have := c.app.Verifications(); have != verified {
		t.Error("CheckTx verified it again")
	}
}

// TestUnknownSignersShareABudgetInABatch: as many false blobs of unknown signers are looked at in
// one batch as are one after another.
func TestUnknownSignersShareABudgetInABatch(t *testing.T) {
	const liars, budget = 40, 32
	c := newChainOf(t, newApp(t), liars)
	var txs [][]byte
	for _, liar := range c.accounts {
		txs = append(txs, c.lie(liar, 0))
	}
	refused := 0
	for _, resp := range c.arrive(txs...) {
		if resp.Codespace == blob.ErrBackOff.Codespace() && resp.Code == blob.ErrBackOff.ABCICode() {
			refused++
		}
	}
	if have := c.app.Verifications(); have != budget || refused != liars-budget {
		t.Errorf("%d verdicts by KZG and %d refused unseen, want %d and %d", have, refused, budget, liars-budget)
	}
	c.requireWaiting(0)
	requireRefusal(t, "a wrong sequence", c.arrive(c.lie(c.accounts[0], 7))[0], sdkerrors.ErrWrongSequence)
}

// TestNewcomersWaitForTheBudget: of signers of whom nothing is known no more are verified together than may
// still fail, and the others are told nothing worse than to come after them.
func TestNewcomersWaitForTheBudget(t *testing.T) {
	const newcomers, budget = 34, 32
	c := newChainOf(t, newApp(t), newcomers)
	requireRefusal(t, "a lie", c.arrive(c.lie(c.accounts[0], 0))[0], blob.ErrInvalidProof)
	var txs [][]byte
	for i, user := range c.accounts[1:] {
		txs = append(txs, c.blobTx(user, terms{}, generous, smallBlob(t, byte(i), 100)))
	}
	arrivals := c.reserve(txs...)
	for i, x := range arrivals {
		if late := i >= budget-1; x.Refusal != nil || x.Later != late {
			t.Fatalf("newcomer %d: refused %v, later %v, want %v", i, x.Refusal, x.Later, late)
		}
	}
	c.requireWaiting(budget - 1)
	c.app.Settle(arrivals)
	for _, resp := range c.arrive(txs...) {
		if resp.Code != 0 {
			t.Errorf("refused: %s", resp.Log)
		}
	}
	c.requireWaiting(newcomers - 1)
}

// TestTheSameBytesAgainVouchForNothing: a place is confirmed by what was verified for it, not by a
// second arrival that found it held.
func TestTheSameBytesAgainVouchForNothing(t *testing.T) {
	c := newChain(t)
	lie := c.lie(c.accounts[2], 0)
	first := c.reserve(lie)
	again := c.reserve(lie)
	c.app.Settle(again)
	c.requireKind("a lie that is not settled", lie, pool.Unknown)
	c.app.Settle(first)
	requireRefusal(t, "the lie", first[0].Refusal, blob.ErrInvalidProof)
	c.requireWaiting(0)
}

// TestABlockBesideSettle: one that takes the sequence of an arrival leaves nothing of it behind, and what
// else is being verified waits on, whichever comes first.
func TestABlockBesideSettle(t *testing.T) {
	proposer, c := newChain(t), newChain(t)
	user, other := c.accounts[2], c.accounts[3]
	proposer.accept(proposer.blobTx(user, terms{}, generous, smallBlob(t, 9, 100)))
	block, _ := proposer.step()
	taken := c.blobTx(user, terms{}, generous, smallBlob(t, 1, 100))
	good := [][]byte{
		c.blobTx(user, terms{sequence: 1}, generous, smallBlob(t, 2, 100)),
		c.blobTx(other, terms{}, generous, smallBlob(t, 3, 100)),
	}
	lie := c.lie(c.accounts[1], 0)
	arrivals := c.reserve(taken, good[0], good[1], lie)
	settled := make(chan struct{})
	go func() {
		defer close(settled)
		c.app.Settle(arrivals)
	}()
	c.apply(block)
	<-settled
	c.requireWaiting(len(good))
	c.requireKind("whose sequence the block took", taken, pool.Evicted)
	c.requireKind("the lie", lie, pool.Refused)
	requireRefusal(t, "whose sequence the block took", c.check(taken), sdkerrors.ErrWrongSequence)
	c.accept(good...)
	if txs, _ := c.step(); len(txs) != len(da.EmptyTxs())+len(good) {
		t.Errorf("a block of %d transactions, want %d besides the injected ones", len(txs), len(good))
	}
}
