package rollkit

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/gateway/batch"
)

const (
	idSize = 8 + da.HashSize
	// maxPath bounds a proof's path: no block has 2³² blobs.
	maxPath = 32
)

// commit is what names a blob at a height: Keccak-256 of the namespace's length in a byte, the namespace, and the data.
func commit(namespace, data []byte) []byte {
	text := append(append([]byte{byte(len(namespace))}, namespace...), data...)
	hash := da.Keccak256(text)
	return hash[:]
}

// nameItem names an item for a batch.Reader.
func nameItem(item *batch.Item) (string, bool) { return string(commit(item.Label, item.Data)), true }

// encodeID returns the id of a blob: the height in 8 bytes little-endian, and the commitment.
func encodeID(height uint64, commitment []byte) []byte {
	return append(binary.LittleEndian.AppendUint64(nil, height), commitment...)
}

// decodeID is the inverse of encodeID. It fails with ErrNotFound: no blob has another id.
func decodeID(id []byte) (height uint64, commitment []byte, err error) {
	if len(id) != idSize {
		return 0, nil, fmt.Errorf("%w: an id has %d bytes, and this one %d", ErrNotFound, idSize, len(id))
	}
	height = binary.LittleEndian.Uint64(id)
	if height == 0 {
		return 0, nil, fmt.Errorf("%w: there is no height 0", ErrNotFound)
	}
	return height, id[8:], nil
}

// encodeProof returns the proof that a block has what was posted: its blob id and the path in the block's blob tree,
// from the leaf up, 32 bytes each. Its bytes show what blobs are in it.
func encodeProof(id da.BlobID, path da.BlobTreeProof) []byte {
	proof := bytes.Clone(id[:])
	for i := range path {
		proof = append(proof, path[i][:]...)
	}
	return proof
}

// proves tells whether a proof shows the blob id under a blob tree's root.
func proves(proof []byte, root [da.HashSize]byte, id da.BlobID) bool {
	rest, ok := bytes.CutPrefix(proof, id[:])
	if !ok || len(rest)%da.HashSize != 0 || len(rest) > maxPath*da.HashSize {
		return false
	}
	var path da.BlobTreeProof
	for ; len(rest) > 0; rest = rest[da.HashSize:] {
		path = append(path, [da.HashSize]byte(rest))
	}
	return path.Verify(root, id) == nil
}
