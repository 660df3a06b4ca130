package celestia

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/celestiaorg/nmt"
	"github.com/cometbft/cometbft/crypto/merkle"

	"github.com/ashlar-da/ashlar/da"
)

const (
	shareSize = 512
	// signerSize is the size of the account that a blob of share version 1 names.
	signerSize = 20
	// subtreeThreshold is how many roots a commitment has at least before its subtrees grow.
	subtreeThreshold = 64
)

// CommitmentSize is the size of a share commitment in bytes.
const CommitmentSize = sha256.Size

// Commitment is what Celestia's clients name a blob by. It implements the [share commitment], over shares as
// the [share splitting] makes them; the blob must be valid.
//
// [share commitment]: https://github.com/celestiaorg/go-square/blob/v3.0.2/inclusion/commitment.go
// [share splitting]: https://github.com/celestiaorg/go-square/blob/v3.0.2/share/split_sparse_shares.go
func (b *Blob) Commitment() ([]byte, error) {
	shares := b.shares()
	width := subtreeWidth(len(shares))
	var roots [][]byte
	for len(shares) > 0 {
		size := min(width, powerBelow(len(shares)))
		root, err := subtreeRoot(b.Namespace, shares[:size])
		if err != nil {
			return nil, err
		}
		roots = append(roots, root)
		shares = shares[size:]
	}
	return merkle.HashFromByteSlices(roots), nil
}

// shares splits the blob: each share begins with the namespace and a byte of version and whether it is the first; the
// first has the length and the signer too. The last is filled up with zeros.
func (b *Blob) shares() [][]byte {
	sequence := binary.BigEndian.AppendUint32(nil, uint32(len(b.Data)))
	sequence = append(append(sequence, b.Signer...), b.Data...)
	const room = shareSize - da.NamespaceSize - 1
	shares := make([][]byte, 0, (len(sequence)+room-1)/room)
	for first := byte(1); len(sequence) > 0; first = 0 {
		share := make([]byte, shareSize)
		copy(share, b.Namespace[:])
		share[da.NamespaceSize] = b.Version<<1 | first
		sequence = sequence[copy(share[da.NamespaceSize+1:], sequence):]
		shares = append(shares, share)
	}
	return shares
}

// subtreeWidth is how many shares a subtree has at most: as few as keep the roots below the threshold, and no more than a row
// of the smallest square that the blob fits.
func subtreeWidth(shares int) int {
	roots := powerAbove((shares + subtreeThreshold - 1) / subtreeThreshold)
	return min(roots, powerAbove(int(math.Ceil(math.Sqrt(float64(shares))))))
}

// subtreeRoot is the root of the namespaced Merkle tree over shares, each with the namespace before it once more.
func subtreeRoot(namespace da.Namespace, shares [][]byte) ([]byte, error) {
	tree := nmt.New(sha256.New(), nmt.NamespaceIDSize(da.NamespaceSize), nmt.IgnoreMaxNamespace(true))
	for _, share := range shares {
		if err := tree.Push(append(namespace[:], share...)); err != nil {
			return nil, fmt.Errorf("share commitment: %w", err)
		}
	}
	return tree.Root()
}

// powerAbove is the least power of two that is not less than n.
func powerAbove(n int) int {
	power := 1
	for power < n {
		power <<= 1
	}
	return power
}

// powerBelow is the greatest power of two that is not more than n, which is positive.
func powerBelow(n int) int {
	power := powerAbove(n)
	if power > n {
		power >>= 1
	}
	return power
}
