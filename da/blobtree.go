package da

import (
	"bytes"
	"fmt"
	"slices"
)

// maxBlobTreePath bounds a proof in the blob tree: 2¹⁴ leaves, one for each cell of the largest square.
const maxBlobTreePath = 14

// blobTree is the keccak tree over a block's blob ids, in the format of OpenZeppelin's
// StandardMerkleTree with leaf encoding ["bytes32"]: nodes[0] is the root, the children of
// nodes[i] are nodes[2i+1] and nodes[2i+2], and the leaves, sorted, fill the end backwards.
//
// It implements [StandardMerkleTree].
//
// [StandardMerkleTree]: https://github.com/OpenZeppelin/merkle-tree#standard-merkle-trees
type blobTree struct {
	nodes [][HashSize]byte
}

// newBlobTree builds the tree; an id that occurs twice has two leaves.
func newBlobTree(ids []BlobID) *blobTree {
	if len(ids) == 0 {
		return &blobTree{make([][HashSize]byte, 1)}
	}
	leaves := make([][HashSize]byte, len(ids))
	for i, id := range ids {
		leaves[i] = blobLeaf(id)
	}
	slices.SortFunc(leaves, compareHashes)
	nodes := make([][HashSize]byte, 2*len(ids)-1)
	for i, leaf := range leaves {
		nodes[len(nodes)-1-i] = leaf
	}
	for i := len(ids) - 2; i >= 0; i-- {
		nodes[i] = hashPair(nodes[2*i+1], nodes[2*i+2])
	}
	return &blobTree{nodes}
}

// BlobTreeRoot is the root of the keccak tree over blob ids, in any order; zero if there are none.
func BlobTreeRoot(ids []BlobID) [HashSize]byte { return newBlobTree(ids).nodes[0] }

// BlobTreeProof is the path from a blob id to a blob tree's root, siblings from the leaf up:
// what OpenZeppelin's MerkleProof library takes.
type BlobTreeProof [][HashSize]byte

// ProveBlob proves that an id is among ids, which are all of a block, in any order. It fails
// with ErrNotFound.
func ProveBlob(ids []BlobID, id BlobID) (BlobTreeProof, error) {
	if !slices.Contains(ids, id) {
		return nil, fmt.Errorf("%w: blob %s is not in this block", ErrNotFound, id)
	}
	tree := newBlobTree(ids)
	at := slices.Index(tree.nodes, blobLeaf(id))
	proof := BlobTreeProof{}
	for ; at > 0; at = (at - 1) / 2 {
		sibling := at + 1
		if at%2 == 0 {
			sibling = at - 1
		}
		proof = append(proof, tree.nodes[sibling])
	}
	return proof, nil
}

// Verify fails with ErrInvalidProof unless the id is in the blob tree with this root.
func (p BlobTreeProof) Verify(root [HashSize]byte, id BlobID) error {
	if len(p) > maxBlobTreePath {
		return fmt.Errorf("%w: a path of %d nodes, blob trees are at most %d high", ErrInvalidProof, len(p), maxBlobTreePath)
	}
	node := blobLeaf(id)
	for _, sibling := range p {
		node = hashPair(node, sibling)
	}
	if node != root {
		return fmt.Errorf("%w: blob %s is not in the tree with root %x", ErrInvalidProof, id, root)
	}
	return nil
}

// blobLeaf hashes twice, so that no leaf can be taken for an inner node.
func blobLeaf(id BlobID) [HashSize]byte {
	once := Keccak256(id[:])
	return Keccak256(once[:])
}

func hashPair(a, b [HashSize]byte) [HashSize]byte {
	if compareHashes(a, b) > 0 {
		a, b = b, a
	}
	return Keccak256(a[:], b[:])
}

func compareHashes(a, b [HashSize]byte) int { return bytes.Compare(a[:], b[:]) }
