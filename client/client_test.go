package client

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cosmossdk.io/math"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	"github.com/cosmos/cosmos-sdk/types/tx"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	blobpb "github.com/ashlar-da/ashlar/proto/blob"
)

// testNamespace is where these tests post.
func testNamespace(t *testing.T) da.Namespace {
	t.Helper()
	namespace, err := da.NewNamespace([]byte("client"))
	if err != nil {
		t.Fatal(err)
	}
	return namespace
}

func TestSplit(t *testing.T) {
	namespace := testNamespace(t)
	size := da.MaxTxOwnRows * da.DataRowSize
	for _, test := range []struct {
		name     string
		encoding da.Encoding
		length   int
		want     []int
	}{
		{"one byte", da.EncodingData, 1, []int{1}},
		{"exactly a transaction", da.EncodingData, size, []int{size}},
		{"one byte more", da.EncodingData, size + 1, []int{size, 1}},
		{"raw has more room", da.EncodingRaw, 2*da.MaxTxOwnRows*kzg.RowSize + 32, []int{da.MaxTxOwnRows * kzg.RowSize, da.MaxTxOwnRows * kzg.RowSize, 32}},
	} {
		t.Run(test.name, func(t *testing.T) {
			parts := Split(da.Blob{Namespace: namespace, Encoding: test.encoding, Data: make([]byte, test.length)})
			if len(parts) != len(test.want) {
				t.Fatalf("%d parts, want %d", len(parts), len(test.want))
			}
			for i, part := range parts {
				if len(part.Data) != test.want[i] || part.Check() != nil {
					t.Errorf("part %d has %d bytes (%v), want %d", i, len(part.Data), part.Check(), test.want[i])
				}
			}
		})
	}
}

// TestSign checks what a signed transaction offers, and that exactly its own bytes are
// paid for besides its blobs.
func TestSign(t *testing.T) {
	key := secp256k1.GenPrivKey()
	signer, err := NewSigner(key)
	if err != nil {
		t.Fatal(err)
	}
	infos := da.DescribeBlobs([]da.Blob{{Namespace: testNamespace(t), Data: []byte("data")}}, [][]kzg.Commitment{{{0xc0}}})
	prepared := &Prepared{data: [][]byte{[]byte("data")}, infos: infos}
	fees := Fees{Cap: math.NewInt(2_000_000_000), Tip: math.NewInt(7), GasLimit: 200_000, GasPrice: math.NewInt(3)}
	envelope, err := prepared.Sign(signer, Account{ChainID: "c", Number: 5, Sequence: 9}, fees)
	if err != nil {
		t.Fatal(err)
	}
	var raw tx.TxRaw
	var auth tx.AuthInfo
	if err := errors.Join(raw.Unmarshal(envelope.Tx), auth.Unmarshal(raw.AuthInfoBytes)); err != nil {
		t.Fatal(err)
	}
	doc := tx.SignDoc{BodyBytes: raw.BodyBytes, AuthInfoBytes: raw.AuthInfoBytes, ChainId: "c", AccountNumber: 5}
	message, err := doc.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if !key.PubKey().VerifySignature(message, raw.Signatures[0]) {
		t.Error("the signature does not verify")
	}
	want := fees.Cap.MulRaw(int64(prepared.BlobGas() + da.TxBlobGas(len(envelope.Tx)))).AddRaw(600_000)
	if got := auth.Fee.Amount.AmountOf(Denom); !got.Equal(want) || auth.SignerInfos[0].Sequence != 9 {
		t.Errorf("the fee is %s at sequence %d, want %s at 9", got, auth.SignerInfos[0].Sequence, want)
	}
	checkMessage(t, &raw, signer)
}

// checkMessage holds what the SDK decodes against what package da does.
func checkMessage(t *testing.T, raw *tx.TxRaw, signer *Signer) {
	t.Helper()
	var body tx.TxBody
	if err := body.Unmarshal(raw.BodyBytes); err != nil {
		t.Fatal(err)
	}
	var sdkMessage blobpb.MsgPayForBlobs
	if err := sdkMessage.Unmarshal(body.Messages[0].Value); err != nil {
		t.Fatal(err)
	}
	encoded, err := raw.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	message, err := da.DecodePayForBlobs(encoded)
	if err != nil {
		t.Fatal(err)
	}
	if sdkMessage.Signer != signer.Address() || message.FeeCap != "2000000000" || message.TipCap != "7" {
		t.Errorf("the message has signer %s, fee cap %s, tip cap %s", sdkMessage.Signer, message.FeeCap, message.TipCap)
	}
}

// node answers like a full node that holds one blob; tests corrupt what it answers.
type node struct {
	entry  da.Entry
	data   []byte
	height uint64
}

func newNode(t *testing.T) *node {
	t.Helper()
	data := []byte("what was posted")
	commitments := []kzg.Commitment{{0xc0}}
	namespace := testNamespace(t)
	keccak := da.Keccak256(data)
	return &node{
		data:   data,
		height: 7,
		entry: da.Entry{
			Type: da.EntryTypeBlob, ID: da.ComputeBlobID(namespace, da.EncodingData, keccak, commitments, uint64(len(data))),
			Namespace: namespace, Commitments: commitments, Keccak256: keccak, Cells: 1, Size: uint64(len(data)),
		},
	}
}

func (n *node) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/data") {
		_, _ = w.Write(n.data)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"inclusions": []any{
		map[string]any{"height": n.height, "entry": map[string]any{"encoded": Hex(n.entry.Encode())}},
	}})
}

// TestGetTrustsNoNode corrupts one thing a node answers at a time.
func TestGetTrustsNoNode(t *testing.T) {
	for _, test := range []struct {
		name    string
		corrupt func(*node)
		want    error
	}{
		{"nothing", func(*node) {}, nil},
		{"a byte of data", func(n *node) { n.data = []byte("what was posteD") }, da.ErrMismatch},
		{"data cut short", func(n *node) { n.data = n.data[:3] }, da.ErrMismatch},
		{"another blob's entry", func(n *node) {
			n.data = []byte("what someone else posted")
			n.entry.Keccak256, n.entry.Size = da.Keccak256(n.data), uint64(len(n.data))
			n.entry.ID = da.ComputeBlobID(n.entry.Namespace, n.entry.Encoding, n.entry.Keccak256, n.entry.Commitments, n.entry.Size)
		}, da.ErrMismatch},
		{"an entry with this id and other data", func(n *node) {
			n.data = []byte("what someone else ...")
			n.entry.Keccak256, n.entry.Size = da.Keccak256(n.data), uint64(len(n.data))
		}, da.ErrMalformed},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := newNode(t)
			id := n.entry.ID
			test.corrupt(n)
			c := newTestClient(t, n)
			blob, err := c.Get(t.Context(), id)
			if !errors.Is(err, test.want) {
				t.Fatalf("Get fails with %v, want %v", err, test.want)
			}
			if err == nil && (string(blob.Data) != "what was posted" || blob.Height != 7) {
				t.Errorf("got %q at height %d", blob.Data, blob.Height)
			}
		})
	}
}

func newTestClient(t *testing.T, handler http.Handler) *Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	c, err := New(t.Context(), Config{URL: server.URL + "/"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestErrorsAreTyped(t *testing.T) {
	for _, test := range []struct {
		name   string
		status int
		body   string
		code   Code
		is     error
	}{
		{"a code", 404, `{"error":{"code":"not_found","message":"m","hint":"h","retryable":false,"request_id":"r"}}`, CodeNotFound, da.ErrNotFound},
		{"pruned", 410, `{"error":{"code":"pruned","message":"m"}}`, CodePruned, da.ErrPruned},
		{"future", 404, `{"error":{"code":"future_height","message":"m"}}`, CodeFutureHeight, da.ErrFutureHeight},
		{"too large", 413, `{"error":{"code":"too_large","message":"m"}}`, CodeTooLarge, da.ErrTooLarge},
		{"none of this API's", 502, `<html>bad gateway</html>`, CodeInternal, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newTestClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "3")
				w.WriteHeader(test.status)
				_, _ = w.Write([]byte(test.body))
			}))
			_, err := c.Status(t.Context())
			var e *Error
			if !errors.As(err, &e) || e.Code != test.code || e.Status != test.status || e.RetryAfter != 3*time.Second {
				t.Fatalf("the error is %#v, want code %s and status %d", err, test.code, test.status)
			}
			if foreign := test.body[0] == '<'; foreign != strings.Contains(err.Error(), "is this the URL of an Ashlar node's HTTP API?") {
				t.Errorf("%q asks whether the URL is right: want that only of another server's answer", err)
			}
			if test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("%v is not %v", err, test.is)
			}
		})
	}
}

func TestNewRefusesBadURLs(t *testing.T) {
	for _, url := range []string{"", "127.0.0.1:26659", "ftp://host", "http://", "http://[::1", "://"} {
		if _, err := New(context.Background(), Config{URL: url}); err == nil {
			t.Errorf("New takes the URL %q", url)
		}
	}
}
