package client

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
)

// laneMessage is what a signer signs to derive its lanes. It begins with a byte that no
// transaction to sign begins with, so that the signature is good for nothing else.
const laneMessage = "Ashlar lanes, version 1. Whoever has this signature can sign for the sub-accounts of this key."

// Lane returns the signer of a sub-account, number i. It is derived from a signature, so
// that it is always the same as far as the signer's signatures are: those of keys held in
// memory or in a keyring are, by RFC 6979.
func (s *Signer) Lane(i int) (*Signer, error) {
	signature, err := s.sign([]byte(laneMessage))
	if err != nil {
		return nil, fmt.Errorf("derive lane %d: %w", i, err)
	}
	mac := hmac.New(sha256.New, signature)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(i)))
	return NewSigner(secp256k1.GenPrivKeyFromSecret(mac.Sum(nil)))
}
