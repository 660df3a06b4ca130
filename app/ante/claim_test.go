package ante

import (
	"errors"
	"testing"

	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"

	"github.com/ashlar-da/ashlar/app/blob"
	"github.com/ashlar-da/ashlar/da"
)

// TestAPanicSettlesClaims: none is left to be taken for good, or to count as unsettled for ever.
func TestAPanicSettlesClaims(t *testing.T) {
	v, err := NewVerifier(nil)
	if err != nil {
		t.Fatal(err)
	}
	claim := v.claim(1, &blob.Tx{Message: &da.PayForBlobs{}}, [da.HashSize]byte{}) // no envelope: verifying it panics
	func() {
		defer func() {
			if recover() == nil {
				t.Fatal("no panic")
			}
		}()
		v.Settle([]*Claim{claim})
	}()
	if !errors.Is(claim.Err, sdkerrors.ErrPanic) || v.unsettled != 0 {
		t.Errorf("the claim is left with %v, and %d count as unsettled", claim.Err, v.unsettled)
	}
}
