package da

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"sort"

	"github.com/celestiaorg/nmt"
	"github.com/celestiaorg/nmt/namespace"

	"github.com/ashlar-da/ashlar/proto/wire"
)

const (
	// maxProofNodes bounds the nodes of a range proof in a tree of as many leaves as a square has cells.
	maxProofNodes = 2 * 14
	// maxEntries bounds the entries of an index: one for each cell of the largest square.
	maxEntries = HardMaxRows * 64
)

// Index is a block's blob index: its entries ordered by (namespace, transaction, blob). It is
// safe for concurrent use.
type Index struct {
	Entries []Entry
	root    [IndexRootSize]byte
}

// NewIndex computes the root of the namespaced Merkle tree over entries, which it keeps. They must be in
// index order; it fails with ErrMalformed if they are not.
func NewIndex(entries []Entry) (*Index, error) {
	tree, err := buildTree(entries)
	if err != nil {
		return nil, err
	}
	root, err := tree.Root()
	if err != nil {
		return nil, fmt.Errorf("%w: index: %w", ErrMalformed, err)
	}
	return &Index{entries, [IndexRootSize]byte(root)}, nil
}

// buildTree makes a tree for one use: asking it for proofs changes what it caches.
func buildTree(entries []Entry) (*nmt.NamespacedMerkleTree, error) {
	tree := nmt.New(sha256.New(), nmt.NamespaceIDSize(NamespaceSize), nmt.IgnoreMaxNamespace(false), nmt.InitialCapacity(len(entries)))
	for i := range entries {
		if err := tree.Push(indexLeaf(entries[i].Namespace, entries[i].Encode())); err != nil {
			return nil, fmt.Errorf("%w: index entry %d: %w", ErrMalformed, i, err)
		}
	}
	return tree, nil
}

func indexLeaf(ns Namespace, entry []byte) []byte { return append(ns[:], entry...) }

// Root is the tree's root: least namespace, greatest namespace, SHA-256.
func (x *Index) Root() [IndexRootSize]byte { return x.root }

// IDs are the ids of the blobs, in index order.
func (x *Index) IDs() []BlobID {
	ids := make([]BlobID, len(x.Entries))
	for i := range ids {
		ids[i] = x.Entries[i].ID
	}
	return ids
}

// Namespace returns all entries of a namespace, possibly none, and the proof that they are all.
func (x *Index) Namespace(ns Namespace) ([]Entry, *NamespaceProof, error) {
	tree, err := buildTree(x.Entries)
	if err != nil {
		return nil, nil, err
	}
	p, err := tree.ProveNamespace(namespace.ID(ns[:]))
	if err != nil {
		return nil, nil, fmt.Errorf("%w: namespace %s: %w", ErrInvalidProof, ns, err)
	}
	from := sort.Search(len(x.Entries), func(i int) bool { return x.Entries[i].Namespace.Compare(ns) >= 0 })
	to := sort.Search(len(x.Entries), func(i int) bool { return x.Entries[i].Namespace.Compare(ns) > 0 })
	return x.Entries[from:to:to], &NamespaceProof{p.Start(), p.End(), p.Nodes(), p.LeafHash()}, nil
}

// Prove proves that entry number i is in the index. It fails with ErrInvalidProof if there is none.
func (x *Index) Prove(i int) (*EntryProof, error) {
	tree, err := buildTree(x.Entries)
	if err != nil {
		return nil, err
	}
	p, err := tree.Prove(i)
	if err != nil {
		return nil, fmt.Errorf("%w: entry %d of %d: %w", ErrInvalidProof, i, len(x.Entries), err)
	}
	return &EntryProof{i, p.Nodes()}, nil
}

// NamespaceProof proves that certain entries are all those of a namespace in one block's
// index, or that it has none.
type NamespaceProof struct {
	// Start and End delimit the leaves shown: the namespace's, or the one after where it
	// would be. Both are 0 where the namespace lies outside the tree's range.
	Start, End int
	// Nodes are the subtrees to the left and right, in order.
	Nodes [][]byte
	// LeafHash is set in proofs of absence within the tree's range only.
	LeafHash []byte
}

// Verify fails with ErrInvalidProof unless entries, encoded and in order, are all that the
// index with this root has of the namespace.
func (p *NamespaceProof) Verify(root [IndexRootSize]byte, ns Namespace, entries [][]byte) error {
	if err := checkRange(p.Start, p.End, p.Nodes); err != nil {
		return err
	}
	absent := len(p.LeafHash) > 0 || p.Start == p.End
	if absent && len(entries) > 0 {
		return fmt.Errorf("%w: a proof of absence beside %d entries of namespace %s", ErrInvalidProof, len(entries), ns)
	}
	proof := nmt.NewInclusionProof(p.Start, p.End, p.Nodes, false)
	if len(p.LeafHash) > 0 {
		proof = nmt.NewAbsenceProof(p.Start, p.End, p.Nodes, p.LeafHash, false)
	}
	leaves := make([][]byte, len(entries))
	for i, e := range entries {
		leaves[i] = indexLeaf(ns, e)
	}
	if !proof.VerifyNamespace(sha256.New(), namespace.ID(ns[:]), leaves, root[:]) {
		return fmt.Errorf("%w: these are not all entries of namespace %s under that root", ErrInvalidProof, ns)
	}
	return nil
}

// VerifyEntries verifies the proof against a DA header and decodes the entries. It fails
// with ErrInvalidProof, or with ErrMalformed if the index itself is.
func (p *NamespaceProof) VerifyEntries(header *Header, ns Namespace, encoded [][]byte) ([]Entry, error) {
	if err := p.Verify(header.IndexRoot, ns, encoded); err != nil {
		return nil, err
	}
	entries := make([]Entry, len(encoded))
	for i, data := range encoded {
		e, err := DecodeEntry(data)
		if err != nil {
			return nil, fmt.Errorf("entry %d: %w", i, err)
		}
		if e.Namespace != ns {
			return nil, fmt.Errorf("%w: entry %d is of namespace %s, its leaf of %s", ErrMalformed, i, e.Namespace, ns)
		}
		entries[i] = *e
	}
	return entries, nil
}

// ToWire returns the protobuf form.
func (p *NamespaceProof) ToWire() *wire.NamespaceProof {
	return &wire.NamespaceProof{Start: uint32(p.Start), End: uint32(p.End), Nodes: p.Nodes, LeafHash: p.LeafHash}
}

// NamespaceProofFromWire reads the protobuf form. It fails with ErrInvalidProof where a
// bound is exceeded.
func NamespaceProofFromWire(w *wire.NamespaceProof) (*NamespaceProof, error) {
	if w == nil {
		return nil, fmt.Errorf("%w: no proof", ErrInvalidProof)
	}
	p := &NamespaceProof{int(w.Start), int(w.End), w.Nodes, w.LeafHash}
	return p, checkRange(p.Start, p.End, p.Nodes)
}

// EntryProof proves that an entry is in a block's index; there may be others of its namespace.
type EntryProof struct {
	Index int
	Nodes [][]byte
}

// Verify fails with ErrInvalidProof unless the encoded entry is in the index with this root.
func (p *EntryProof) Verify(root [IndexRootSize]byte, ns Namespace, entry []byte) error {
	if err := checkRange(p.Index, p.Index+1, p.Nodes); err != nil {
		return err
	}
	proof := nmt.NewInclusionProof(p.Index, p.Index+1, p.Nodes, false)
	if !proof.VerifyInclusion(sha256.New(), namespace.ID(ns[:]), [][]byte{entry}, root[:]) {
		return fmt.Errorf("%w: the entry is not in the index with that root", ErrInvalidProof)
	}
	return nil
}

// checkRange caps what a proof makes a verifier do.
func checkRange(start, end int, nodes [][]byte) error {
	if start < 0 || end < start || end > maxEntries || len(nodes) > maxProofNodes {
		return fmt.Errorf("%w: leaves %d to %d with %d nodes", ErrInvalidProof, start, end, len(nodes))
	}
	for _, node := range nodes {
		if len(node) != IndexRootSize || bytes.Compare(node[:NamespaceSize], node[NamespaceSize:2*NamespaceSize]) > 0 {
			return fmt.Errorf("%w: a node is not two namespaces in order and a hash", ErrInvalidProof)
		}
	}
	return nil
}
