package ante

import (
	"errors"
	"math"
	"testing"

	sdkmath "cosmossdk.io/math"
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

func TestPriorityIsClamped(t *testing.T) {
	for _, c := range []struct {
		tip  sdkmath.Int
		want int64
	}{
		{sdkmath.ZeroInt(), 0},
		{sdkmath.NewInt(math.MaxInt64), math.MaxInt64},
		{sdkmath.NewIntWithDecimal(1, 30), math.MaxInt64},
	} {
		if got := priority(c.tip); got != c.want {
			t.Errorf("priority(%s): have %d want %d", c.tip, got, c.want)
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
