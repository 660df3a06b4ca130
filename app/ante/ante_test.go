package ante

import (
	"errors"
	"testing"

	"github.com/cosmos/cosmos-sdk/crypto/keys/ed25519"
	"github.com/cosmos/cosmos-sdk/crypto/keys/multisig"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/x/authz"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/ashlar-da/ashlar/app/blob"
	"github.com/ashlar-da/ashlar/da"
	blobpb "github.com/ashlar-da/ashlar/proto/blob"
)

// nest wraps a message in depth levels of MsgExec.
func nest(msg sdk.Msg, depth int) sdk.Msg {
	for range depth {
		exec := authz.NewMsgExec(sdk.AccAddress("grantee"), []sdk.Msg{msg})
		msg = &exec
	}
	return msg
}

func TestMentionsPay(t *testing.T) {
	send, pay := &banktypes.MsgSend{}, &blobpb.MsgPayForBlobs{}
	for name, c := range map[string]struct {
		msgs []sdk.Msg
		want bool
	}{
		"none":                    {nil, false},
		"a transfer":              {[]sdk.Msg{send}, false},
		"bare":                    {[]sdk.Msg{pay}, true},
		"behind a transfer":       {[]sdk.Msg{send, pay}, true},
		"nested":                  {[]sdk.Msg{nest(pay, 3)}, true},
		"a nested transfer":       {[]sdk.Msg{nest(send, 3)}, false},
		"nested beyond any use":   {[]sdk.Msg{nest(send, maxNesting+1)}, true},
		"nested as deep as it is": {[]sdk.Msg{nest(send, maxNesting)}, false},
	} {
		if got := mentionsPay(c.msgs, 0); got != c.want {
			t.Errorf("%s: have %v want %v", name, got, c.want)
		}
	}
}

// TestBackOffDoubles looks at a signer's offences alone: an envelope that matches
// nothing is refused before KZG and is no offence.
func TestBackOffDoubles(t *testing.T) {
	v, err := NewVerifier(nil)
	if err != nil {
		t.Fatal(err)
	}
	tx := &blob.Tx{Envelope: &da.Envelope{}, Message: &da.PayForBlobs{Signer: [da.AddressSize]byte{1}}}
	if err := v.Verify(10, da.DefaultLimits(), tx); errors.Is(err, blob.ErrBackOff) {
		t.Fatal("a signer without offences backs off")
	}
	if v.offences.Len() != 0 {
		t.Fatal("an envelope that does not match its message counts against the signer")
	}
	var last int64
	for count := 1; count <= maxBackOff+2; count++ {
		o := offence{count: count - 1}.again(100)
		if length := o.until - 100; count > 1 && count <= maxBackOff && length != 2*last {
			t.Errorf("offence %d: refused for %d blocks, %d before", count, length, last)
		}
		last = o.until - 100
	}
	if last != 1<<maxBackOff {
		t.Errorf("the longest back-off is %d blocks, want %d", last, 1<<maxBackOff)
	}
	v.offences.Add(tx.Message.Signer, offence{count: 1, until: 12})
	for height, refused := range map[int64]bool{11: true, 12: false} {
		if err := v.Verify(height, da.DefaultLimits(), tx); errors.Is(err, blob.ErrBackOff) != refused {
			t.Errorf("height %d: have %v, want back-off %v", height, err, refused)
		}
	}
}

// TestStrangersShareABudget: accounts are cheap, so what signers without good blobs may
// cost a node in false ones is bounded for all of them together, height by height.
func TestStrangersShareABudget(t *testing.T) {
	v, err := NewVerifier(nil)
	if err != nil {
		t.Fatal(err)
	}
	signer := func(i int) [da.AddressSize]byte { return [da.AddressSize]byte{byte(i), byte(i >> 8)} }
	for i := range failuresPerHeight {
		if err := v.admit(7, signer(i)); err != nil {
			t.Fatalf("stranger %d is refused after as many failures: %v", i, err)
		}
		v.blame(7, signer(i))
	}
	stranger, poster := signer(1000), signer(1001)
	v.proven.Add(poster, struct{}{})
	if err := v.admit(7, stranger); !errors.Is(err, blob.ErrBackOff) {
		t.Errorf("a stranger beyond the budget: have %v want ErrBackOff", err)
	}
	if err := v.admit(7, poster); err != nil {
		t.Errorf("a signer of good blobs pays for strangers: %v", err)
	}
	if err := v.admit(8, stranger); err != nil {
		t.Errorf("the budget is not renewed: %v", err)
	}
	if err := v.admit(8, signer(0)); !errors.Is(err, blob.ErrBackOff) {
		t.Errorf("an offender at the next height: have %v want ErrBackOff", err)
	}
}

// TestMalformedKeysAreErrors: a key of the wrong length, alone or within a multisig key.
func TestMalformedKeysAreErrors(t *testing.T) {
	good := secp256k1.GenPrivKeyFromSecret([]byte("a key")).PubKey()
	short := &secp256k1.PubKey{Key: []byte{2, 3}}
	for name, c := range map[string]struct {
		key   cryptotypes.PubKey
		valid bool
	}{
		"good":        {good, true},
		"left out":    {nil, true},
		"short":       {short, false},
		"empty":       {&secp256k1.PubKey{}, false},
		"ed25519":     {&ed25519.PubKey{Key: make([]byte, 31)}, false},
		"a multisig":  {multisig.NewLegacyAminoPubKey(1, []cryptotypes.PubKey{good}), true},
		"no multisig": {&multisig.LegacyAminoPubKey{}, true},
	} {
		if err := checkKey(c.key); (err == nil) != c.valid {
			t.Errorf("%s: %v, want valid %v", name, err, c.valid)
		}
	}
}
