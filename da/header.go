package da

import (
	"encoding/binary"
	"fmt"

	"github.com/cometbft/cometbft/crypto/merkle"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

const (
	// HeaderVersion is the version of the DA header that this package reads and writes.
	HeaderVersion = 1
	// IndexRootSize is the length of the index's root: least and greatest namespace, SHA-256.
	IndexRootSize = 2*NamespaceSize + HashSize

	headerFixedSize = 4*2 + IndexRootSize + HashSize
	// MaxHeaderSize bounds an encoded DA header in bytes.
	MaxHeaderSize = headerFixedSize + HardMaxRows*kzg.PointSize
)

// The tags that leaves of the data root's tree begin with.
const (
	tagVersion byte = 1 + iota
	tagK
	tagTxRows
	tagSharedRows
	tagCommitment
	tagIndexRoot
	tagBlobTreeRoot

	// leavesBeforeCommitments is how many leaves precede row 0's commitment.
	leavesBeforeCommitments = 4
	leavesBesideCommitments = leavesBeforeCommitments + 2
)

// Header is the DA header: what a light node needs of one block to sample it.
type Header struct {
	Version uint16
	// TxRows is how many rows hold transactions. They come first.
	TxRows int
	// SharedRows is how many rows small blobs share. They come last.
	SharedRows int
	// Commitments are those of the square's rows, one each.
	Commitments []kzg.Commitment
	// IndexRoot is the root of the blob index's namespaced Merkle tree.
	IndexRoot [IndexRootSize]byte
	// BlobTreeRoot is the root of the keccak tree over the blob ids.
	BlobTreeRoot [HashSize]byte
}

// K is the number of rows of the square; the extended matrix has twice as many.
func (h *Header) K() int { return len(h.Commitments) }

// OwnRows is how many rows hold blobs that have rows to themselves.
func (h *Header) OwnRows() int { return h.K() - h.TxRows - h.SharedRows }

// IsProven tells whether the block itself carries the cell proofs of a row in its proofs
// transaction: those of transaction rows and shared rows. Envelopes carry those of other rows.
func (h *Header) IsProven(row int) bool {
	return row < h.TxRows || row >= h.K()-h.SharedRows
}

// Encode returns the DA header's one encoding: version, k, transaction rows, shared rows
// (16 bits each, big-endian), commitments, index root, blob tree root.
func (h *Header) Encode() []byte {
	out := make([]byte, 0, headerFixedSize+len(h.Commitments)*kzg.PointSize)
	for _, v := range h.numbers() {
		out = binary.BigEndian.AppendUint16(out, v)
	}
	for _, c := range h.Commitments {
		out = append(out, c[:]...)
	}
	out = append(out, h.IndexRoot[:]...)
	return append(out, h.BlobTreeRoot[:]...)
}

func (h *Header) numbers() [leavesBeforeCommitments]uint16 {
	return [...]uint16{h.Version, uint16(h.K()), uint16(h.TxRows), uint16(h.SharedRows)}
}

// DecodeHeader decodes a DA header. Points are not checked to be any. It fails with ErrMalformed.
func DecodeHeader(data []byte) (*Header, error) {
	r := reader{rest: data}
	h := &Header{Version: r.uint16()}
	k := int(r.uint16())
	h.TxRows, h.SharedRows = int(r.uint16()), int(r.uint16())
	h.Commitments = r.commitments(k, HardMaxRows)
	r.copy(h.IndexRoot[:])
	r.copy(h.BlobTreeRoot[:])
	if err := r.finish(); err != nil {
		return nil, fmt.Errorf("DA header: %w", err)
	}
	return h, h.check()
}

func (h *Header) check() error {
	switch {
	case h.Version != HeaderVersion:
		return fmt.Errorf("%w: DA header of version %d, this software knows version %d; is there a newer one?", ErrMalformed, h.Version, HeaderVersion)
	case h.OwnRows() < 0:
		return fmt.Errorf("%w: DA header with %d transaction rows and %d shared rows of %d", ErrMalformed, h.TxRows, h.SharedRows, h.K())
	case h.K() > 0 && h.TxRows == 0:
		return fmt.Errorf("%w: DA header of %d rows, none of which holds the transactions that filled them", ErrMalformed, h.K())
	}
	return nil
}

// DataRoot is the RFC 6962 Merkle root over the fields, SHA-256. Each leaf is a tag, the
// row index (16 bits, zero but in commitments) and the field as in Encode.
func (h *Header) DataRoot() [HashSize]byte {
	return [HashSize]byte(merkle.HashFromByteSlices(h.leaves()))
}

func (h *Header) leaves() [][]byte {
	numbers := h.numbers()
	leaves := make([][]byte, 0, leavesBesideCommitments+h.K())
	for i, tag := range []byte{tagVersion, tagK, tagTxRows, tagSharedRows} {
		leaves = append(leaves, headerLeaf(tag, 0, binary.BigEndian.AppendUint16(nil, numbers[i])))
	}
	for i, c := range h.Commitments {
		leaves = append(leaves, headerLeaf(tagCommitment, i, c[:]))
	}
	leaves = append(leaves, headerLeaf(tagIndexRoot, 0, h.IndexRoot[:]))
	return append(leaves, headerLeaf(tagBlobTreeRoot, 0, h.BlobTreeRoot[:]))
}

func headerLeaf(tag byte, row int, value []byte) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{tag}, uint16(row)), value...)
}

// CommitmentProof proves that a commitment is that of one row, given a data root.
type CommitmentProof struct {
	Row        int
	Commitment kzg.Commitment
	// Total is the number of leaves: k + 6.
	Total int64
	// Aunts are the sibling hashes from the leaf up.
	Aunts [][]byte
}

// ProveCommitment proves the commitment of row 0 ≤ row < k. It fails with ErrInvalidProof.
func (h *Header) ProveCommitment(row int) (*CommitmentProof, error) {
	if row < 0 || row >= h.K() {
		return nil, fmt.Errorf("%w: row %d of a square of %d rows", ErrInvalidProof, row, h.K())
	}
	_, proofs := merkle.ProofsFromByteSlices(h.leaves())
	p := proofs[leavesBeforeCommitments+row]
	return &CommitmentProof{row, h.Commitments[row], p.Total, p.Aunts}, nil
}

// Verify fails with ErrInvalidProof unless the commitment is that row's under the data root.
func (p *CommitmentProof) Verify(dataRoot [HashSize]byte) error {
	if p.Row < 0 || p.Row >= HardMaxRows {
		return fmt.Errorf("%w: row %d, a square has at most %d", ErrInvalidProof, p.Row, HardMaxRows)
	}
	leaf := headerLeaf(tagCommitment, p.Row, p.Commitment[:])
	return verifyMerkle(dataRoot[:], leaf, leavesBeforeCommitments+int64(p.Row), p.Total, p.Aunts)
}

// verifyMerkle checks an RFC 6962 path from a leaf to a root. It fails with ErrInvalidProof.
func verifyMerkle(root, leaf []byte, index, total int64, aunts [][]byte) error {
	p := merkle.Proof{Total: total, Index: index, LeafHash: merkle.HashFromByteSlices([][]byte{leaf}), Aunts: aunts}
	if err := p.ValidateBasic(); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalidProof, err)
	}
	if err := p.Verify(root, leaf); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalidProof, err)
	}
	return nil
}
