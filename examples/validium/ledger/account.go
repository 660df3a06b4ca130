package ledger

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr/poseidon2"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/twistededwards/eddsa"
)

// An account's owner, balance and nonce share one scalar: 160, 64 and 30 bits, from the least.
const (
	OwnerBits   = 160
	BalanceBits = 64
	NonceBits   = 30
)

// ErrSignature means that a transfer is not signed by the key of the account it is from.
var ErrSignature = errors.New("ledger: not signed by the sender's key")

// Key is a public key for transfers: a point of Jubjub, by its coordinates.
type Key struct{ X, Y Scalar }

// Account is one leaf of the state. The zero account is an empty leaf.
type Account struct {
	Key Key
	// Owner is the Ethereum address that deposited, and that exits are paid to.
	Owner [20]byte
	// Balance is in gwei.
	Balance uint64
	// Nonce counts the transfers that the account has sent.
	Nonce uint32
}

// Packed is the scalar that owner, balance and nonce share.
func (a *Account) Packed() (s Scalar) {
	n := new(big.Int).SetUint64(uint64(a.Nonce))
	n.Lsh(n, BalanceBits).Or(n, new(big.Int).SetUint64(a.Balance))
	n.Lsh(n, OwnerBits).Or(n, new(big.Int).SetBytes(a.Owner[:]))
	return *s.SetBigInt(n)
}

// unpack is the inverse of Packed. It fails with ErrMalformed.
func (a *Account) unpack(s Scalar) error {
	n := s.BigInt(new(big.Int))
	if n.BitLen() > OwnerBits+BalanceBits+NonceBits {
		return fmt.Errorf("%w: an account of %d bits", ErrMalformed, n.BitLen())
	}
	low := new(big.Int)
	cut := func(bits uint) *big.Int {
		low.And(n, new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), bits), big.NewInt(1)))
		n.Rsh(n, bits)
		return low
	}
	cut(OwnerBits).FillBytes(a.Owner[:])
	a.Balance = cut(BalanceBits).Uint64()
	a.Nonce = uint32(n.Uint64())
	return nil
}

// Leaf is what the state tree commits to: zero of an empty account.
func (a *Account) Leaf() Scalar {
	if *a == (Account{}) {
		return Scalar{}
	}
	return Hash(Hash(a.Key.X, a.Key.Y), a.Packed())
}

// Secret signs transfers.
type Secret struct{ key *eddsa.PrivateKey }

// NewSecret draws a key.
func NewSecret() (*Secret, error) {
	key, err := eddsa.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("draw a key: %w", err)
	}
	return &Secret{key}, nil
}

// Placeholder is a key that everyone has: it signs what fills up a batch.
func Placeholder() *Secret {
	seed := sha256.Sum256([]byte("ashlar/validium/placeholder/1"))
	key, err := eddsa.GenerateKey(bytes.NewReader(seed[:]))
	if err != nil {
		panic(err) // fails for a reader of fewer than 32 bytes alone
	}
	return &Secret{key}
}

// Key returns the public key.
func (s *Secret) Key() Key { return Key{s.key.PublicKey.A.X, s.key.PublicKey.A.Y} }

// Signature is R ‖ S as gnark-crypto encodes them, R compressed.
type Signature [64]byte

// Open returns R's coordinates, and S. It fails with ErrSignature.
func (s Signature) Open() (x, y Scalar, scalar *big.Int, _ error) {
	var signature eddsa.Signature
	if _, err := signature.SetBytes(s[:]); err != nil {
		return x, y, nil, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	return signature.R.X, signature.R.Y, new(big.Int).SetBytes(signature.S[:]), nil
}

// sign signs one scalar: EdDSA over Jubjub, with Chain as the hash.
func (s *Secret) sign(message Scalar) (signature Signature, _ error) {
	bytes := message.Bytes()
	out, err := s.key.Sign(bytes[:], poseidon2.NewMerkleDamgardHasher())
	if err != nil {
		return signature, fmt.Errorf("sign: %w", err)
	}
	return Signature(out), nil
}

// verify fails with ErrSignature.
func (k Key) verify(message Scalar, signature Signature) error {
	var public eddsa.PublicKey
	public.A.X, public.A.Y = k.X, k.Y
	bytes := message.Bytes()
	ok, err := public.Verify(signature[:], bytes[:], poseidon2.NewMerkleDamgardHasher())
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSignature, err)
	}
	if !ok {
		return ErrSignature
	}
	return nil
}
