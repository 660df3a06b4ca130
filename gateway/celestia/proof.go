package celestia

import (
	"bytes"
	"fmt"

	"github.com/ashlar-da/ashlar/da"
)

// maxProofNodes bounds a proof: a blob id and the path of a tree of 2³² leaves.
const maxProofNodes = 33

// Proof is a proof of ours in the form in which clients keep those of Celestia: one element, whose nodes are the id of
// the blob that was posted and its path in the block's blob tree, from the leaf up, 32 bytes each. It shows that the
// block has the blob, whose bytes show what is in it. It is no proof of a namespaced Merkle tree, whose nodes have 90
// bytes: what verifies those refuses it.
type Proof []proofPart

// proofPart has the form of a [proof of a namespaced Merkle tree].
//
// [proof of a namespaced Merkle tree]: https://github.com/celestiaorg/nmt/blob/v0.24.3/proof.go
type proofPart struct {
	Start    int64    `json:"start,omitempty"`
	End      int64    `json:"end,omitempty"`
	Nodes    [][]byte `json:"nodes,omitempty"`
	LeafHash []byte   `json:"leaf_hash,omitempty"`
	Ignored  bool     `json:"is_max_namespace_ignored,omitempty"`
}

// prove makes the proof of a blob.
func prove(id da.BlobID, path da.BlobTreeProof) Proof {
	nodes := [][]byte{id[:]}
	for i := range path {
		nodes = append(nodes, path[i][:])
	}
	return Proof{{Nodes: nodes}}
}

// verify checks that the proof shows the blob under a blob tree's root. It fails with ErrInvalidProof.
func (p Proof) verify(root [da.HashSize]byte, id da.BlobID) error {
	if len(p) != 1 || p[0].Start != 0 || p[0].End != 0 || len(p[0].LeafHash) > 0 || p[0].Ignored {
		return fmt.Errorf("%w: it is not of this gateway's form", ErrInvalidProof)
	}
	nodes := p[0].Nodes
	if len(nodes) == 0 || len(nodes) > maxProofNodes || !bytes.Equal(nodes[0], id[:]) {
		return fmt.Errorf("%w: it is of another blob", ErrInvalidProof)
	}
	var path da.BlobTreeProof
	for _, node := range nodes[1:] {
		if len(node) != da.HashSize {
			return fmt.Errorf("%w: a node of %d bytes", ErrInvalidProof, len(node))
		}
		path = append(path, [da.HashSize]byte(node))
	}
	if err := path.Verify(root, id); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalidProof, err)
	}
	return nil
}
