package ante

import (
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
	"github.com/cosmos/cosmos-sdk/x/auth/signing"
)

// keyDecorator refuses public keys that have no address: the SDK's own decorators ask for
// it, and the SDK's keys panic where their length is wrong.
type keyDecorator struct{}

// AnteHandle implements sdk.AnteDecorator.
func (keyDecorator) AnteHandle(ctx sdk.Context, tx sdk.Tx, simulate bool, next sdk.AnteHandler) (sdk.Context, error) {
	signed, ok := tx.(signing.SigVerifiableTx)
	if !ok {
		return ctx, sdkerrors.ErrTxDecode.Wrapf("transaction type %T has no signatures", tx)
	}
	keys, err := signed.GetPubKeys()
	if err != nil {
		return ctx, err
	}
	for i, key := range keys {
		if err := checkKey(key); err != nil {
			return ctx, sdkerrors.ErrInvalidPubKey.Wrapf("key %d: %v", i, err)
		}
	}
	return next(ctx, tx, simulate)
}

// checkKey turns the panic of a malformed key into an error. A key may be left out.
func checkKey(key cryptotypes.PubKey) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = sdkerrors.ErrInvalidPubKey.Wrapf("%v", r)
		}
	}()
	if key != nil {
		key.Address()
	}
	return nil
}
