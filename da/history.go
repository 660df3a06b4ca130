package da

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

const (
	historyLeafTag byte = 0
	historyNodeTag byte = 1
	// maxMountain bounds the height of a mountain: a chain of 2⁶³ blocks has none higher.
	maxMountain = 63
)

// History is a chain's history of data, as a Merkle mountain range with a leaf for each height from
// 1 on: what it takes to add the next one. Its root, signed once, opens any blob of any height
// before. The zero value is the history of no blocks.
type History struct {
	// Height is the newest height in it.
	Height uint64
	// Peaks are the roots of the perfect trees that the leaves make, the largest first: one for
	// each bit of Height that is set.
	Peaks [][HashSize]byte
}

// HistoryLeaf is Keccak-256 of the Solidity encoding of (uint8 0, uint64 height, bytes32 data root,
// bytes32 blob tree root).
func HistoryLeaf(height uint64, dataRoot, blobTreeRoot [HashSize]byte) [HashSize]byte {
	tag, number := uintWord(uint64(historyLeafTag)), uintWord(height)
	return Keccak256(tag[:], number[:], dataRoot[:], blobTreeRoot[:])
}

// historyNode is Keccak-256 of the byte 1 and two nodes.
func historyNode(left, right [HashSize]byte) [HashSize]byte {
	return Keccak256([]byte{historyNodeTag}, left[:], right[:])
}

// Check fails with ErrMalformed unless there are as many peaks as the height calls for.
func (h *History) Check() error {
	if want := bits.OnesCount64(h.Height); len(h.Peaks) != want {
		return fmt.Errorf("%w: a history of %d heights has %d peaks, not %d", ErrMalformed, h.Height, want, len(h.Peaks))
	}
	return nil
}

// Append returns the history with the leaf of the next height. The history must pass Check, and
// stays what it is.
func (h *History) Append(leaf [HashSize]byte) History {
	peaks := append(make([][HashSize]byte, 0, len(h.Peaks)+1), h.Peaks...)
	for size := h.Height; size&1 == 1; size >>= 1 {
		leaf = historyNode(peaks[len(peaks)-1], leaf)
		peaks = peaks[:len(peaks)-1]
	}
	return History{h.Height + 1, append(peaks, leaf)}
}

// Root is the peaks bagged from right to left: each is hashed with the bag of those right of it.
// It is zero where there are none.
func (h *History) Root() [HashSize]byte { return bag(h.Peaks) }

func bag(peaks [][HashSize]byte) (root [HashSize]byte) {
	for i := len(peaks) - 1; i >= 0; i-- {
		if i == len(peaks)-1 {
			root = peaks[i]
		} else {
			root = historyNode(peaks[i], root)
		}
	}
	return root
}

// HistoryProof is the path from the leaf of a height to the root of a history.
type HistoryProof struct {
	// Path are the siblings within the leaf's mountain, from the leaf up.
	Path [][HashSize]byte
	// Right is the bag of the peaks right of it; absent, and zero here, if it is the last.
	Right [HashSize]byte
	// Left are the peaks left of it, the nearest first.
	Left [][HashSize]byte
}

// ProveHistory proves one height, counted from 1, in the history whose leaves these are, of heights
// from 1 on. It fails with ErrFutureHeight.
func ProveHistory(leaves [][HashSize]byte, height uint64) (*HistoryProof, error) {
	if height == 0 || height > uint64(len(leaves)) {
		return nil, fmt.Errorf("%w: the history ends at height %d", ErrFutureHeight, len(leaves))
	}
	p, index, from := new(HistoryProof), height-1, uint64(0)
	var right [][HashSize]byte
	for bit := maxMountain; bit >= 0; bit-- {
		size := uint64(len(leaves)) & (1 << bit)
		if size == 0 {
			continue
		}
		mountain := leaves[from : from+size]
		switch {
		case index >= from+size:
			p.Left = append([][HashSize]byte{mountainRoot(mountain)}, p.Left...)
		case index >= from:
			p.Path = mountainPath(mountain, index-from)
		default:
			right = append(right, mountainRoot(mountain))
		}
		from += size
	}
	p.Right = bag(right)
	return p, nil
}

// mountainRoot is the root of a perfect tree.
func mountainRoot(leaves [][HashSize]byte) [HashSize]byte {
	level := append([][HashSize]byte(nil), leaves...)
	for ; len(level) > 1; level = level[:len(level)/2] {
		foldLevel(level)
	}
	return level[0]
}

func mountainPath(leaves [][HashSize]byte, index uint64) (path [][HashSize]byte) {
	level := append([][HashSize]byte(nil), leaves...)
	for ; len(level) > 1; level = level[:len(level)/2] {
		path = append(path, level[index^1])
		foldLevel(level)
		index /= 2
	}
	return path
}

// foldLevel puts the parents of a level's nodes into its first half.
func foldLevel(level [][HashSize]byte) {
	for i := range len(level) / 2 {
		level[i] = historyNode(level[2*i], level[2*i+1])
	}
}

// Verify fails with ErrInvalidProof unless the leaf is that of the given height in the history of
// all heights up to newest that has this root. The root alone does not say which height is newest:
// what is signed has both.
func (p *HistoryProof) Verify(root [HashSize]byte, newest, height uint64, leaf [HashSize]byte) error {
	if height == 0 || height > newest {
		return fmt.Errorf("%w: height %d is not among the %d of the history", ErrInvalidProof, height, newest)
	}
	index, size := mountainOf(newest, height-1)
	last := newest&(1<<size-1) == 0
	if len(p.Path) != size || len(p.Left) != bits.OnesCount64(newest>>(size+1)) || last && p.Right != ([HashSize]byte{}) {
		return fmt.Errorf("%w: a path of %d nodes and %d peaks does not lead from height %d to the root of %d", ErrInvalidProof, len(p.Path), len(p.Left), height, newest)
	}
	node := leaf
	for level, sibling := range p.Path {
		if index>>level&1 == 1 {
			node = historyNode(sibling, node)
		} else {
			node = historyNode(node, sibling)
		}
	}
	if !last {
		node = historyNode(node, p.Right)
	}
	for _, peak := range p.Left {
		node = historyNode(peak, node)
	}
	if node != root {
		return fmt.Errorf("%w: height %d is not in the history of %d heights with root %x", ErrInvalidProof, height, newest, root)
	}
	return nil
}

// mountainOf returns the index of a leaf in its mountain, and that mountain's height, in a history
// of so many leaves.
func mountainOf(leaves, index uint64) (within uint64, height int) {
	for bit := maxMountain; bit >= 0; bit-- {
		size := leaves & (1 << bit)
		if size == 0 {
			continue
		}
		if index < size {
			return index, bit
		}
		index -= size
	}
	return 0, 0
}

// uintWord is a number as Solidity encodes it.
func uintWord(n uint64) (word [abiWord]byte) {
	binary.BigEndian.PutUint64(word[abiWord-8:], n)
	return word
}
