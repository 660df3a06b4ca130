package client

import (
	"errors"
	"fmt"

	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	"github.com/cosmos/cosmos-sdk/crypto/keyring"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/bech32"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
	"github.com/cosmos/cosmos-sdk/types/tx/signing"
)

// Bech32Prefix begins every account's address.
const Bech32Prefix = "ashlar"

// Signer signs transactions for one account. It is immutable and safe for concurrent
// use as far as the key it stands on is.
type Signer struct {
	address string
	pubKey  *codectypes.Any
	sign    func(message []byte) ([]byte, error)
}

// NewSigner signs with a key held in memory.
func NewSigner(key *secp256k1.PrivKey) (*Signer, error) {
	return newSigner(key.PubKey(), key.Sign)
}

// KeyringSigner signs with a named key of a keyring.
func KeyringSigner(ring keyring.Keyring, name string) (*Signer, error) {
	record, err := ring.Key(name)
	if errors.Is(err, sdkerrors.ErrKeyNotFound) { // its text names a line of the SDK
		return nil, fmt.Errorf("key %q is not in this keyring: `ashlar keys list` shows which are, for the same --home and --keyring-backend", name)
	}
	if err != nil {
		return nil, fmt.Errorf("key %q: %w", name, err)
	}
	pubKey, err := record.GetPubKey()
	if err != nil {
		return nil, fmt.Errorf("key %q: %w", name, err)
	}
	return newSigner(pubKey, func(message []byte) ([]byte, error) {
		signature, _, err := ring.Sign(name, message, signing.SignMode_SIGN_MODE_DIRECT)
		return signature, err
	})
}

func newSigner(pubKey cryptotypes.PubKey, sign func([]byte) ([]byte, error)) (*Signer, error) {
	address, err := bech32.ConvertAndEncode(Bech32Prefix, sdk.AccAddress(pubKey.Address()))
	if err != nil {
		return nil, fmt.Errorf("encode address: %w", err)
	}
	packed, err := codectypes.NewAnyWithValue(pubKey)
	if err != nil {
		return nil, fmt.Errorf("pack public key: %w", err)
	}
	return &Signer{address: address, pubKey: packed, sign: sign}, nil
}

// Address returns the account's bech32 address.
func (s *Signer) Address() string { return s.address }
