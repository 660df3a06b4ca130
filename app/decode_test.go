package app_test

import (
	"bytes"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"cosmossdk.io/math"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdktx "github.com/cosmos/cosmos-sdk/types/tx"
	"github.com/cosmos/cosmos-sdk/x/auth/signing"
	authtx "github.com/cosmos/cosmos-sdk/x/auth/tx"
	"github.com/cosmos/cosmos-sdk/x/authz"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/app/blob"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	blobpb "github.com/ashlar-da/ashlar/proto/blob"
	"github.com/ashlar-da/ashlar/proto/wire"
)

// The layers of a signed transaction that a fuzzer is put to: it hardly gets the lengths
// around an inner one right.
const (
	layerTx byte = iota
	layerBody
	layerMessage
	layers
)

// wrapLayer returns signed bytes with data as one of their layers, and the rest as of a
// transaction that is well formed.
func wrapLayer(t testing.TB, layer byte, data []byte) []byte {
	t.Helper()
	if layer%layers == layerTx {
		return data
	}
	if layer%layers == layerMessage {
		body := &sdktx.TxBody{Messages: []*codectypes.Any{{TypeUrl: da.PayForBlobsURL, Value: data}}}
		data = mustMarshal(t, body)
	}
	info := &sdktx.AuthInfo{Fee: &sdktx.Fee{GasLimit: 1}}
	return mustMarshal(t, &sdktx.TxRaw{BodyBytes: data, AuthInfoBytes: mustMarshal(t, info), Signatures: [][]byte{{1}}})
}

func mustMarshal(t testing.TB, m interface{ Marshal() ([]byte, error) }) []byte {
	t.Helper()
	raw, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// decodings are the ways that a blob transaction's bytes are read.
type decodings struct {
	encoding *app.Encoding
	bare     sdk.TxDecoder // the SDK's alone
}

func newDecodings(t testing.TB) *decodings {
	t.Helper()
	e, err := app.NewEncoding()
	if err != nil {
		t.Fatal(err)
	}
	return &decodings{e, authtx.DefaultTxDecoder(e.Codec)}
}

// read returns what the SDK reads, an error where it panics, as the application has it.
func (d *decodings) read(raw []byte) (tx sdk.Tx, msgs []sdk.Msg, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	if tx, err = d.bare(raw); err == nil {
		msgs = tx.GetMsgs()
	}
	return tx, msgs, err
}

// solePay returns the MsgPayForBlobs that is a transaction's one message, or nil.
func solePay(msgs []sdk.Msg) *blobpb.MsgPayForBlobs {
	if len(msgs) != 1 {
		return nil
	}
	pay, _ := msgs[0].(*blobpb.MsgPayForBlobs)
	return pay
}

// compare holds the two decodings of signed bytes against each other and against that of
// the envelope around them.
func (d *decodings) compare(t testing.TB, raw []byte) {
	t.Helper()
	m, daErr := da.DecodePayForBlobs(raw)
	tx, msgs, sdkErr := d.read(raw)
	pay := solePay(msgs)
	switch {
	case daErr == nil && sdkErr == nil:
		if pay == nil {
			t.Fatalf("da reads a MsgPayForBlobs, the SDK %d messages", len(msgs))
		}
		requireSameMessage(t, tx, pay, m)
	case daErr == nil:
		d.requireExpressible(t, m)
	case pay != nil && isWellFormed(t, raw, pay) && len(raw) <= da.MaxTxSize:
		t.Fatalf("the SDK reads a well-formed MsgPayForBlobs, da: %v", daErr)
	}
	d.compareEnvelope(t, raw, daErr == nil && sdkErr == nil)
	if sdkErr == nil {
		requireSameMention(t, raw, msgs)
	}
}

// compareEnvelope: the application decodes an envelope if both decodings read what it holds.
func (d *decodings) compareEnvelope(t testing.TB, raw []byte, both bool) {
	t.Helper()
	envelope := da.Envelope{Tx: raw, Blobs: [][]byte{{1}}}
	if len(raw) == 0 {
		return
	}
	decoded, err := d.encoding.TxConfig.TxDecoder()(envelope.Encode())
	if (err == nil) != both {
		t.Fatalf("the application: %v; do both read the transaction? %v", err, both)
	}
	if err == nil && decoded.(*blob.Tx).Pay() == nil {
		t.Fatal("an envelope without MsgPayForBlobs is decoded")
	}
}

// requireSameMention: a bare transaction that pays for blobs is refused by the ante chain,
// one that mentions the message by da. Where they differ, a proposer makes blocks that its
// own vote rejects, or lists blobs that nobody pays for.
func requireSameMention(t testing.TB, raw []byte, msgs []sdk.Msg) {
	t.Helper()
	pays := false
	for _, msg := range msgs {
		if _, ok := msg.(*blobpb.MsgPayForBlobs); ok {
			pays = true
		}
	}
	if da.IsEnvelope(raw) || blob.IsInjected(raw) || len(raw) == 0 || len(raw) > da.MaxTxSize {
		return
	}
	_, err := da.ParseBlock(da.DefaultLimits(), append(da.EmptyTxs(), raw))
	if mentions := err != nil && strings.Contains(err.Error(), da.PayForBlobsURL); mentions != pays {
		t.Fatalf("in the SDK's eyes a message pays for blobs: %v; in da's: %v", pays, err)
	}
}

// requireSameMessage compares all that a message says.
func requireSameMessage(t testing.TB, tx sdk.Tx, pay *blobpb.MsgPayForBlobs, m *da.PayForBlobs) {
	t.Helper()
	signer, err := firstSigner(tx)
	if err == nil && !bytes.Equal(signer, m.Signer[:]) || da.FormatAddress(m.Signer) != pay.Signer {
		t.Fatalf("signed by %x, who writes %q; da reads %x", signer, pay.Signer, m.Signer)
	}
	if feeCap, tipCap := pay.FeeCap.String(), pay.TipCap.String(); feeCap != m.FeeCap || tipCap != m.TipCap {
		t.Fatalf("caps %s and %s, da reads %s and %s", feeCap, tipCap, m.FeeCap, m.TipCap)
	}
	if len(pay.Blobs) != len(m.Blobs) || !bytes.Equal(pay.ProofHash, m.ProofHash[:]) {
		t.Fatalf("%d blobs and proof hash %x, da reads %d and %x", len(pay.Blobs), pay.ProofHash, len(m.Blobs), m.ProofHash)
	}
	for i := range pay.Blobs {
		if want := describe(m.Blobs[i]); !bytes.Equal(mustMarshal(t, &pay.Blobs[i]), mustMarshal(t, &want)) {
			t.Fatalf("blob %d is %v, da reads %v", i, pay.Blobs[i], want)
		}
	}
}

// firstSigner is who signs and pays. The SDK panics where a transaction has no fee; its
// own recovery makes that an error of the ante chain.
func firstSigner(tx sdk.Tx) (signer []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	signers, err := tx.(signing.SigVerifiableTx).GetSigners()
	if err != nil {
		return nil, err
	}
	return signers[0], nil // or a panic
}

// requireExpressible: da alone decodes more than the SDK, which refuses unknown fields; no
// such transaction gets into a block. What da makes of it is still a message that the SDK
// reads, but for amounts beyond those it knows.
func (d *decodings) requireExpressible(t testing.TB, m *da.PayForBlobs) {
	t.Helper()
	feeCap, known := amount(m.FeeCap)
	tipCap, too := amount(m.TipCap)
	if !known || !too {
		return
	}
	pay := &blobpb.MsgPayForBlobs{Signer: da.FormatAddress(m.Signer), ProofHash: m.ProofHash[:], FeeCap: feeCap, TipCap: tipCap}
	for _, info := range m.Blobs {
		pay.Blobs = append(pay.Blobs, describe(info))
	}
	tx, msgs, err := d.read(wrapLayer(t, layerMessage, mustMarshal(t, pay)))
	if err != nil || solePay(msgs) == nil {
		t.Fatalf("the SDK cannot read what da does: %v", err)
	}
	requireSameMessage(t, tx, solePay(msgs), m)
}

// amount reads decimal digits, if they are written in the one way and the SDK knows so much.
func amount(digits string) (math.Int, bool) {
	n, ok := new(big.Int).SetString(digits, 10)
	if !ok || n.Sign() < 0 || n.String() != digits || n.BitLen() > math.MaxBitLen {
		return math.Int{}, false
	}
	return math.NewIntFromBigInt(n), true
}

// isWellFormed tells whether a transaction's one message is a MsgPayForBlobs whose fields
// have the forms that da's SPEC.md names.
func isWellFormed(t testing.TB, raw []byte, pay *blobpb.MsgPayForBlobs) bool {
	t.Helper()
	feeCap, tipCap := writtenCaps(t, raw)
	_, canFee := amount(feeCap)
	_, canTip := amount(tipCap)
	_, err := da.ParseAddress(pay.Signer)
	if err != nil || !canFee || !canTip || len(pay.ProofHash) != da.HashSize || len(pay.Blobs) > da.MaxTxCells {
		return false
	}
	return !slices.ContainsFunc(pay.Blobs, func(info blobpb.BlobInfo) bool { return !isWellFormedInfo(&info) })
}

// writtenCaps returns the caps of a blob transaction as text: the SDK reads more than one
// form, and keeps the first of two where the second is empty.
func writtenCaps(t testing.TB, raw []byte) (feeCap, tipCap string) {
	t.Helper()
	var tx wire.TxRaw
	var body wire.TxBody
	var m wire.PayForBlobs
	if err := tx.Unmarshal(raw); err != nil {
		t.Fatal(err)
	}
	if err := body.Unmarshal(tx.BodyBytes); err != nil || len(body.Messages) != 1 {
		t.Fatalf("the SDK reads one message, the mirrored types %d (%v)", len(body.Messages), err)
	}
	if err := m.Unmarshal(body.Messages[0].Value); err != nil {
		t.Fatal(err)
	}
	return m.FeeCap, m.TipCap
}

func isWellFormedInfo(info *blobpb.BlobInfo) bool {
	_, err := da.NamespaceFromBytes(info.Namespace)
	return err == nil && len(info.Keccak256) == da.HashSize && info.Encoding <= uint32(da.EncodingRaw) &&
		len(info.Commitments) <= da.MaxTxOwnRows &&
		!slices.ContainsFunc(info.Commitments, func(c []byte) bool { return len(c) != kzg.PointSize })
}

// seeds are layers of transactions that users send, and of some that they should not.
func seeds(t testing.TB) map[byte][][]byte {
	t.Helper()
	c := &chain{t: t, app: newApp(t), accounts: testAccounts(3)}
	from := c.accounts[0]
	msg, _ := c.envelope(from, generous, smallBlob(t, 1, 10), rawBlob(t, 2))
	empty, _ := c.envelope(from, generous)
	send := banktypes.NewMsgSend(from.address(), c.accounts[1].address(), coins(math.NewInt(1)))
	exec := authz.NewMsgExec(from.address(), []sdk.Msg{msg})
	txs := [][]byte{
		nil,
		{0},
		{1},
		c.sign(from, terms{}, msg), c.sign(from, terms{keyless: true}, msg), c.sign(from, terms{}, empty),
		c.sign(from, terms{}, send), c.sign(from, terms{}, msg, send), c.sign(from, terms{}, send, msg), c.sign(from, terms{}, msg, msg),
		c.sign(from, terms{}, &exec),
	}
	seeds := map[byte][][]byte{layerTx: txs}
	for _, raw := range txs[3:] {
		var parts sdktx.TxRaw
		if err := parts.Unmarshal(raw); err != nil {
			t.Fatal(err)
		}
		seeds[layerBody] = append(seeds[layerBody], parts.BodyBytes)
	}
	for _, adjust := range []func(*wire.PayForBlobs){
		func(*wire.PayForBlobs) {},
		func(m *wire.PayForBlobs) { m.FeeCap = "0x10" },
		func(m *wire.PayForBlobs) { m.TipCap = "020" },
		func(m *wire.PayForBlobs) { m.TipCap = "-1" },
		func(m *wire.PayForBlobs) { m.FeeCap = "" },
		func(m *wire.PayForBlobs) { m.FeeCap = strings.Repeat("9", 78) },
		func(m *wire.PayForBlobs) { m.Signer = strings.ToUpper(m.Signer) },
		func(m *wire.PayForBlobs) { m.Signer = sdk.ValAddress(from.address()).String() },
		func(m *wire.PayForBlobs) { m.Blobs[1].Encoding = 2 },
		func(m *wire.PayForBlobs) { m.Blobs[0].Namespace[0] = 0xff },
		func(m *wire.PayForBlobs) { m.Blobs[0].Commitments = nil },
	} {
		var m wire.PayForBlobs
		if err := m.Unmarshal(mustMarshal(t, msg)); err != nil {
			t.Fatal(err)
		}
		adjust(&m)
		raw := mustMarshal(t, &m)
		seeds[layerMessage] = append(seeds[layerMessage], raw,
			append(bytes.Clone(raw), 0x22, 0), // an empty fee_cap after the first
			append(bytes.Clone(raw), 0x30, 1), // field 6
			append(bytes.Clone(raw), raw...))
	}
	return seeds
}

// TestDecodingsAgree holds the SDK's decoding of blob transactions, which charges and
// executes them, against da's, which lays out squares and which light nodes use.
func TestDecodingsAgree(t *testing.T) {
	d := newDecodings(t)
	agreed := 0
	for layer, list := range seeds(t) {
		for _, data := range list {
			raw := wrapLayer(t, layer, data)
			d.compare(t, raw)
			if _, err := da.DecodePayForBlobs(raw); err == nil {
				agreed++
			}
		}
	}
	if agreed < 6 {
		t.Errorf("only %d seeds are blob transactions", agreed)
	}
}

// FuzzDecodingsAgree looks for bytes that TestDecodingsAgree fails on.
func FuzzDecodingsAgree(f *testing.F) {
	d := newDecodings(f)
	for layer, list := range seeds(f) {
		for _, data := range list {
			f.Add(layer, data)
		}
	}
	f.Fuzz(func(t *testing.T, layer byte, data []byte) {
		d.compare(t, wrapLayer(t, layer, data))
	})
}
