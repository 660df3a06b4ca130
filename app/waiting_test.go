package app_test

import (
	"encoding/binary"
	"testing"
	"time"

	"cosmossdk.io/math"
	abci "github.com/cometbft/cometbft/abci/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	"github.com/cosmos/cosmos-sdk/x/feegrant"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/app/blob"
	"github.com/ashlar-da/ashlar/app/pool"
	"github.com/ashlar-da/ashlar/da"
)

// steep makes blocks small, so that one posting fills a block.
func steep(e *app.Encoding, s app.GenesisState) {
	state := blob.DefaultGenesis()
	state.Params.MaxRows, state.Params.MaxTxRows, state.Params.MaxSharedRows = 3, 1, 1
	state.Params.BlockTime = 6 * time.Second
	s[blob.ModuleName] = e.Codec.MustMarshalJSON(state)
}

// full returns a transaction that fills most of a steep block.
func (c *chain) full(from account, sequence uint64) []byte {
	c.t.Helper()
	return c.blobTx(from, terms{sequence: sequence}, generous, rowBlob(c.t, 1), smallBlob(c.t, 2, 32*da.DataCellSize), smallBlob(c.t, 3, 32*da.DataCellSize))
}

func (c *chain) idOf(tx []byte) [da.HashSize]byte {
	c.t.Helper()
	id, err := da.TxID(tx)
	if err != nil {
		c.t.Fatal(err)
	}
	return id
}

// requireKind fails unless the application says that of a transaction.
func (c *chain) requireKind(name string, tx []byte, want pool.Kind) pool.Status {
	c.t.Helper()
	status := c.app.TxStatus(c.idOf(tx))
	if status.Kind != want {
		c.t.Errorf("%s is %s (%s), want %s", name, status.Kind, status.Reason, want)
	}
	return status
}

// TestATransactionUnderTheBaseFeeWaits: full blocks raise the price above a transaction's cap.
// It stays, with what comes after it, is in no block while that lasts, and is in one when the
// price has fallen again.
func TestATransactionUnderTheBaseFeeWaits(t *testing.T) {
	c := newChain(t, steep)
	low := offer{feeCap: 1_010_000_000, tipCap: 1}
	exact := func(sequence uint64) terms { return terms{sequence: sequence, gas: 200_000, fee: math.NewInt(13e12)} }
	waits := c.blobTx(c.accounts[2], exact(0), low, smallBlob(t, 7, 100))
	after := c.blobTx(c.accounts[2], terms{sequence: 1}, offer{feeCap: generous.feeCap, tipCap: 1}, smallBlob(t, 8, 100))
	c.accept(c.full(c.accounts[3], 0), c.full(c.accounts[3], 1), waits, after)
	for range 2 {
		c.step()
		for name, tx := range map[string][]byte{"low": waits, "after": after} {
			if resp := c.recheck(tx); resp.Code != 0 {
				t.Fatalf("%s is dropped at height %d: %s", name, c.height, resp.Log)
			}
		}
	}
	if status := c.requireKind("low", waits, pool.Waiting); status.Priority >= 0 || status.Height != 1 || status.Cap != "1010000000" {
		t.Errorf("it waits as %+v", status)
	}
	if txs := c.propose(); len(txs) != 2 {
		t.Fatalf("%d transactions are offered under the base fee or behind what is", len(txs)-2)
	}
	c.step()
	_, resp := c.step()
	requireExecuted(t, resp)
	if len(resp.TxResults) != 2+2 || c.sequence(c.accounts[2]) != 2 {
		t.Fatalf("%d transactions are in the block once the price has fallen, want 2", len(resp.TxResults)-2)
	}
	if status := c.requireKind("low", waits, pool.Included); status.Height != c.height || status.Index != 0 || status.Code != 0 {
		t.Errorf("it was included as %+v", status)
	}
}

// TestReplacingATransaction: the one that offers a tenth more takes the other's place, on a
// state that has moved on, before those of later sequences; one of both is ever in a block.
func TestReplacingATransaction(t *testing.T) {
	c := newChain(t)
	user, bids := c.accounts[2], offer{feeCap: 2_000_000_000, tipCap: 100_000_000}
	named := func(sequence uint64, fee int64) terms {
		return terms{sequence: sequence, gas: 200_000, fee: math.NewInt(fee)}
	}
	first, second := c.blobTx(user, named(0, 20e12), bids, rawBlob(t, 1)), c.blobTx(user, named(1, 20e12), bids, smallBlob(t, 2, 10))
	c.accept(first, second)
	before := c.app.Verifications()
	more := offer{feeCap: 2_200_000_000, tipCap: 110_000_000}
	for name, refused := range map[string][]byte{
		"fee cap": c.blobTx(user, named(0, 216e11), offer{feeCap: 2_199_999_999, tipCap: 110_000_000}, rawBlob(t, 1)),
		"tip cap": c.blobTx(user, named(0, 216e11), offer{feeCap: 2_200_000_000, tipCap: 109_999_999}, rawBlob(t, 1)),
		"fee":     c.blobTx(user, named(0, 216e11-1), more, rawBlob(t, 1)),
	} {
		requireRefusal(t, name, c.check(refused), blob.ErrUnderpriced)
		c.requireKind(name, refused, pool.Refused)
	}
	replacement := c.blobTx(user, named(0, 216e11), more, rawBlob(t, 1))
	c.accept(replacement)
	if have := c.app.Verifications() - before; have != 0 {
		t.Errorf("blobs that waited already were verified %d times", have)
	}
	if status := c.requireKind("first", first, pool.Replaced); status.By != pool.ID(c.idOf(replacement)) {
		t.Errorf("it was replaced by %x", status.By)
	}
	requireRefusal(t, "the replaced one, checked again", c.recheck(first), blob.ErrReplaced)
	requireRefusal(t, "the replaced one, posted again", c.check(first), blob.ErrUnderpriced)
	_, resp := c.step()
	requireExecuted(t, resp)
	if len(resp.TxResults) != 2+2 || c.sequence(user) != 2 {
		t.Fatalf("%d transactions in the block, want the replacement and the one after", len(resp.TxResults)-2)
	}
	c.requireKind("the replacement", replacement, pool.Included)
	c.requireKind("second", second, pool.Included)
}

// TestAReplacedTransactionMayStillBeIncluded: another proposer may not know the replacement.
func TestAReplacedTransactionMayStillBeIncluded(t *testing.T) {
	c := newChain(t)
	old, replacement := c.blobTx(c.accounts[2], terms{gas: 200_000, fee: app.OneASH()}, offer{feeCap: 2e9, tipCap: 1}, smallBlob(t, 1, 10)),
		c.blobTx(c.accounts[2], terms{gas: 200_000, fee: app.OneASH().MulRaw(2)}, offer{feeCap: 4e9, tipCap: 2}, smallBlob(t, 1, 10))
	c.accept(old)
	txs := c.propose()
	c.accept(replacement)
	c.apply(txs)
	c.requireKind("the old one", old, pool.Included)
	if status := c.requireKind("the replacement", replacement, pool.Evicted); status.Cause != pool.Sequence {
		t.Errorf("it was evicted for %s", status.Cause)
	}
	requireRefusal(t, "the replacement", c.recheck(replacement), blob.ErrEvicted)
}

// TestFundsAreHeldOnce: what waits holds its fees, a replacement its own in place of the other's.
func TestFundsAreHeldOnce(t *testing.T) {
	c := newChain(t)
	user := c.accounts[2]
	send := func(sequence uint64, ash int64) []byte {
		return c.sign(user, terms{sequence: sequence, fee: app.OneASH().MulRaw(ash)}, banktypes.NewMsgSend(user.address(), user.address(), coins(math.OneInt())))
	}
	c.accept(send(0, 400), send(1, 500))
	requireRefusal(t, "held 900 of 1000", c.check(send(2, 101)), blob.ErrInsufficientFunds)
	requireRefusal(t, "in place of 400", c.check(send(0, 501)), blob.ErrInsufficientFunds)
	c.accept(send(0, 500))
	requireRefusal(t, "held 1000 of 1000", c.check(send(2, 1)), blob.ErrInsufficientFunds)
}

// TestAllowancesAreHeldOnce: many grantees cannot wait on one granter's money.
func TestAllowancesAreHeldOnce(t *testing.T) {
	c := newChain(t)
	granter := c.accounts[2]
	for i, user := range c.accounts[3:5] {
		grant, err := feegrant.NewMsgGrantAllowance(&feegrant.BasicAllowance{SpendLimit: coins(app.OneASH().MulRaw(700))}, granter.address(), user.address())
		if err != nil {
			t.Fatal(err)
		}
		c.accept(c.sign(granter, terms{sequence: uint64(i)}, grant))
	}
	_, resp := c.step()
	requireExecuted(t, resp)
	send := func(from account, sequence uint64, ash int64) []byte {
		return c.sign(from, terms{sequence: sequence, fee: app.OneASH().MulRaw(ash), granter: granter.address()}, banktypes.NewMsgSend(from.address(), from.address(), coins(math.OneInt())))
	}
	c.accept(send(c.accounts[3], 0, 400))
	requireRefusal(t, "beyond the allowance", c.check(send(c.accounts[3], 1, 301)), blob.ErrInsufficientFunds)
	requireRefusal(t, "beyond the granter's funds", c.check(send(c.accounts[4], 0, 601)), blob.ErrInsufficientFunds)
	waits := send(c.accounts[4], 0, 500)
	c.accept(waits)
	revoke := feegrant.NewMsgRevokeAllowance(granter.address(), c.accounts[4].address())
	block := build(t, da.DefaultLimits(), c.sign(granter, terms{sequence: 2}, &revoke))
	requireExecuted(t, c.apply(block))
	if status := c.requireKind("what nobody pays for", waits, pool.Evicted); status.Cause != pool.Funds {
		t.Errorf("it was evicted for %s", status.Cause)
	}
}

// TestBadSignaturesCostNoKZG: ten thousand envelopes, each another transaction, with good blobs
// and a signature that is none, whichever way they take.
func TestBadSignaturesCostNoKZG(t *testing.T) {
	const envelopes = 10_000
	c := newChain(t)
	good := c.blobTx(c.accounts[2], terms{}, generous, smallBlob(t, 1, 10))
	envelope, err := da.DecodeEnvelope(good)
	if err != nil {
		t.Fatal(err)
	}
	before := c.app.Verifications()
	for i := range uint32(envelopes) {
		envelope.Tx = flipLast(envelope.Tx) // the signature comes last
		binary.BigEndian.PutUint32(envelope.Tx[len(envelope.Tx)-12:], i)
		var resp *abci.ResponseCheckTx
		if i%2 == 0 {
			resp = c.check(envelope.Encode())
		} else {
			resp = c.arrive(envelope.Encode())[0]
		}
		if resp.Code == 0 || resp.Codespace == blob.ModuleName {
			t.Fatalf("envelope %d: %s %d: %s", i, resp.Codespace, resp.Code, resp.Log)
		}
	}
	if have := c.app.Verifications() - before; have != 0 {
		t.Fatalf("%d of %d envelopes with bad signatures were verified by KZG", have, envelopes)
	}
	c.accept(good)
	if have := c.app.Verifications() - before; have != 1 {
		t.Fatalf("the good one was verified %d times", have)
	}
}
