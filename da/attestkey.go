package da

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/big"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

const (
	// AttestationKeySize is the length of a public key, a compressed point of G1.
	AttestationKeySize = bls12381.SizeOfG1AffineCompressed
	// AttestationSignatureSize is the length of a signature, a compressed point of G2.
	AttestationSignatureSize = bls12381.SizeOfG2AffineCompressed

	// attestationSuite and possessionSuite are the domains of [BLS signatures], minimal public keys,
	// with proofs of possession. A signature under one is none under the other.
	//
	// [BLS signatures]: https://www.ietf.org/archive/id/draft-irtf-cfrg-bls-signature-05.html#name-proof-of-possession
	attestationSuite = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_"
	possessionSuite  = "BLS_POP_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_"
)

// ErrInvalidSignature means that a signature is not one of the message by the key.
var ErrInvalidSignature = errors.New("da: invalid signature")

// ErrInvalidKey means that bytes are not a key that may attest.
var ErrInvalidKey = errors.New("da: invalid attestation key")

// AttestationKey is a validator's public key for attestations: a compressed point of G1, not
// infinity, in the subgroup.
type AttestationKey [AttestationKeySize]byte

// AttestationSignature is a compressed point of G2: one validator's signature, or the sum of several.
type AttestationSignature [AttestationSignatureSize]byte

// String returns the 96 hex digits of the key.
func (k AttestationKey) String() string { return hex.EncodeToString(k[:]) }

// point decodes the key. It implements KeyValidate, and fails with ErrInvalidKey.
func (k AttestationKey) point() (*bls12381.G1Affine, error) {
	var p bls12381.G1Affine
	if _, err := p.SetBytes(k[:]); err != nil { // checks the curve and the subgroup
		return nil, fmt.Errorf("%w: %x: %w", ErrInvalidKey, k[:8], err)
	}
	if p.IsInfinity() || p.Bytes() != k {
		return nil, fmt.Errorf("%w: %x is infinity, or not its canonical encoding", ErrInvalidKey, k[:8])
	}
	return &p, nil
}

// point decodes the signature. It fails with ErrInvalidSignature.
func (s AttestationSignature) point() (*bls12381.G2Affine, error) {
	var p bls12381.G2Affine
	if _, err := p.SetBytes(s[:]); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalidSignature, err)
	}
	if p.IsInfinity() || p.Bytes() != s {
		return nil, fmt.Errorf("%w: it is infinity, or not its canonical encoding", ErrInvalidSignature)
	}
	return &p, nil
}

// AttestationSecret is a validator's secret key for attestations. Its arithmetic takes time that
// depends on it: sign where nobody can measure.
type AttestationSecret struct{ scalar fr.Element }

// NewAttestationSecret draws a key; random is usually crypto/rand.Reader, which nil means.
func NewAttestationSecret(random io.Reader) (*AttestationSecret, error) {
	if random == nil {
		random = rand.Reader
	}
	for {
		var wide [48]byte // 128 bits more than the order has, so that the remainder is unbiased
		if _, err := io.ReadFull(random, wide[:]); err != nil {
			return nil, fmt.Errorf("draw an attestation key: %w", err)
		}
		s := new(AttestationSecret)
		if s.scalar.SetBigInt(new(big.Int).SetBytes(wide[:])); !s.scalar.IsZero() {
			return s, nil
		}
	}
}

// ParseAttestationSecret reads the 32 bytes, big-endian, that Bytes returns. It fails with ErrInvalidKey.
func ParseAttestationSecret(encoded []byte) (*AttestationSecret, error) {
	s := new(AttestationSecret)
	if err := s.scalar.SetBytesCanonical(encoded); err != nil || s.scalar.IsZero() {
		return nil, fmt.Errorf("%w: a secret key is 32 bytes, big-endian, above 0 and below the order of the group", ErrInvalidKey)
	}
	return s, nil
}

// Bytes returns the secret itself.
func (s *AttestationSecret) Bytes() [32]byte { return s.scalar.Bytes() }

// String says nothing of the secret.
func (s *AttestationSecret) String() string { return "attestation secret of " + s.Key().String() }

// Key returns the public key. It implements SkToPk.
func (s *AttestationSecret) Key() AttestationKey {
	_, _, generator, _ := bls12381.Generators()
	var p bls12381.G1Affine
	p.ScalarMultiplication(&generator, s.scalar.BigInt(new(big.Int)))
	return p.Bytes()
}

// sign implements CoreSign.
func (s *AttestationSecret) sign(message []byte, suite string) (AttestationSignature, error) {
	p, err := bls12381.HashToG2(message, []byte(suite))
	if err != nil {
		return AttestationSignature{}, fmt.Errorf("hash to the curve: %w", err)
	}
	p.ScalarMultiplication(&p, s.scalar.BigInt(new(big.Int)))
	return p.Bytes(), nil
}

// Prove returns the proof of possession for an operator, who alone can register the key with it. It implements
// PopProve, over more than the key.
func (s *AttestationSecret) Prove(operator [AddressSize]byte) (AttestationSignature, error) {
	return s.sign(possession(s.Key(), operator), possessionSuite)
}

// VerifyPossession fails with ErrInvalidKey or ErrInvalidSignature unless the proof is of whoever
// has the key's secret, for this operator. Without it a key could be chosen to cancel others in a sum of signatures,
// and without the operator's name a proof seen on its way would do for another's. It implements PopVerify, over more
// than the key.
func (k AttestationKey) VerifyPossession(operator [AddressSize]byte, proof AttestationSignature) error {
	p, err := k.point()
	if err != nil {
		return err
	}
	return verifySignature(p, possession(k, operator), proof, possessionSuite)
}

// possession is what a proof of possession signs.
func possession(key AttestationKey, operator [AddressSize]byte) []byte {
	return append(key[:], operator[:]...)
}

// verifySignature implements CoreVerify, of a key that was validated.
func verifySignature(key *bls12381.G1Affine, message []byte, signature AttestationSignature, suite string) error {
	s, err := signature.point()
	if err != nil {
		return err
	}
	hashed, err := bls12381.HashToG2(message, []byte(suite))
	if err != nil {
		return fmt.Errorf("hash to the curve: %w", err)
	}
	_, _, generator, _ := bls12381.Generators()
	generator.Neg(&generator)
	valid, err := bls12381.PairingCheck([]bls12381.G1Affine{*key, generator}, []bls12381.G2Affine{hashed, *s})
	if err != nil || !valid {
		return fmt.Errorf("%w: it is not that of the key", ErrInvalidSignature)
	}
	return nil
}

// AggregateSignatures adds signatures, each of which was verified. It implements Aggregate, and fails
// with ErrInvalidSignature, also if there is none.
func AggregateSignatures(signatures []AttestationSignature) (AttestationSignature, error) {
	var sum bls12381.G2Jac
	for _, s := range signatures {
		p, err := s.point()
		if err != nil {
			return AttestationSignature{}, err
		}
		sum.AddMixed(p)
	}
	var p bls12381.G2Affine
	if p.FromJacobian(&sum); p.IsInfinity() {
		return AttestationSignature{}, fmt.Errorf("%w: the signatures cancel out, or there are none", ErrInvalidSignature)
	}
	return p.Bytes(), nil
}
