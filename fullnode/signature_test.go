package fullnode

import (
	"errors"
	"strings"
	"testing"

	"cosmossdk.io/math"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	sdktx "github.com/cosmos/cosmos-sdk/types/tx"

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

// TestKeysHaveTheirLength reads keys of lengths that no address can be made of.
func TestKeysHaveTheirLength(t *testing.T) {
	right := signedFor(t, "ours", 7)
	for _, length := range []int{0, 2, secp256k1.PubKeySize - 1, secp256k1.PubKeySize + 1} {
		signed, err := readSigned(withKey(t, right, make([]byte, length)))
		if err == nil || signed != nil {
			t.Errorf("a key of %d bytes is read as %v", length, signed)
		}
	}
	if signed, err := readSigned(withKey(t, right, make([]byte, secp256k1.PubKeySize))); err != nil || signed == nil {
		t.Errorf("a key of the right length: %v", err)
	}
}

// withKey puts another public key into an encoded envelope.
func withKey(tb testing.TB, encoded, key []byte) []byte {
	tb.Helper()
	envelope, err := da.DecodeEnvelope(encoded)
	if err != nil {
		tb.Fatal(err)
	}
	envelope.Tx = withAuth(tb, envelope.Tx, func(auth *sdktx.AuthInfo) { setKey(tb, auth, key) })
	return envelope.Encode()
}

// withAuth changes the AuthInfo of a signed transaction.
func withAuth(tb testing.TB, tx []byte, change func(*sdktx.AuthInfo)) []byte {
	tb.Helper()
	var raw sdktx.TxRaw
	var auth sdktx.AuthInfo
	if err := errors.Join(raw.Unmarshal(tx), auth.Unmarshal(raw.AuthInfoBytes)); err != nil {
		tb.Fatal(err)
	}
	change(&auth)
	var err error
	if raw.AuthInfoBytes, err = auth.Marshal(); err != nil {
		tb.Fatal(err)
	}
	changed, err := raw.Marshal()
	if err != nil {
		tb.Fatal(err)
	}
	return changed
}

// setKey replaces the one signer's public key.
func setKey(tb testing.TB, auth *sdktx.AuthInfo, key []byte) {
	tb.Helper()
	value, err := (&secp256k1.PubKey{Key: key}).Marshal()
	if err != nil {
		tb.Fatal(err)
	}
	auth.SignerInfos[0].PublicKey.Value = value
}

// FuzzReadSigned feeds whatever a user may post. Nothing may panic.
func FuzzReadSigned(f *testing.F) {
	f.Add(signedFor(f, "ours", 7))
	f.Add(withKey(f, signedFor(f, "ours", 7), []byte{2, 3}))
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, tx []byte) {
		signed, err := readSigned(tx)
		if err != nil || signed == nil {
			return
		}
		if len(signed.key.Address()) != da.AddressSize {
			t.Error("a key without an address")
		}
		if signed.fits("another chain", 1) {
			t.Error("a signature fits what it was not made for")
		}
	})
}
