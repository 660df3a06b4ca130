package blob_test

import (
	"bytes"
	"strings"
	"testing"

	"cosmossdk.io/math"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/tx/signing"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/app/blob"
	"github.com/ashlar-da/ashlar/da"
	blobpb "github.com/ashlar-da/ashlar/proto/blob"
)

// newEncoding returns the chain's encoding; ConfigureSDK is idempotent.
func newEncoding(t testing.TB) *app.Encoding {
	t.Helper()
	app.ConfigureSDK()
	e, err := app.NewEncoding()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// message returns a MsgPayForBlobs with every field set, and what its blobs could be.
func message() (*blobpb.MsgPayForBlobs, [][]byte) {
	data := [][]byte{[]byte("first"), bytes.Repeat([]byte{7}, 2000)}
	msg := &blobpb.MsgPayForBlobs{
		Signer:    sdk.AccAddress(bytes.Repeat([]byte{0xab}, 20)).String(),
		ProofHash: bytes.Repeat([]byte{1}, 32),
		FeeCap:    math.NewInt(12),
		TipCap:    math.NewInt(3),
	}
	for i, d := range data {
		hash := da.Keccak256(d)
		msg.Blobs = append(msg.Blobs, blobpb.BlobInfo{
			Namespace:   append(make([]byte, 19), bytes.Repeat([]byte{byte(i + 1)}, 10)...),
			Size_:       uint64(len(d)),
			Encoding:    uint32(i),
			Commitments: [][]byte{bytes.Repeat([]byte{byte(i + 3)}, 48)},
			Keccak256:   hash[:],
		})
	}
	return msg, data
}

// encode returns the encoded transaction, unsigned but complete.
func encode(t testing.TB, e *app.Encoding, msgs ...sdk.Msg) []byte {
	t.Helper()
	builder := e.TxConfig.NewTxBuilder()
	if err := builder.SetMsgs(msgs...); err != nil {
		t.Fatal(err)
	}
	builder.SetMemo("a memo")
	builder.SetGasLimit(1)
	if err := builder.SetSignatures(signing.SignatureV2{
		Data: &signing.SingleSignatureData{SignMode: signing.SignMode_SIGN_MODE_DIRECT, Signature: []byte{1, 2, 3}},
	}); err != nil {
		t.Fatal(err)
	}
	raw, err := e.TxConfig.TxEncoder()(builder.GetTx())
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestBothDecodingsAgree holds the SDK's decoding of a blob transaction's message
// against that of da, which light nodes use.
func TestBothDecodingsAgree(t *testing.T) {
	e := newEncoding(t)
	msg, data := message()
	envelope := da.Envelope{Tx: encode(t, e, msg), Blobs: data}
	decoded, err := e.TxConfig.TxDecoder()(envelope.Encode())
	if err != nil {
		t.Fatal(err)
	}
	tx := decoded.(*blob.Tx)
	requireSame(t, tx)
	if want := da.FormatAddress(tx.Message.Signer); want != msg.Signer {
		t.Errorf("signer: have %s want %s", want, msg.Signer)
	}
}

// requireSame compares the two decodings a Tx carries.
func requireSame(t testing.TB, tx *blob.Tx) {
	t.Helper()
	pay, m := tx.Pay(), tx.Message
	if len(pay.Blobs) != len(m.Blobs) || !bytes.Equal(pay.ProofHash, m.ProofHash[:]) {
		t.Fatalf("have %d blobs and proof hash %x, da has %d and %x", len(pay.Blobs), pay.ProofHash, len(m.Blobs), m.ProofHash)
	}
	for i, info := range pay.Blobs {
		mirror := m.Blobs[i]
		if !bytes.Equal(info.Namespace, mirror.Namespace[:]) || info.Size_ != mirror.Size || info.Encoding != uint32(mirror.Encoding) ||
			!bytes.Equal(info.Keccak256, mirror.Keccak256[:]) || len(info.Commitments) != len(mirror.Commitments) {
			t.Fatalf("blob %d: have %v, da has %v", i, info, mirror)
		}
		for j, c := range info.Commitments {
			if !bytes.Equal(c, mirror.Commitments[j][:]) {
				t.Fatalf("blob %d: commitment %d differs", i, j)
			}
		}
	}
}

// TestEncoderReturnsWhatCame: the SDK encodes decoded transactions again, and blocks
// must hold the bytes their signers sent.
func TestEncoderReturnsWhatCame(t *testing.T) {
	e := newEncoding(t)
	msg, data := message()
	envelope := da.Envelope{Tx: encode(t, e, msg), Blobs: data}
	for name, raw := range map[string][]byte{"envelope": envelope.Encode(), "bare": encode(t, e, msg)} {
		tx, err := e.TxConfig.TxDecoder()(raw)
		if err != nil {
			t.Fatal(err)
		}
		again, err := e.TxConfig.TxEncoder()(tx)
		if err != nil || !bytes.Equal(again, raw) {
			t.Errorf("%s: other bytes come back (%v)", name, err)
		}
	}
}

// TestTxPrintsShortly: errors print transactions, and blobs do not belong into logs.
func TestTxPrintsShortly(t *testing.T) {
	e := newEncoding(t)
	msg, data := message()
	envelope := da.Envelope{Tx: encode(t, e, msg), Blobs: data}
	tx, err := e.TxConfig.TxDecoder()(envelope.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if s := tx.(*blob.Tx).String(); len(s) > 100 || !strings.Contains(s, "2 blobs") {
		t.Errorf("it prints as %q", s)
	}
}

// FuzzTxDecoder feeds the decoder what a stranger may send. What it accepts encodes to
// the same bytes, and its message means the same to the SDK and to da.
func FuzzTxDecoder(f *testing.F) {
	e := newEncoding(f)
	msg, data := message()
	bare := encode(f, e, msg)
	envelope := da.Envelope{Tx: bare, Blobs: data}
	raw := envelope.Encode()
	for _, seed := range [][]byte{nil, {0}, {1}, bare, raw, raw[:len(raw)-1], append([]byte{0}, bare...), append([]byte{1}, bare...)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		tx, err := e.TxConfig.TxDecoder()(raw)
		if err != nil {
			return
		}
		envelope, ok := tx.(*blob.Tx)
		if !ok {
			return
		}
		again, err := e.TxConfig.TxEncoder()(envelope)
		if err != nil || !bytes.Equal(again, raw) || !bytes.Equal(envelope.Envelope.Encode(), raw) {
			t.Fatalf("other bytes come back (%v)", err)
		}
		if envelope.Pay() == nil {
			t.Fatal("da reads a MsgPayForBlobs where the SDK reads none")
		}
		requireSame(t, envelope)
	})
}
