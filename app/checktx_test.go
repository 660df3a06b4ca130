package app_test

import (
	"bytes"
	"testing"

	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"
	abci "github.com/cometbft/cometbft/abci/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
	"github.com/cosmos/cosmos-sdk/x/authz"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/app/blob"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	blobpb "github.com/ashlar-da/ashlar/proto/blob"
)

// corruptEnvelope is one thing wrong with a blob transaction.
type corruptEnvelope struct {
	name string
	// message changes what is signed, beside what goes along; beside changes what goes
	// along after signing; encoded changes the bytes.
	message func(*blobpb.MsgPayForBlobs, *da.Envelope)
	terms   func(*terms)
	beside  func(*da.Envelope)
	encoded func([]byte) []byte
	want    *errorsmod.Error
}

func flipFirst(b []byte) []byte {
	out := bytes.Clone(b)
	out[0] ^= 1
	return out
}

func flipLast(b []byte) []byte {
	out := bytes.Clone(b)
	out[len(out)-1] ^= 1
	return out
}

func corruptEnvelopes() []corruptEnvelope {
	nonCanonical := bytes.Repeat([]byte{0xff}, kzg.ScalarSize)
	return []corruptEnvelope{
		{name: "wrong chain id", terms: func(t *terms) { t.chainID = "another-chain" }, want: sdkerrors.ErrUnauthorized},
		{name: "sequence ahead", terms: func(t *terms) { t.sequence++ }, want: sdkerrors.ErrWrongSequence},
		{name: "no funds", terms: func(t *terms) { t.fee = app.OneASH().MulRaw(1001) }, want: blob.ErrInsufficientFunds},
		{name: "fee below fee cap x gas", terms: func(t *terms) { t.fee = math.NewInt(1) }, want: blob.ErrFeeTooLow},
		{name: "fee cap below the base fee", message: func(m *blobpb.MsgPayForBlobs, _ *da.Envelope) { m.FeeCap = math.NewInt(1) }, want: blob.ErrFeeTooLow},
		{name: "negative tip cap", message: func(m *blobpb.MsgPayForBlobs, _ *da.Envelope) { m.TipCap = math.NewInt(-1) }, want: blob.ErrMalformedEnvelope},
		{name: "no execution gas", terms: func(t *terms) { t.gas = 1 }, want: sdkerrors.ErrOutOfGas},
		{name: "more gas than blobs need", terms: func(t *terms) { t.gas = 700_000 }, want: sdkerrors.ErrInvalidGasLimit},
		{name: "more gas than a block", terms: func(t *terms) { t.gas = app.MaxBlockGas + 1 }, want: sdkerrors.ErrInvalidGasLimit},
		{name: "no blobs described", message: func(m *blobpb.MsgPayForBlobs, e *da.Envelope) { m.Blobs, e.Blobs = nil, nil }, want: blob.ErrInvalidMessage},
		{name: "empty blob", message: func(m *blobpb.MsgPayForBlobs, e *da.Envelope) { m.Blobs[1].Size_, e.Blobs[1] = 0, nil }, want: blob.ErrInvalidMessage},
		{name: "unknown encoding", message: func(m *blobpb.MsgPayForBlobs, _ *da.Envelope) { m.Blobs[0].Encoding = 2 }, want: blob.ErrInvalidMessage},
		{name: "raw of a part of a scalar", message: func(m *blobpb.MsgPayForBlobs, _ *da.Envelope) { m.Blobs[0].Encoding = 1 }, want: blob.ErrInvalidMessage},
		{name: "more than sixteen rows", message: func(m *blobpb.MsgPayForBlobs, _ *da.Envelope) { m.Blobs[0].Size_ = 16*da.DataRowSize + 1 }, want: blob.ErrTooLarge},
		{name: "reserved namespace", message: func(m *blobpb.MsgPayForBlobs, _ *da.Envelope) { m.Blobs[0].Namespace = make([]byte, 29) }, want: blob.ErrInvalidNamespace},
		{name: "namespace of 28 bytes", message: func(m *blobpb.MsgPayForBlobs, _ *da.Envelope) { m.Blobs[0].Namespace = m.Blobs[0].Namespace[1:] }, want: blob.ErrInvalidNamespace},
		{name: "commitment missing", message: func(m *blobpb.MsgPayForBlobs, _ *da.Envelope) { m.Blobs[0].Commitments = nil }, want: blob.ErrInvalidMessage},
		{name: "commitment of other data", message: func(m *blobpb.MsgPayForBlobs, _ *da.Envelope) { m.Blobs[0].Commitments = m.Blobs[1].Commitments }, want: blob.ErrInvalidProof},
		{name: "commitment no point", message: func(m *blobpb.MsgPayForBlobs, _ *da.Envelope) {
			m.Blobs[0].Commitments[0] = flipFirst(m.Blobs[0].Commitments[0])
		}, want: blob.ErrInvalidProof},
		{name: "proof of another cell", message: func(m *blobpb.MsgPayForBlobs, e *da.Envelope) {
			e.Proofs[0], e.Proofs[1] = e.Proofs[1], e.Proofs[0]
			hash := da.ProofHash(e.Proofs)
			m.ProofHash = hash[:]
		}, want: blob.ErrInvalidProof},
		{name: "non-canonical scalar", message: func(m *blobpb.MsgPayForBlobs, e *da.Envelope) {
			hash := da.Keccak256(nonCanonical)
			m.Blobs[1].Encoding, m.Blobs[1].Size_, m.Blobs[1].Keccak256, e.Blobs[1] = 1, kzg.ScalarSize, hash[:], nonCanonical
		}, want: blob.ErrNonCanonicalScalar},
		{name: "bad signature", beside: func(e *da.Envelope) { e.Tx = flipLast(e.Tx) }, want: sdkerrors.ErrUnauthorized},
		{name: "other data", beside: func(e *da.Envelope) { e.Blobs[0] = flipLast(e.Blobs[0]) }, want: blob.ErrBlobMismatch},
		{name: "blob missing", beside: func(e *da.Envelope) { e.Blobs = e.Blobs[:1] }, want: blob.ErrBlobMismatch},
		{name: "other proofs", beside: func(e *da.Envelope) { e.Proofs[0], e.Proofs[1] = e.Proofs[1], e.Proofs[0] }, want: blob.ErrBlobMismatch},
		{name: "proofs missing", beside: func(e *da.Envelope) { e.Proofs = nil }, want: blob.ErrBlobMismatch},
		{name: "field behind", encoded: func(b []byte) []byte { return append(bytes.Clone(b), 0x22, 0) }, want: blob.ErrMalformedEnvelope},
		{name: "truncated", encoded: func(b []byte) []byte { return b[:len(b)-1] }, want: blob.ErrMalformedEnvelope},
		{name: "nothing but the prefix", encoded: func(b []byte) []byte { return b[:1] }, want: blob.ErrMalformedEnvelope},
		{name: "oversized", encoded: func([]byte) []byte { return append([]byte{1}, make([]byte, da.MaxEnvelopeSize)...) }, want: blob.ErrTooLarge},
		{name: "oversized and bare", encoded: func([]byte) []byte { return append([]byte{10}, make([]byte, da.MaxTxSize)...) }, want: blob.ErrTooLarge},
		{name: "injected by a user", encoded: func([]byte) []byte { return []byte{0, 1, 2} }, want: blob.ErrInjectedByUser},
		{name: "empty transaction", encoded: func([]byte) []byte { return nil }, want: sdkerrors.ErrInvalidRequest},
	}
}

// build makes the corrupt transaction out of a good one.
func (ce corruptEnvelope) build(c *chain, from account, blobs []da.Blob) []byte {
	c.t.Helper()
	msg, envelope := c.envelope(from, generous, blobs...)
	signed := terms{fee: app.OneASH()}
	if ce.message != nil {
		ce.message(msg, envelope)
	}
	if ce.terms != nil {
		ce.terms(&signed)
	}
	envelope.Tx = c.sign(from, signed, msg)
	if ce.beside != nil {
		ce.beside(envelope)
	}
	raw := envelope.Encode()
	if ce.encoded != nil {
		raw = ce.encoded(raw)
	}
	return raw
}

// TestCheckTxNamesWhatIsWrong corrupts a good blob transaction in one place at a time.
// None of it may touch the sender's sequence, and the good one passes in the end.
func TestCheckTxNamesWhatIsWrong(t *testing.T) {
	c := newChain(t)
	blobs := []da.Blob{rowBlob(t, 1), smallBlob(t, 2, 100)}
	for _, ce := range corruptEnvelopes() {
		// Each has a chain state of its own, since false blobs put their signer into back-off.
		fresh := newChain(t)
		user := fresh.accounts[2]
		requireRefusal(t, ce.name, fresh.check(ce.build(fresh, user, blobs)), ce.want)
		if fresh.app.Mempool().CountTx() != 0 {
			t.Errorf("%s: the transaction is in the mempool", ce.name)
		}
	}
	good := c.blobTx(c.accounts[2], terms{}, generous, blobs...)
	c.accept(good)
	c.accept(good) // again: it waits
	if have := c.app.Mempool().CountTx(); have != 1 {
		t.Errorf("%d transactions wait, want one that came twice", have)
	}
	c.step()
	requireRefusal(t, "replay", c.check(good), sdkerrors.ErrWrongSequence)
}

func requireRefusal(t *testing.T, name string, resp *abci.ResponseCheckTx, want *errorsmod.Error) {
	t.Helper()
	if resp.Codespace != want.Codespace() || resp.Code != want.ABCICode() {
		t.Errorf("%s: have %s %d (%s) want %s %d (%v)", name, resp.Codespace, resp.Code, resp.Log, want.Codespace(), want.ABCICode(), want)
	}
}

// TestPayForBlobsOnlyInEnvelopes submits the message bare, and nested in what executes
// messages for others.
func TestPayForBlobsOnlyInEnvelopes(t *testing.T) {
	c := newChain(t)
	user := c.accounts[2]
	msg, envelope := c.envelope(user, generous, smallBlob(t, 1, 10))
	requireRefusal(t, "bare", c.check(c.sign(user, terms{}, msg)), blob.ErrNotFromEnvelope)
	requireRefusal(t, "in authz", c.check(c.sign(user, terms{}, exec(user, msg))), blob.ErrNotFromEnvelope)
	requireRefusal(t, "in authz twice", c.check(c.sign(user, terms{}, exec(user, exec(user, msg)))), blob.ErrNotFromEnvelope)
	requireRefusal(t, "in gov", c.check(c.sign(user, terms{}, propose(t, user, msg))), blob.ErrNotFromEnvelope)
	envelope.Tx = c.sign(user, terms{}, exec(user, msg))
	requireRefusal(t, "in authz in an envelope", c.check(envelope.Encode()), blob.ErrMalformedEnvelope)
	envelope.Tx = c.sign(user, terms{}, msg, msg)
	requireRefusal(t, "two in an envelope", c.check(envelope.Encode()), blob.ErrMalformedEnvelope)
}

func exec(from account, msgs ...sdk.Msg) sdk.Msg {
	msg := authz.NewMsgExec(from.address(), msgs)
	return &msg
}

func propose(t testing.TB, from account, msgs ...sdk.Msg) sdk.Msg {
	t.Helper()
	msg, err := govv1.NewMsgSubmitProposal(msgs, coins(app.OneASH().MulRaw(10)), from.address().String(), "", "title", "summary", false)
	if err != nil {
		t.Fatal(err)
	}
	return msg
}

// TestStrangerCannotBurnASequence has a stranger wrap a victim's signed transaction in
// false blobs. The victim's own envelope passes afterwards.
func TestStrangerCannotBurnASequence(t *testing.T) {
	c := newChain(t)
	victim := c.accounts[2]
	good := c.blobTx(victim, terms{}, generous, smallBlob(t, 1, 100))
	envelope, err := da.DecodeEnvelope(bytes.Clone(good))
	if err != nil {
		t.Fatal(err)
	}
	honest := envelope.Blobs[0]
	for i := range 3 {
		envelope.Blobs[0] = bytes.Clone(honest)
		envelope.Blobs[0][i] ^= 1
		requireRefusal(t, "false blobs", c.check(envelope.Encode()), blob.ErrBlobMismatch)
	}
	c.accept(good)
}

// TestFalseBlobsPutTheirSignerIntoBackOff: KZG that fails behind matching hashes is the
// signer's doing, and is not looked at again for a while.
func TestFalseBlobsPutTheirSignerIntoBackOff(t *testing.T) {
	c := newChain(t)
	liar := c.accounts[2]
	msg, envelope := c.envelope(liar, generous, smallBlob(t, 1, 100), smallBlob(t, 2, 100))
	msg.Blobs[0].Commitments, msg.Blobs[1].Commitments = msg.Blobs[1].Commitments, msg.Blobs[0].Commitments
	envelope.Tx = c.sign(liar, terms{}, msg)
	good := c.blobTx(liar, terms{}, generous, smallBlob(t, 1, 100))
	requireRefusal(t, "first lie", c.check(envelope.Encode()), blob.ErrInvalidProof)
	requireRefusal(t, "while backing off", c.check(good), blob.ErrBackOff)
	c.accept(c.blobTx(c.accounts[3], terms{}, generous, smallBlob(t, 1, 100)))
	c.apply(da.EmptyTxs())
	c.apply(da.EmptyTxs())
	c.accept(good)
}

// TestRecheckDoesNotVerifyBlobs: what passed once is only held against the new state.
func TestRecheckDoesNotVerifyBlobs(t *testing.T) {
	c := newChain(t)
	tx := c.blobTx(c.accounts[2], terms{}, generous, smallBlob(t, 1, 100))
	c.accept(tx)
	c.apply(da.EmptyTxs())
	envelope, err := da.DecodeEnvelope(bytes.Clone(tx))
	if err != nil {
		t.Fatal(err)
	}
	envelope.Blobs[0] = flipLast(envelope.Blobs[0])
	resp, err := c.app.CheckTx(&abci.RequestCheckTx{Tx: envelope.Encode(), Type: abci.CheckTxType_Recheck})
	if err != nil || resp.Code != 0 {
		t.Fatalf("recheck looked at the blobs: %v %s", err, resp.Log)
	}
}
