package app_test

import (
	"bytes"
	"slices"
	"testing"

	"cosmossdk.io/math"
	abci "github.com/cometbft/cometbft/abci/types"
	cmttypes "github.com/cometbft/cometbft/types"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/da"
)

// TestBlobReachesTheSquare is the whole path of a block: submitted, proposed, voted for,
// executed and committed.
func TestBlobReachesTheSquare(t *testing.T) {
	c := newChain(t)
	user := c.accounts[2]
	blobs := []da.Blob{rowBlob(t, 1), smallBlob(t, 2, 100), rawBlob(t, 3)}
	c.accept(c.blobTx(user, terms{}, generous, blobs...), c.transfer(c.accounts[3], user, 0))
	txs, result := c.step()
	if len(txs) != 4 || len(result.TxResults) != 4 {
		t.Fatalf("have %d transactions and %d results, want 4 each", len(txs), len(result.TxResults))
	}
	for i, r := range result.TxResults {
		if r.Code != 0 {
			t.Errorf("transaction %d: code %d: %s", i, r.Code, r.Log)
		}
	}
	block, err := da.ParseBlock(da.DefaultLimits(), txs)
	if err != nil {
		t.Fatal(err)
	}
	if len(block.Square.Index.Entries) != len(blobs) {
		t.Fatalf("have %d index entries, want %d", len(block.Square.Index.Entries), len(blobs))
	}
	roots, err := c.app.Keepers.Blob.Roots(c.ctx(), c.height)
	if err != nil {
		t.Fatal(err)
	}
	if want := block.Header.DataRoot(); !bytes.Equal(roots.DataRoot, want[:]) || !bytes.Equal(roots.BlobTreeRoot, block.Header.BlobTreeRoot[:]) {
		t.Error("state keeps other roots than the block's DA header")
	}
	if c.app.Mempool().CountTx() != 0 {
		t.Error("executed transactions stay in the mempool")
	}
}

// TestNodesAgree runs the same blocks on a proposer, on a validator and on a node that
// syncs blocks: it only ever sees FinalizeBlock.
func TestNodesAgree(t *testing.T) {
	proposer, validator, syncing := newChain(t), newChain(t), newChain(t)
	for round := range uint64(3) {
		proposer.accept(
			proposer.blobTx(proposer.accounts[2], terms{sequence: round}, generous, smallBlob(t, byte(round+1), 300)),
			proposer.transfer(proposer.accounts[3], proposer.accounts[4], round),
		)
		txs, want := proposer.step()
		for vote := range 2 {
			if !validator.process(txs) {
				t.Fatalf("height %d: the validator rejects the block in round %d", proposer.height, vote)
			}
		}
		for name, c := range map[string]*chain{"validator": validator, "syncing node": syncing} {
			if got := c.apply(txs); !bytes.Equal(got.AppHash, want.AppHash) {
				t.Fatalf("height %d: the %s has application hash %X, the proposer %X", proposer.height, name, got.AppHash, want.AppHash)
			}
		}
	}
}

// TestBlockFollowsFromHeaderAndSquare rebuilds Data.Txs from what a light node network
// holds, and reproduces the hash that CometBFT signs.
func TestBlockFollowsFromHeaderAndSquare(t *testing.T) {
	c := newChain(t)
	for _, tx := range goodTxs(c) {
		c.accept(tx)
	}
	txs, _ := c.step()
	block, err := da.ParseBlock(da.DefaultLimits(), txs)
	if err != nil {
		t.Fatal(err)
	}
	rebuilt, err := da.RebuildTxs(testSetup(t), block.Header, block.Square.Rows, nil)
	if err != nil {
		t.Fatal(err)
	}
	data, again := &cmttypes.Data{}, &cmttypes.Data{}
	for i := range txs {
		data.Txs, again.Txs = append(data.Txs, txs[i]), append(again.Txs, rebuilt[i])
	}
	if !slices.EqualFunc(rebuilt, txs, bytes.Equal) || !bytes.Equal(data.Hash(), again.Hash()) {
		t.Fatal("the rebuilt transactions are not the block's")
	}
}

// TestBlobTransactionsComeFirstByTip proposes them against the order of arrival. All
// name the same fee, of which little more than what is due goes to execution.
func TestBlobTransactionsComeFirstByTip(t *testing.T) {
	c := newChain(t)
	exact := terms{gas: 200_000, fee: math.NewInt(40e12)}
	second := exact
	second.sequence = 1
	c.accept(
		c.transfer(c.accounts[1], c.accounts[0], 0),
		c.blobTx(c.accounts[2], exact, offer{feeCap: 1e10, tipCap: 1e7}, smallBlob(t, 1, 10)),
		c.blobTx(c.accounts[3], exact, offer{feeCap: 1e10, tipCap: 3e7}, smallBlob(t, 2, 10)),
		c.blobTx(c.accounts[3], second, offer{feeCap: 1e10, tipCap: 9e7}, smallBlob(t, 3, 10)),
		c.blobTx(c.accounts[4], exact, offer{feeCap: 1e10, tipCap: 2e7}, smallBlob(t, 4, 10)),
	)
	block, err := da.ParseBlock(da.DefaultLimits(), c.propose())
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, message := range block.Messages {
		order = append(order, message.TipCap)
	}
	if want := []string{"30000000", "90000000", "20000000", "10000000"}; !slices.Equal(order, want) || len(block.Plain) != 1 {
		t.Fatalf("have tips in order %v and %d plain transactions, want %v and 1", order, len(block.Plain), want)
	}
}

// TestProposalsStayWithinTheirBounds fills mempools beyond what a block takes: the rest
// waits, and is proposed later.
func TestProposalsStayWithinTheirBounds(t *testing.T) {
	c := newChain(t)
	for i := range uint64(4) {
		c.accept(c.blobTx(c.accounts[2], terms{sequence: i}, generous, rowBlob(t, byte(i+1))))
	}
	const room = 500_000
	var size int64
	txs := c.proposeWithin(room)
	for _, tx := range txs {
		size += cmttypes.ComputeProtoSizeForTxs([]cmttypes.Tx{tx})
	}
	if size > room || len(txs) != 2+3 {
		t.Fatalf("have %d transactions of %d bytes, want 3 and those injected within %d bytes", len(txs), size, room)
	}
	if !c.process(txs) {
		t.Fatal("the application rejects its own proposal")
	}
	c.apply(txs)
	if rest, _ := c.step(); len(rest) != 2+1 {
		t.Fatalf("the next block has %d transactions, want what is left and those injected", len(rest))
	}
}

// TestMempoolKeepsWhatWaitsForAnotherKind: a sender's blob transaction behind its own
// transfer cannot come first; it follows in the next block.
func TestMempoolKeepsWhatWaitsForAnotherKind(t *testing.T) {
	c := newChain(t)
	user := c.accounts[2]
	c.accept(c.transfer(user, c.accounts[3], 0), c.blobTx(user, terms{sequence: 1}, generous, smallBlob(t, 1, 10)))
	for range 2 {
		if txs, _ := c.step(); len(txs) != 2+1 {
			t.Fatalf("height %d has %d transactions, want one and those injected", c.height, len(txs))
		}
	}
	if sequence := c.sequence(user); sequence != 2 {
		t.Fatalf("have sequence %d want 2", sequence)
	}
}

// TestKeyMayBeLeftOut: a signer whose public key is on chain need not send it again. The
// mempool names its sender all the same.
func TestKeyMayBeLeftOut(t *testing.T) {
	c := newChain(t)
	user := c.accounts[2]
	c.accept(c.transfer(user, c.accounts[3], 0))
	c.step()
	c.accept(c.blobTx(user, terms{sequence: 1, keyless: true}, generous, smallBlob(t, 1, 10)))
	txs, resp := c.step()
	if len(txs) != 2+1 || resp.TxResults[2].Code != 0 {
		t.Fatalf("have %d transactions with results %v, want one that succeeds and those injected", len(txs), resp.TxResults)
	}
	c.accept(c.transfer(user, c.accounts[3], 2))
}

// TestProposerOffersTheEmptySquareOnFailure makes building a square fail, and panic.
// BaseApp alone would offer the raw transactions that CometBFT handed in.
func TestProposerOffersTheEmptySquareOnFailure(t *testing.T) {
	for name, breakIt := range map[string]func(*app.App){
		"error": func(a *app.App) { a.DropSetup() },
		"panic": func(a *app.App) { a.Keepers.Blob = nil },
	} {
		c := newChain(t)
		tx := c.transfer(c.accounts[2], c.accounts[3], 0)
		c.accept(tx)
		keeper := c.app.Keepers.Blob
		breakIt(c.app)
		resp, err := c.app.PrepareProposal(&abci.RequestPrepareProposal{
			MaxTxBytes: app.MaxBlockBytes, Height: c.height + 1, Time: c.now(), Txs: [][]byte{tx},
		})
		if err != nil || !slices.EqualFunc(resp.Txs, da.EmptyTxs(), bytes.Equal) {
			t.Errorf("%s: have %d transactions (%v), want the empty square", name, len(resp.Txs), err)
		}
		c.app.Keepers.Blob = keeper
	}
	if !newChain(t).process(da.EmptyTxs()) {
		t.Fatal("the empty square is rejected")
	}
}

// TestVerdictsAreRemembered takes away what verification needs after the first round:
// later rounds and FinalizeBlock must not need it again.
func TestVerdictsAreRemembered(t *testing.T) {
	c := newChain(t)
	good := build(t, da.DefaultLimits(), c.blobTx(c.accounts[2], terms{}, generous, smallBlob(t, 1, 10)))
	bad := cloneTxs(good)
	bad[1] = flipLast(bad[1])
	if !c.process(good) || c.process(bad) {
		t.Fatal("wrong verdicts to begin with")
	}
	c.app.DropSetup()
	if !c.process(good) || c.process(bad) {
		t.Fatal("verdicts changed")
	}
	requireExecuted(t, c.apply(good))
}

// TestCheckedEnvelopesAreKnown: what CheckTx verified, a block's verification leaves out.
func TestCheckedEnvelopesAreKnown(t *testing.T) {
	c := newChain(t)
	tx := c.blobTx(c.accounts[2], terms{}, generous, smallBlob(t, 1, 10))
	envelope, err := da.DecodeEnvelope(tx)
	if err != nil {
		t.Fatal(err)
	}
	before := c.app.Knows(envelope)
	c.accept(tx)
	if before || !c.app.Knows(envelope) {
		t.Fatal("an envelope is known before CheckTx, or not after")
	}
	envelope.Blobs[0] = flipLast(envelope.Blobs[0])
	if c.app.Knows(envelope) {
		t.Fatal("other data is known as well")
	}
}

// TestInjectedTransactionsSucceed: their codes are hashed, so all nodes must say the same.
func TestInjectedTransactionsSucceed(t *testing.T) {
	c := newChain(t)
	resp := c.apply(da.EmptyTxs())
	if len(resp.TxResults) != 2 || resp.TxResults[0].Code != 0 || resp.TxResults[1].Code != 0 {
		t.Fatalf("have results %v, want two of code 0", resp.TxResults)
	}
}
