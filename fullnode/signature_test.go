package fullnode

import (
	"errors"
	"strings"
	"testing"

	"cosmossdk.io/math"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"

	"github.com/ashlar-da/ashlar/api"
	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// signedFor is a small signed envelope for a chain and account number.
func signedFor(tb testing.TB, chainID string, number uint64) []byte {
	tb.Helper()
	setup, err := kzg.NewSetup()
	if err != nil {
		tb.Fatal(err)
	}
	signer, err := client.NewSigner(&secp256k1.PrivKey{Key: []byte("a key that is 32 bytes in length")})
	if err != nil {
		tb.Fatal(err)
	}
	namespace, err := da.NewNamespace([]byte("signature"))
	if err != nil {
		tb.Fatal(err)
	}
	prepared, err := client.Prepare(setup, []da.Blob{{Namespace: namespace, Data: []byte("x")}})
	if err != nil {
		tb.Fatal(err)
	}
	fees := client.Fees{Cap: math.OneInt(), Tip: math.ZeroInt(), GasLimit: 1, GasPrice: math.ZeroInt()}
	envelope, err := prepared.Sign(signer, client.Account{ChainID: chainID, Number: number}, fees)
	if err != nil {
		tb.Fatal(err)
	}
	return envelope.Encode()
}

// TestSignaturesAreExplained signs for one thing that is not the chain's at a time.
func TestSignaturesAreExplained(t *testing.T) {
	for _, test := range []struct {
		name    string
		chainID string
		number  uint64
		want    error
		says    string
	}{
		{"right", "ours", 7, api.ErrBadRequest, "what the application said"},
		{"no chain id", "", 7, api.ErrWrongChain, "no chain id at all, this is ours"},
		{"another chain id", "theirs", 7, api.ErrWrongChain, "does not verify for chain id ours and account number 7"},
		{"no account number", "ours", 0, api.ErrBadRequest, "account number 0, this account's is 7"},
		{"another account number", "ours", 8, api.ErrWrongChain, "does not verify for chain id ours and account number 7"},
	} {
		t.Run(test.name, func(t *testing.T) {
			signed, err := readSigned(signedFor(t, test.chainID, test.number))
			if err != nil || signed == nil {
				t.Fatal(signed, err)
			}
			err = signed.explain("ours", 7, "what the application said")
			if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%v, want %v saying %q", err, test.want, test.says)
			}
		})
	}
}

// FuzzReadSigned feeds whatever a user may post. Nothing may panic.
func FuzzReadSigned(f *testing.F) {
	f.Add(signedFor(f, "ours", 7))
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, tx []byte) {
		if signed, err := readSigned(tx); err == nil && signed != nil && signed.fits("another chain", 1) {
			t.Error("a signature fits what it was not made for")
		}
	})
}
