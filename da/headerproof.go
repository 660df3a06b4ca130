package da

import (
	"crypto/sha256"
	"fmt"

	"github.com/cometbft/cometbft/crypto/merkle"

	"github.com/ashlar-da/ashlar/proto/wire"
)

// injected is how many transactions a proposer puts before all others: the DA header and
// the cell proofs.
const injected = 2

// HeaderProof proves that a DA header is transaction 0 of the block with some DataHash.
type HeaderProof struct {
	// Header is the encoding of the DA header, without the zero byte before it.
	Header []byte
	// Total is the number of the block's transactions.
	Total int64
	// Aunts are the sibling hashes from the leaf up.
	Aunts [][]byte
}

// ProveHeader proves transaction 0 of a block, given all its transactions. It fails with ErrInvalidBlock.
func ProveHeader(txs [][]byte) (*HeaderProof, error) {
	if len(txs) < injected || len(txs[0]) == 0 || txs[0][0] != injectedByte {
		return nil, fmt.Errorf("%w: it does not begin with a DA header and cell proofs", ErrInvalidBlock)
	}
	_, proofs := merkle.ProofsFromByteSlices(txHashes(txs))
	return &HeaderProof{txs[0][1:], proofs[0].Total, proofs[0].Aunts}, nil
}

// DataHash is what a CometBFT header says of a block's transactions: the RFC 6962 root over
// the SHA-256 of each.
func DataHash(txs [][]byte) [HashSize]byte {
	return [HashSize]byte(merkle.HashFromByteSlices(txHashes(txs)))
}

func txHashes(txs [][]byte) [][]byte {
	hashes := make([][]byte, len(txs))
	for i, tx := range txs {
		h := sha256.Sum256(tx)
		hashes[i] = h[:]
	}
	return hashes
}

// Verify decodes the DA header and checks that it is transaction 0 of the block with this
// DataHash: the path is followed as that of index 0 and no other. A square without rows is accepted in the one
// empty block only. It fails with ErrInvalidProof, or with ErrMalformed: the block is invalid then.
func (p *HeaderProof) Verify(dataHash []byte) (*Header, error) {
	if len(p.Header) > MaxHeaderSize {
		return nil, fmt.Errorf("%w: a DA header of %d bytes, at most %d are allowed", ErrInvalidProof, len(p.Header), MaxHeaderSize)
	}
	if p.Total < injected {
		return nil, fmt.Errorf("%w: a block of %d transactions has no DA header", ErrInvalidProof, p.Total)
	}
	tx := sha256.Sum256(inject(p.Header))
	if err := verifyMerkle(dataHash, tx[:], 0, p.Total, p.Aunts); err != nil {
		return nil, err
	}
	h, err := DecodeHeader(p.Header)
	if err != nil {
		return nil, err
	}
	if h.K() == 0 && DataHash(EmptyTxs()) != [HashSize]byte(dataHash) {
		return nil, fmt.Errorf("%w: a square without rows in a block that is not the empty one", ErrMalformed)
	}
	return h, nil
}

// EmptyTxs are the transactions of the one block without any: an empty DA header and no cell proofs.
func EmptyTxs() [][]byte {
	h := Header{Version: HeaderVersion, IndexRoot: emptyIndexRoot()}
	return [][]byte{inject(h.Encode()), inject(nil)}
}

// emptyIndexRoot is the root of the tree without leaves: zero namespaces, SHA-256 of nothing.
func emptyIndexRoot() (root [IndexRootSize]byte) {
	h := sha256.Sum256(nil)
	copy(root[2*NamespaceSize:], h[:])
	return root
}

// inject marks what a proposer adds to a block.
func inject(payload []byte) []byte {
	return append([]byte{injectedByte}, payload...)
}

// ToWire returns the protobuf form.
func (p *HeaderProof) ToWire() *wire.HeaderProof {
	return &wire.HeaderProof{Header: p.Header, Total: uint64(p.Total), Aunts: p.Aunts}
}

// HeaderProofFromWire reads the protobuf form. It fails with ErrInvalidProof; Verify does the rest.
func HeaderProofFromWire(w *wire.HeaderProof) (*HeaderProof, error) {
	if w == nil || w.Total > 1<<31 || len(w.Aunts) > merkle.MaxAunts {
		return nil, fmt.Errorf("%w: no proof, or one out of bounds", ErrInvalidProof)
	}
	return &HeaderProof{w.Header, int64(w.Total), w.Aunts}, nil
}
