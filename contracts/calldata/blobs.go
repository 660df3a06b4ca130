package calldata

import (
	"math/big"

	"github.com/ashlar-da/ashlar/da"
)

// Place is a height and the path from its leaf to a history root.
type Place struct {
	Height       uint64
	DataRoot     [32]byte
	BlobTreeRoot [32]byte
	// History is the path, what is right and what is left of da.HistoryProof, in one list.
	History [][32]byte
}

// NewPlace returns the place of a height in a history that a proof leads to.
func NewPlace(height uint64, dataRoot, blobTreeRoot [32]byte, proof *da.HistoryProof) Place {
	nodes := append([][32]byte{}, proof.Path...)
	if proof.Right != ([32]byte{}) {
		nodes = append(nodes, proof.Right)
	}
	return Place{height, dataRoot, blobTreeRoot, append(nodes, proof.Left...)}
}

func (p *Place) encode() value {
	return tuple(number(p.Height), word(p.DataRoot), word(p.BlobTreeRoot), words(p.History))
}

// Blob is the preimage of a blob id.
type Blob struct {
	Namespace       [da.NamespaceSize]byte
	Encoding        uint8
	DataKeccak      [32]byte
	VersionedHashes [][32]byte
	Size            uint64
}

// NewBlob returns the preimage of a blob's id.
func NewBlob(info *da.BlobInfo) Blob {
	b := Blob{Namespace: info.Namespace, Encoding: uint8(info.Encoding), DataKeccak: info.Keccak256, Size: info.Size, VersionedHashes: make([][32]byte, len(info.Commitments))}
	for i, c := range info.Commitments {
		b.VersionedHashes[i] = da.VersionedHash(c)
	}
	return b
}

func (b *Blob) encode() value {
	return tuple(left(b.Namespace[:]), number(uint64(b.Encoding)), word(b.DataKeccak), words(b.VersionedHashes), number(b.Size))
}

// Posted is a blob in the block of one of the places beside it.
type Posted struct {
	// Place is the place's index.
	Place  uint64
	BlobId [32]byte //nolint:revive // an ABI encoder finds the field by this name
	Blob   Blob
	Tree   [][32]byte
}

// NewPosted returns a blob in the block of the place with an index, with its path in that block's blob tree.
func NewPosted(place uint64, info *da.BlobInfo, proof da.BlobTreeProof) Posted {
	return Posted{place, info.ID(), NewBlob(info), proof}
}

func (p *Posted) encode() value {
	return tuple(number(p.Place), word(p.BlobId), p.Blob.encode(), words(p.Tree))
}

// Attestation is what a certificate says, less what the light client knows itself.
type Attestation struct {
	Epoch, Height, Time                             uint64
	HeaderHash, DataRoot, BlobTreeRoot, HistoryRoot [32]byte
}

// NewAttestation returns what the light client takes of an attestation.
func NewAttestation(a *da.Attestation) Attestation {
	return Attestation{a.Epoch, a.Height, a.Time, a.HeaderHash, a.DataRoot, a.BlobTreeRoot, a.HistoryRoot}
}

func (a *Attestation) encode() value {
	return tuple(number(a.Epoch), number(a.Height), number(a.Time), word(a.HeaderHash), word(a.DataRoot), word(a.BlobTreeRoot), word(a.HistoryRoot))
}

// Certificate is a certificate as the light client takes it. Without a signature only its history root counts, and the
// light client must have verified one for that before.
type Certificate struct {
	Attestation Attestation
	Signers     *big.Int
	Signature   []byte
}

// NewCertificate returns a certificate with its signature. It fails with da.ErrInvalidSignature.
func NewCertificate(c *da.Certificate) (Certificate, error) {
	signature, err := c.Signature.EIP2537()
	if err != nil {
		return Certificate{}, err
	}
	return Certificate{NewAttestation(&c.Attestation), new(big.Int).SetBytes(c.Signers[:]), signature[:]}, nil
}

// PostedCertificate stands for a certificate that the light client has verified.
func PostedCertificate(historyRoot [32]byte) Certificate {
	return Certificate{Attestation: Attestation{HistoryRoot: historyRoot}, Signers: new(big.Int)}
}

func (c *Certificate) encode() value {
	return tuple(c.Attestation.encode(), right(c.Signers.Bytes()), dynamicBytes(c.Signature))
}

// AttestedBlobs is all that shows blobs to be attested.
type AttestedBlobs struct {
	Certificate Certificate
	Places      []Place
	Blobs       []Posted
}

func (a *AttestedBlobs) encode() value {
	return tuple(a.Certificate.encode(), list(a.Places, (*Place).encode), list(a.Blobs, (*Posted).encode))
}
