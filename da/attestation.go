package da

import (
	"fmt"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
)

// The domains of what attesters sign. Each digest begins with the Keccak-256 of one.
const (
	attestationDomain = "ashlar/attestation/1"
	rotationDomain    = "ashlar/rotation/1"
)

// Attestation is what a validator signs of a height once its square is durably stored: that it holds
// this square and those of the heights before, as many as the chain's window says.
type Attestation struct {
	ChainID string
	// Epoch and SetHash name the attester set.
	Epoch   uint64
	SetHash [HashSize]byte
	Height  uint64
	// Time is the block's, in seconds since 1970.
	Time                                            uint64
	HeaderHash, DataRoot, BlobTreeRoot, HistoryRoot [HashSize]byte
}

// Digest is Keccak-256 of the Solidity encoding of (bytes32 keccak256(domain), bytes32
// keccak256(chain id), uint64 epoch, bytes32 set hash, uint64 height, uint64 time, bytes32 header
// hash, bytes32 data root, bytes32 blob tree root, bytes32 history root). It is what is hashed to
// the curve and signed.
func (a *Attestation) Digest() [HashSize]byte {
	return digest(attestationDomain, a.ChainID, uintWord(a.Epoch), a.SetHash, uintWord(a.Height), uintWord(a.Time),
		a.HeaderHash, a.DataRoot, a.BlobTreeRoot, a.HistoryRoot)
}

// Rotation is what an epoch's attesters sign of the next epoch's set, so that whoever trusts one set
// comes to trust the next.
type Rotation struct {
	ChainID string
	// Epoch and SetHash name the set that signs, NextHash is the hash of the set of the epoch after.
	Epoch             uint64
	SetHash, NextHash [HashSize]byte
	// Time is when the next set was taken, in seconds since 1970: its age counts from then.
	Time uint64
}

// Digest is Keccak-256 of the Solidity encoding of (bytes32 keccak256(domain), bytes32
// keccak256(chain id), uint64 epoch, bytes32 set hash, bytes32 next set's hash, uint64 time).
func (r *Rotation) Digest() [HashSize]byte {
	return digest(rotationDomain, r.ChainID, uintWord(r.Epoch), r.SetHash, r.NextHash, uintWord(r.Time))
}

func digest(domain, chainID string, words ...[abiWord]byte) [HashSize]byte {
	domainHash, chainHash := Keccak256([]byte(domain)), Keccak256([]byte(chainID))
	encoded := append(domainHash[:], chainHash[:]...)
	for i := range words {
		encoded = append(encoded, words[i][:]...)
	}
	return Keccak256(encoded)
}

// Attest signs the digest of an Attestation or a Rotation.
func (s *AttestationSecret) Attest(digest [HashSize]byte) (AttestationSignature, error) {
	return s.sign(digest[:], attestationSuite)
}

// VerifyAttestation fails with ErrInvalidKey or ErrInvalidSignature unless the signature is the key's, of
// this digest.
func (k AttestationKey) VerifyAttestation(digest [HashSize]byte, signature AttestationSignature) error {
	p, err := k.point()
	if err != nil {
		return err
	}
	return verifySignature(p, digest[:], signature, attestationSuite)
}

// quorumSignature is a signature of more than two thirds of a set.
type quorumSignature struct {
	Signers   Signers
	Signature AttestationSignature
}

// verify implements FastAggregateVerify over the keys of the signers, each of whom has proven possession
// of its own, and wants a quorum.
func (q *quorumSignature) verify(set *AttesterSet, epoch uint64, setHash, digest [HashSize]byte) error {
	points, err := set.points()
	if err != nil {
		return err
	}
	if hash := set.hash(points); epoch != set.Epoch || setHash != hash {
		return fmt.Errorf("%w: signed by the set %x of epoch %d, held against %x of epoch %d", ErrMismatch, setHash, epoch, hash, set.Epoch)
	}
	power, err := set.power(&q.Signers)
	if err != nil {
		return err
	}
	if !set.isQuorum(power) {
		return fmt.Errorf("%w: a power of %d of %d signed, which is not more than two thirds", ErrNoQuorum, power, set.Total)
	}
	return verifySum(sumKeys(points, &q.Signers), digest, q.Signature)
}

// verifySum verifies a signature under the sum of the signers' keys.
func verifySum(key *bls12381.G1Affine, digest [HashSize]byte, signature AttestationSignature) error {
	if key.IsInfinity() {
		return fmt.Errorf("%w: the signers' keys cancel out", ErrInvalidKey)
	}
	return verifySignature(key, digest[:], signature, attestationSuite)
}

// VerifySigners fails unless every signer, of whom there need not be a quorum, signed the digest of an Attestation or
// a Rotation: each has proven possession of its key, so that none of them can be named by the others. It fails with
// ErrMalformed if there is none, or one that is not in the set, with ErrInvalidKey or ErrInvalidSignature.
func (s *AttesterSet) VerifySigners(signers *Signers, digest [HashSize]byte, signature AttestationSignature) error {
	if _, err := s.power(signers); err != nil {
		return err
	}
	if signers.Count() == 0 {
		return fmt.Errorf("%w: nobody signed", ErrMalformed)
	}
	var sum bls12381.G1Jac
	for i := range s.Attesters {
		if !signers.Has(i) {
			continue
		}
		point, err := s.Attesters[i].Key.point()
		if err != nil {
			return fmt.Errorf("attester %d: %w", i, err)
		}
		sum.AddMixed(point)
	}
	return verifySum(new(bls12381.G1Affine).FromJacobian(&sum), digest, signature)
}
