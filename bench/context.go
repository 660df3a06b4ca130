package main

import (
	"bytes"
	"crypto/sha256"

	"github.com/celestiaorg/nmt"
	"github.com/celestiaorg/nmt/namespace"
	"github.com/celestiaorg/rsmt2d"
	ckzg "github.com/ethereum/c-kzg-4844/v2/bindings/go"

	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// context are figures beside the table, to be told and not to be reached: what a square of another design costs, and
// what loading takes.
func (f *fixture) context() []operation {
	shares := f.shares()
	return []operation{
		{
			op:    "32 rows together: commitments + cells + proofs",
			label: engine,
			name:  cKZG + ": row by row",
			ours:  f.proveRows(blockRows),
			peer:  f.theirCommitAndProve(blockRows),
		},
		{
			op:   "block of 4 MiB: from data to everything samplers need",
			name: "rsmt2d 0.15.1 + nmt 0.24.2: 64 × 64 shares of 1 KiB",
			ours: f.buildSquare,
			peer: func() error { return celestiaSquare(shares) },
		},
		{
			op:   "load the setup without tables",
			name: "c-kzg 2.1.8, no table",
			ours: func() error { _, err := kzg.NewSetup(); return err },
			peer: func() error { ckzg.FreeTrustedSetup(); return loadCKZG(0) },
		},
		{
			op:   "load the setup with its tables",
			name: cKZG,
			ours: func() error {
				setup, err := kzg.NewSetup()
				if err != nil {
					return err
				}
				return setup.LoadTables()
			},
			peer: func() error { ckzg.FreeTrustedSetup(); return loadCKZG(tableOf96MiB) },
		},
	}
}

// buildSquare commits to and proves all rows and extends the square with all its proofs.
func (f *fixture) buildSquare() error {
	all, err := f.setup.ComputeCellsAndProofsOf(f.rows[:blockRows])
	if err != nil {
		return err
	}
	commitments, proofs := make([]kzg.Commitment, blockRows), make([][]kzg.Proof, blockRows)
	for i := range all {
		commitments[i], proofs[i] = all[i].Commitment, all[i].Proofs[:]
	}
	_, err = erasure.Extend(f.setup, f.rows[:blockRows], commitments, proofs)
	return err
}

const (
	namespaceSize = 29
	squareWidth   = 64
	shareSize     = blockRows * kzg.RowSize / (squareWidth * squareWidth)
)

// shares are the block's rows as shares, in one namespace.
func (f *fixture) shares() [][]byte {
	var shares [][]byte
	for _, row := range f.rows[:blockRows] {
		for at := 0; at < len(row); at += shareSize {
			share := append([]byte(nil), row[at:at+shareSize]...)
			clear(share[:namespaceSize])
			shares = append(shares, share)
		}
	}
	return shares
}

// celestiaSquare extends a square of shares by Reed–Solomon codes and computes the roots of all its rows and columns.
func celestiaSquare(shares [][]byte) error {
	square, err := rsmt2d.ComputeExtendedDataSquare(shares, rsmt2d.NewLeoRSCodec(), newAxisTree)
	if err != nil {
		return err
	}
	if _, err := square.RowRoots(); err != nil {
		return err
	}
	_, err = square.ColRoots()
	return err
}

// axisTree is the namespaced Merkle tree of one row or column of the extended square: a share of the original square
// goes under its own namespace, parity under the greatest.
type axisTree struct {
	tree  *nmt.NamespacedMerkleTree
	index uint
	next  uint
}

func newAxisTree(_ rsmt2d.Axis, index uint) rsmt2d.Tree {
	return &axisTree{tree: nmt.New(sha256.New(), nmt.NamespaceIDSize(namespaceSize), nmt.IgnoreMaxNamespace(true)), index: index}
}

// Push adds a share to the tree, under its namespace or, where it is parity, under the highest.
func (t *axisTree) Push(share []byte) error {
	id := bytes.Repeat([]byte{0xff}, namespaceSize)
	if t.index < squareWidth && t.next < squareWidth {
		id = share[:namespaceSize]
	}
	t.next++
	leaf := append(append(make([]byte, 0, namespaceSize+len(share)), id...), share...)
	return t.tree.Push(namespace.PrefixedData(leaf))
}

// Root returns the root of the axis.
func (t *axisTree) Root() ([]byte, error) { return t.tree.Root() }
