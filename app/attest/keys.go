package attest

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ashlar-da/ashlar/da"
	attestpb "github.com/ashlar-da/ashlar/proto/attest"
)

// CheckKey holds a key against its form and its proof of possession. It fails with
// ErrInvalidOperator, ErrInvalidKey or ErrInvalidProof.
func CheckKey(registered attestpb.RegisteredKey) (operator [da.AddressSize]byte, _ error) {
	operator, err := da.ParseAddress(registered.Operator)
	if err != nil {
		return operator, ErrInvalidOperator.Wrap(err.Error())
	}
	if len(registered.Key) != da.AttestationKeySize {
		return operator, ErrInvalidKey.Wrapf("it has %d bytes: give the %d of a compressed point of G1", len(registered.Key), da.AttestationKeySize)
	}
	if len(registered.Proof) != da.AttestationSignatureSize {
		return operator, ErrInvalidProof.Wrapf("it has %d bytes: give the %d of a compressed point of G2", len(registered.Proof), da.AttestationSignatureSize)
	}
	err = da.AttestationKey(registered.Key).VerifyPossession(operator, da.AttestationSignature(registered.Proof))
	switch {
	case errors.Is(err, da.ErrInvalidKey):
		return operator, ErrInvalidKey.Wrap(err.Error())
	case err != nil:
		return operator, ErrInvalidProof.Wrapf("%v, for the operator %s: each has to prove its own", err, registered.Operator)
	}
	return operator, nil
}

// Register stores a validator's key, which sets taken from now on have. It fails as CheckKey does, with
// ErrNoValidator, and with ErrKeyTaken where another validator has, or ever had, the key.
func (k *Keeper) Register(ctx context.Context, registered attestpb.RegisteredKey) error {
	operator, err := CheckKey(registered)
	if err != nil {
		return err
	}
	if _, err := k.others.Staking.GetValidator(ctx, operator[:]); err != nil {
		return ErrNoValidator.Wrapf("%s operates none: create the validator first", registered.Operator)
	}
	if err := k.setKey(ctx, operator, registered); err != nil {
		return err
	}
	emit(ctx, eventKey, sdk.NewAttribute(attributeOperator, registered.Operator), sdk.NewAttribute(attributeKey, da.AttestationKey(registered.Key).String()))
	return nil
}

func (k *Keeper) setKey(ctx context.Context, operator [da.AddressSize]byte, registered attestpb.RegisteredKey) error {
	if err := k.claim(ctx, operator, registered.Key); err != nil {
		return err
	}
	return k.keys.Set(ctx, operator[:], registered)
}

// claim makes a key an operator's for good.
func (k *Keeper) claim(ctx context.Context, operator [da.AddressSize]byte, key []byte) error {
	owner, err := k.owners.Get(ctx, key)
	switch {
	case errors.Is(err, collections.ErrNotFound):
		return k.owners.Set(ctx, key, operator[:])
	case err != nil:
		return err
	case [da.AddressSize]byte(owner) != operator:
		return ErrKeyTaken.Wrapf("%s registered it: make a key of your own", da.FormatAddress([da.AddressSize]byte(owner)))
	}
	return nil
}

// Key returns an operator's key; ErrNotFound where it has none.
func (k *Keeper) Key(ctx context.Context, operator [da.AddressSize]byte) (attestpb.RegisteredKey, error) {
	key, err := k.keys.Get(ctx, operator[:])
	if errors.Is(err, collections.ErrNotFound) {
		return key, ErrNotFound.Wrapf("%s has registered no attestation key", da.FormatAddress(operator))
	}
	return key, err
}

// registered returns all keys, in the order of operators.
func (k *Keeper) registered(ctx context.Context) (keys []attestpb.RegisteredKey, _ error) {
	err := k.keys.Walk(ctx, nil, func(_ []byte, key attestpb.RegisteredKey) (bool, error) {
		keys = append(keys, key)
		return false, nil
	})
	return keys, err
}
