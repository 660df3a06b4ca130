package app_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"cosmossdk.io/math"
	sdk "github.com/cosmos/cosmos-sdk/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/app/blob"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	blobpb "github.com/ashlar-da/ashlar/proto/blob"
)

// goodTxs are the transactions of the proposal that tests corrupt: a row and a shared
// blob in one envelope, a raw shared blob in another, and a transfer.
func goodTxs(c *chain) [][]byte {
	c.t.Helper()
	return [][]byte{
		c.blobTx(c.accounts[2], terms{}, generous, rowBlob(c.t, 1), smallBlob(c.t, 2, 100)),
		c.blobTx(c.accounts[3], terms{}, generous, rawBlob(c.t, 3)),
		c.transfer(c.accounts[4], c.accounts[2], 0),
	}
}

// build lays out transactions as a proposer without scruples would.
func build(t testing.TB, limits da.Limits, txs ...[]byte) [][]byte {
	t.Helper()
	block, err := da.BuildBlock(testSetup(t), limits, txs)
	if err != nil {
		t.Fatal(err)
	}
	return block.Txs
}

func cloneTxs(txs [][]byte) [][]byte {
	out := make([][]byte, len(txs))
	for i, tx := range txs {
		out[i] = bytes.Clone(tx)
	}
	return out
}

// corruptBlock changes one thing in a good block of five transactions: DA header,
// proofs, two envelopes, a transfer.
type corruptBlock struct {
	name    string
	corrupt func(txs [][]byte) [][]byte
	// want is part of the reason.
	want string
}

// inHeader corrupts the DA header.
func inHeader(corrupt func(*da.Header)) func([][]byte) [][]byte {
	return func(txs [][]byte) [][]byte {
		header, err := da.DecodeHeader(txs[0][1:])
		if err != nil {
			panic(err)
		}
		corrupt(header)
		txs[0] = append([]byte{0}, header.Encode()...)
		return txs
	}
}

// inProofs corrupts the bytes of the proofs transaction.
func inProofs(corrupt func([]byte) []byte) func([][]byte) [][]byte {
	return func(txs [][]byte) [][]byte {
		txs[1] = corrupt(txs[1])
		return txs
	}
}

// inEnvelope corrupts the first envelope.
func inEnvelope(corrupt func(*da.Envelope)) func([][]byte) [][]byte {
	return func(txs [][]byte) [][]byte {
		envelope, err := da.DecodeEnvelope(txs[2])
		if err != nil {
			panic(err)
		}
		corrupt(envelope)
		txs[2] = envelope.Encode()
		return txs
	}
}

func corruptHeaders() []corruptBlock {
	table := []corruptBlock{
		{"version", inHeader(func(h *da.Header) { h.Version++ }), "version 2"},
		{"transaction rows", inHeader(func(h *da.Header) { h.TxRows++ }), "invalid block"},
		{"shared rows", inHeader(func(h *da.Header) { h.SharedRows++ }), "invalid block"},
		{"no shared rows", inHeader(func(h *da.Header) { h.SharedRows-- }), "invalid block"},
		{"one row more", inHeader(func(h *da.Header) { h.Commitments = append(h.Commitments, h.Commitments[0]) }), "invalid block"},
		{"one row less", inHeader(func(h *da.Header) { h.Commitments = h.Commitments[:2] }), "invalid block"},
		{"index root", inHeader(func(h *da.Header) { h.IndexRoot[60] ^= 1 }), "index root"},
		{"namespace range of the index root", inHeader(func(h *da.Header) { h.IndexRoot[0] ^= 1 }), "index root"},
		{"blob tree root", inHeader(func(h *da.Header) { h.BlobTreeRoot[0] ^= 1 }), "blob tree root"},
		{"byte behind the header", func(txs [][]byte) [][]byte { txs[0] = append(txs[0], 0); return txs }, "invalid block"},
		{"header cut short", func(txs [][]byte) [][]byte { txs[0] = txs[0][:len(txs[0])-1]; return txs }, "invalid block"},
	}
	for row, name := range []string{"commitment of the transaction row", "commitment of the own row", "commitment of the shared row"} {
		other, want := (row+1)%3, "commitments of 5 rows"
		if row == 1 {
			want = "commitment of row 1"
		}
		table = append(table,
			corruptBlock{name, inHeader(func(h *da.Header) { h.Commitments[row] = h.Commitments[other] }), want},
			corruptBlock{name + " is no point", inHeader(func(h *da.Header) { h.Commitments[row][0] = 0xff }), want},
			corruptBlock{name + " is infinity", inHeader(func(h *da.Header) { h.Commitments[row] = kzg.Commitment{0xc0} }), want},
		)
	}
	return table
}

func corruptProofs() []corruptBlock {
	swap := func(i, j int) func([]byte) []byte {
		return func(b []byte) []byte {
			first, second := b[1+i*kzg.PointSize:][:kzg.PointSize], b[1+j*kzg.PointSize:][:kzg.PointSize]
			kept := bytes.Clone(first)
			copy(first, second)
			copy(second, kept)
			return b
		}
	}
	return []corruptBlock{
		{"proofs of two cells swapped", inProofs(swap(0, 1)), "cell proofs"},
		{"proofs of two rows swapped", inProofs(swap(5, 5+kzg.Columns)), "cell proofs"},
		{"last proof no point", inProofs(func(b []byte) []byte { b[len(b)-kzg.PointSize] = 0xff; return b }), "cell proofs"},
		{"last proof of another point", inProofs(func(b []byte) []byte { copy(b[len(b)-kzg.PointSize:], b[1:1+kzg.PointSize]); return b }), "cell proofs"},
		{"a proof missing", inProofs(func(b []byte) []byte { return b[:len(b)-kzg.PointSize] }), "invalid block"},
		{"a proof too many", inProofs(func(b []byte) []byte { return append(b, b[1:1+kzg.PointSize]...) }), "invalid block"},
		{"proofs do not begin with 0x00", inProofs(func(b []byte) []byte { b[0] = 1; return b }), "invalid block"},
		{"no proofs", inProofs(func(b []byte) []byte { return b[:1] }), "invalid block"},
	}
}

func corruptContents() []corruptBlock {
	return []corruptBlock{
		{"byte of a blob", inEnvelope(func(e *da.Envelope) { e.Blobs[0] = flipLast(e.Blobs[0]) }), "keccak"},
		{"blob shorter", inEnvelope(func(e *da.Envelope) { e.Blobs[1] = e.Blobs[1][1:] }), "bytes"},
		{"blobs swapped", inEnvelope(func(e *da.Envelope) { slices.Reverse(e.Blobs) }), "bytes"},
		{"cell proof of an own row", inEnvelope(func(e *da.Envelope) { e.Proofs[7] = e.Proofs[8] }), "proofs"},
		{"signature", inEnvelope(func(e *da.Envelope) { e.Tx = flipLast(e.Tx) }), "unauthorized"},
		{"envelope not canonical", func(txs [][]byte) [][]byte { txs[2] = append(txs[2], 0x22, 0); return txs }, "envelope"},
		{"envelope stripped to its transaction", stripped, "without its blobs"},
		{"envelopes swapped", func(txs [][]byte) [][]byte { txs[2], txs[3] = txs[3], txs[2]; return txs }, "invalid block"},
		{"blob transaction after a transfer", func(txs [][]byte) [][]byte { txs[3], txs[4] = txs[4], txs[3]; return txs }, "before all others"},
		{"transfer missing", func(txs [][]byte) [][]byte { return txs[:4] }, "commitments of 5 rows"},
		{"envelope missing", func(txs [][]byte) [][]byte { return slices.Delete(txs, 3, 4) }, "invalid block"},
		{"envelope twice", func(txs [][]byte) [][]byte { return slices.Insert(txs, 3, txs[2]) }, "invalid block"},
		{"transfer twice", func(txs [][]byte) [][]byte { return append(txs, txs[4]) }, "sequence"},
		{"transfer changed", func(txs [][]byte) [][]byte { txs[4] = flipLast(txs[4]); return txs }, "unauthorized"},
		{"nothing at all", func([][]byte) [][]byte { return nil }, "DA header"},
		{"no DA header", func(txs [][]byte) [][]byte { return txs[1:] }, "invalid block"},
		{"no proofs transaction", func(txs [][]byte) [][]byte { return slices.Delete(txs, 1, 2) }, "invalid block"},
		{"DA header alone", func(txs [][]byte) [][]byte { return txs[:1] }, "DA header"},
		{"DA header twice", func(txs [][]byte) [][]byte { return slices.Insert(txs, 0, txs[0]) }, "invalid block"},
		{"another injected transaction", func(txs [][]byte) [][]byte { return slices.Insert(txs, 2, []byte{0}) }, "the certificate"},
		{"injected transaction at the end", func(txs [][]byte) [][]byte { return append(txs, []byte{0}) }, "0x00"},
		{"empty transaction at the end", func(txs [][]byte) [][]byte { return append(txs, nil) }, "invalid block"},
		{"empty square before transactions", func(txs [][]byte) [][]byte { return append(da.EmptyTxs(), txs[2:]...) }, "invalid block"},
		{"square of nothing", func(txs [][]byte) [][]byte { return txs[:2] }, "invalid block"},
	}
}

// stripped replaces the first envelope by the transaction inside.
func stripped(txs [][]byte) [][]byte {
	envelope, err := da.DecodeEnvelope(txs[2])
	if err != nil {
		panic(err)
	}
	txs[2] = bytes.Clone(envelope.Tx)
	return txs
}

// TestProposalsWithOneThingWrongAreRejected corrupts a good proposal in one place at a
// time. Each time ProcessProposal rejects it, and FinalizeBlock halts with the reason.
func TestProposalsWithOneThingWrongAreRejected(t *testing.T) {
	c := newChain(t)
	good := build(t, da.DefaultLimits(), goodTxs(c)...)
	for _, table := range [][]corruptBlock{corruptHeaders(), corruptProofs(), corruptContents()} {
		for _, cb := range table {
			c.requireRejected(cb.name, cb.corrupt(cloneTxs(good)), cb.want)
		}
	}
	if !c.process(good) {
		t.Fatal("the block that was corrupted is itself rejected")
	}
	c.apply(good)
}

// requireRejected holds that a block is voted down, and halts a node that it is forced upon.
func (c *chain) requireRejected(name string, txs [][]byte, reason string) {
	c.t.Helper()
	if c.process(txs) {
		c.t.Errorf("%s: accepted", name)
		return
	}
	_, err := c.finalize(txs)
	if err == nil {
		c.t.Errorf("%s: FinalizeBlock executed it", name)
		return
	}
	if !strings.Contains(err.Error(), reason) || !strings.Contains(err.Error(), fmt.Sprintf("halting at height %d:", c.height+1)) {
		c.t.Errorf("%s: have %q want a reason with %q", name, err, reason)
	}
}

// TestConsistentLiesAreRejected proposes blocks that are laid out well around something
// a signer or a proposer may not do.
func TestConsistentLiesAreRejected(t *testing.T) {
	c := newChain(t)
	user, other := c.accounts[2], c.accounts[3]
	limits := da.DefaultLimits()
	lie := func(corrupt func(*blobpb.MsgPayForBlobs, *da.Envelope), blobs ...da.Blob) []byte {
		msg, envelope := c.envelope(user, generous, blobs...)
		corrupt(msg, envelope)
		envelope.Tx = c.sign(user, terms{fee: app.OneASH()}, msg)
		return envelope.Encode()
	}
	pay, _ := c.envelope(user, generous, smallBlob(t, 1, 10))
	for _, l := range []struct {
		name string
		txs  [][]byte
		want string
	}{
		{"commitment of other data, own row", [][]byte{lie(func(m *blobpb.MsgPayForBlobs, _ *da.Envelope) { m.Blobs[0].Commitments = m.Blobs[1].Commitments }, rowBlob(t, 1), rowBlob(t, 2))}, "commitments"},
		{"commitment of other data, shared row", [][]byte{lie(func(m *blobpb.MsgPayForBlobs, _ *da.Envelope) { m.Blobs[0].Commitments = m.Blobs[1].Commitments }, smallBlob(t, 1, 10), smallBlob(t, 2, 10))}, "commitments"},
		{"proofs of other cells", [][]byte{lie(func(m *blobpb.MsgPayForBlobs, e *da.Envelope) {
			e.Proofs[0], e.Proofs[1] = e.Proofs[1], e.Proofs[0]
			hash := da.ProofHash(e.Proofs)
			m.ProofHash = hash[:]
		}, rowBlob(t, 1))}, "cell proofs"},
		{"non-canonical scalars", [][]byte{lie(nonCanonicalRow, rowBlob(t, 1))}, "scalar"},
		{"bad signature", [][]byte{badSignature(t, c.blobTx(user, terms{}, generous, smallBlob(t, 1, 10)))}, "unauthorized"},
		{"wrong chain id", [][]byte{c.blobTx(user, terms{chainID: "another"}, generous, smallBlob(t, 1, 10))}, "unauthorized"},
		{"wrong sequence", [][]byte{c.blobTx(user, terms{sequence: 1}, generous, smallBlob(t, 1, 10))}, "sequence"},
		{"same transaction twice", [][]byte{c.transfer(other, user, 0), c.transfer(other, user, 0)}, "sequence"},
		{"fee cap below the base fee", [][]byte{c.blobTx(user, terms{}, offer{feeCap: 1}, smallBlob(t, 1, 10))}, "fee too low"},
		{"plain fee too low", [][]byte{c.sign(user, terms{fee: math.OneInt()}, banktypes.NewMsgSend(user.address(), other.address(), coins(math.OneInt())))}, "fee too low"},
		{"nested in authz", [][]byte{c.sign(user, terms{}, exec(user, pay))}, "outside an envelope"},
		{"nested in gov", [][]byte{c.sign(user, terms{}, propose(t, user, pay))}, "outside an envelope"},
		{"more gas than a block", [][]byte{
			c.sign(user, terms{gas: app.MaxBlockGas}, banktypes.NewMsgSend(user.address(), other.address(), coins(math.OneInt()))),
			c.transfer(other, user, 0),
		}, "gas"},
		{"a payer drained by its own earlier blob transactions", drained(c, user), "insufficient funds"},
		{"not a transaction", [][]byte{{0x0a, 0x01, 0x01}}, "parse"},
	} {
		c.requireRejected(l.name, build(t, limits, l.txs...), l.want)
	}
}

// nonCanonicalRow replaces a blob's own row by scalars above the modulus.
func nonCanonicalRow(m *blobpb.MsgPayForBlobs, e *da.Envelope) {
	data := bytes.Repeat([]byte{0xff}, kzg.RowSize)
	hash := da.Keccak256(data)
	m.Blobs[0].Encoding, m.Blobs[0].Size_, m.Blobs[0].Keccak256, e.Blobs[0] = 1, kzg.RowSize, hash[:], data
}

func badSignature(t testing.TB, raw []byte) []byte {
	t.Helper()
	envelope, err := da.DecodeEnvelope(raw)
	if err != nil {
		t.Fatal(err)
	}
	envelope.Tx = flipLast(envelope.Tx)
	return envelope.Encode()
}

// drained returns blob transactions each of which its payer could pay, but not all.
// Their fee caps are so high that two of them take all the payer has.
func drained(c *chain, payer account) [][]byte {
	const feeCap = 200_000_000_000_000_000 // 0.2 ASH per blob gas
	cost := offer{feeCap: feeCap, tipCap: feeCap}
	fee := app.OneASH().MulRaw(600)
	return [][]byte{
		c.blobTx(payer, terms{fee: fee}, cost, smallBlob(c.t, 1, 10)),
		c.blobTx(payer, terms{fee: fee, sequence: 1}, cost, smallBlob(c.t, 2, 10)),
	}
}

// TestLimitsHold gives a chain a small square and proposes blocks just beyond it.
func TestLimitsHold(t *testing.T) {
	c := newChain(t, func(e *app.Encoding, s app.GenesisState) {
		state := blob.DefaultGenesis()
		state.Params.MaxRows, state.Params.MaxTxRows, state.Params.MaxSharedRows = 3, 1, 1
		s[blob.ModuleName] = e.Codec.MustMarshalJSON(state)
	})
	limits := da.DefaultLimits()
	user, other := c.accounts[2], c.accounts[3]
	half := func(id byte) da.Blob { return smallBlob(t, id, 32*da.DataCellSize) }
	c.requireRejected("rows", build(t, limits,
		c.blobTx(user, terms{}, generous, rowBlob(t, 1), rowBlob(t, 2)),
		c.blobTx(other, terms{}, generous, rowBlob(t, 3))), "no room")
	c.requireRejected("shared rows", build(t, limits,
		c.blobTx(user, terms{}, generous, half(1), half(2)),
		c.blobTx(other, terms{}, generous, smallBlob(t, 3, 10))), "no room")
	var long [][]byte
	for sequence := range uint64(2) {
		long = append(long, c.longTransfer(user, sequence, da.DataRowSize/2))
	}
	c.requireRejected("transaction rows", build(t, limits, long...), "no room")
	full := build(t, limits, c.blobTx(user, terms{}, generous, rowBlob(t, 1), half(1)), c.blobTx(other, terms{}, generous, half(2)))
	if !c.process(full) {
		t.Error("a full square is rejected")
	}
}

// longTransfer returns a transaction of about size bytes: one with many messages.
func (c *chain) longTransfer(from account, sequence uint64, size int) []byte {
	c.t.Helper()
	one := banktypes.NewMsgSend(from.address(), from.address(), coins(math.OneInt()))
	each := len(c.sign(from, terms{}, one, one)) - len(c.sign(from, terms{}, one))
	return c.sign(from, terms{sequence: sequence, gas: 50_000_000}, slices.Repeat([]sdk.Msg{one}, size/each+1)...)
}
