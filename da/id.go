package da

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"golang.org/x/crypto/sha3"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

const (
	// HashSize is the length of every hash here, SHA-256 and Keccak-256 alike.
	HashSize = 32
	// blobIDVersion is the version of the rule that ComputeBlobID follows.
	blobIDVersion = 1
	// versionedHashVersion is EIP-4844's VERSIONED_HASH_VERSION_KZG.
	versionedHashVersion = 1
	abiWord              = 32
)

// BlobID names a blob by what it is. The same bytes in the same namespace and encoding have
// the same id wherever they are posted.
type BlobID [HashSize]byte

// String returns the 64 hex digits that ParseBlobID takes.
func (id BlobID) String() string { return hex.EncodeToString(id[:]) }

// MarshalText implements encoding.TextMarshaler with the form of String.
func (id BlobID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler; it takes what ParseBlobID takes.
func (id *BlobID) UnmarshalText(text []byte) error {
	parsed, err := ParseBlobID(string(text))
	if err == nil {
		*id = parsed
	}
	return err
}

// ParseBlobID decodes 64 hex digits. It fails with ErrMalformed.
func ParseBlobID(s string) (BlobID, error) {
	var id BlobID
	if len(s) != 2*HashSize {
		return id, fmt.Errorf("%w: a blob id has %d hex digits, not %d", ErrMalformed, 2*HashSize, len(s))
	}
	if _, err := hex.Decode(id[:], []byte(s)); err != nil {
		return id, fmt.Errorf("%w: blob id: %w", ErrMalformed, err)
	}
	return id, nil
}

// Keccak256 is Ethereum's hash of data.
func Keccak256(data ...[]byte) [HashSize]byte {
	h := sha3.NewLegacyKeccak256()
	for _, d := range data {
		h.Write(d)
	}
	return [HashSize]byte(h.Sum(nil))
}

// VersionedHash is the name Ethereum gives a row by its commitment.
//
// It implements [kzg_commitment_to_versioned_hash].
//
// [kzg_commitment_to_versioned_hash]: https://github.com/ethereum/consensus-specs/blob/017a8495f7671f5fff2075a9bfc9238c1a0982f8/specs/deneb/beacon-chain.md#kzg_commitment_to_versioned_hash
func VersionedHash(c kzg.Commitment) [HashSize]byte {
	h := sha256.Sum256(c[:])
	h[0] = versionedHashVersion
	return h
}

// ComputeBlobID returns the blob id, version 1: Keccak-256 of the Solidity encoding of
// (uint8 1, bytes29 namespace, uint8 encoding, bytes32 keccak256(data), bytes32 keccak256(versioned hashes), uint256 size).
func ComputeBlobID(ns Namespace, encoding Encoding, keccak [HashSize]byte, commitments []kzg.Commitment, size uint64) BlobID {
	hashes := make([]byte, 0, len(commitments)*HashSize)
	for _, c := range commitments {
		h := VersionedHash(c)
		hashes = append(hashes, h[:]...)
	}
	versioned := Keccak256(hashes)
	var words [6][abiWord]byte
	words[0][abiWord-1] = blobIDVersion
	copy(words[1][:], ns[:])
	words[2][abiWord-1] = byte(encoding)
	words[3], words[4] = keccak, versioned
	binary.BigEndian.PutUint64(words[5][abiWord-8:], size)
	return BlobID(Keccak256(words[0][:], words[1][:], words[2][:], words[3][:], words[4][:], words[5][:]))
}
