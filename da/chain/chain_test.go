package chain

import (
	"errors"
	"testing"
	"time"

	"github.com/cometbft/cometbft/types"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

func signedHeader(txs [][]byte) *types.SignedHeader {
	return &types.SignedHeader{Header: &types.Header{
		ChainID: "ashlar-test", Height: 7, Time: time.Unix(1_800_000_000, 0).UTC(),
		DataHash: types.ToTxs(txs).Hash(), ValidatorsHash: make([]byte, 32),
	}}
}

// blockTxs are those of a block with a square of two rows; only their layout matters here.
func blockTxs() [][]byte {
	h := da.Header{Version: da.HeaderVersion, TxRows: 1, SharedRows: 1, Commitments: make([]kzg.Commitment, 2)}
	return [][]byte{append([]byte{0}, h.Encode()...), {0}, []byte("envelope"), []byte("other")}
}

func prove(t *testing.T, txs [][]byte) da.HeaderProof {
	t.Helper()
	p, err := da.ProveHeader(txs)
	if err != nil {
		t.Fatal(err)
	}
	return *p
}

func TestBind(t *testing.T) {
	for name, txs := range map[string][][]byte{"a block": blockTxs(), "the empty block": da.EmptyTxs()} {
		signed := signedHeader(txs)
		h, err := Bind(signed, prove(t, txs))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if h.Height() != 7 || !h.Time().Equal(signed.Time) || h.Signed() != signed || string(h.Hash()) != string(signed.Hash()) {
			t.Errorf("%s: bound to height %d, time %v", name, h.Height(), h.Time())
		}
		if got := h.DA().Encode(); string(got) != string(txs[0][1:]) || string(h.Proof().Header) != string(got) {
			t.Errorf("%s: bound %x", name, got)
		}
	}
}

func TestBindRefuses(t *testing.T) {
	alone := da.Header{Version: da.HeaderVersion}
	noRows := [][]byte{append([]byte{0}, alone.Encode()...), {0}}
	broken := [][]byte{{0, 1, 2, 3}, {0}}
	for name, test := range map[string]struct {
		signed *types.SignedHeader
		proof  da.HeaderProof
		want   error
	}{
		"no header":                 {nil, prove(t, blockTxs()), da.ErrInvalidProof},
		"signed nothing":            {&types.SignedHeader{}, prove(t, blockTxs()), da.ErrInvalidProof},
		"no proof":                  {signedHeader(blockTxs()), da.HeaderProof{}, da.ErrInvalidProof},
		"another block's proof":     {signedHeader(blockTxs()), prove(t, blockTxs()[:3]), da.ErrInvalidProof},
		"no data hash":              {&types.SignedHeader{Header: &types.Header{}}, prove(t, blockTxs()), da.ErrInvalidProof},
		"no rows, not the one form": {signedHeader(noRows), prove(t, noRows), da.ErrMalformed},
		"empty header, more after": {
			signedHeader(append(da.EmptyTxs(), []byte("tx"))), prove(t, append(da.EmptyTxs(), []byte("tx"))), da.ErrMalformed,
		},
		"malformed header": {signedHeader(broken), prove(t, broken), da.ErrMalformed},
	} {
		if _, err := Bind(test.signed, test.proof); !errors.Is(err, test.want) {
			t.Errorf("%s: have %v, want %v", name, err, test.want)
		}
	}
}
