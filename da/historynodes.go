package da

import (
	"fmt"
	"math/bits"
)

// HistoryNode names a node of a history's mountains: the root of the 2^Level leaves from leaf
// Index·2^Level on, leaf 0 being height 1's. Nodes never change once all their leaves are there.
type HistoryNode struct {
	Level uint8
	Index uint64
}

// end is the last height under the node.
func (n HistoryNode) end() uint64 { return (n.Index + 1) << n.Level }

// HistoryNodes are where the nodes of a history are kept. Reading one that is not there is an error.
type HistoryNodes func(HistoryNode) ([HashSize]byte, error)

// PlacedNode is a node with its hash.
type PlacedNode struct {
	HistoryNode
	Hash [HashSize]byte
}

// HistoryFrom returns the history of so many heights from its nodes. It fails if one is not there.
func HistoryFrom(height uint64, nodes HistoryNodes) (*History, error) {
	h := &History{Height: height}
	for _, peak := range HistoryPeaks(height) {
		hash, err := nodes(peak)
		if err != nil {
			return nil, peakError(peak, height, err)
		}
		h.Peaks = append(h.Peaks, hash)
	}
	return h, nil
}

func peakError(peak HistoryNode, height uint64, err error) error {
	return fmt.Errorf("peak %d of level %d in the history of %d heights: %w", peak.Index, peak.Level, height, err)
}

// HistoryPeaks names the roots of the mountains, the largest first.
func HistoryPeaks(height uint64) (peaks []HistoryNode) {
	for level := maxMountain; level >= 0; level-- {
		if height>>level&1 == 1 {
			peaks = append(peaks, HistoryNode{uint8(level), height>>level - 1})
		}
	}
	return peaks
}

// GrowHistory returns the nodes that the leaf of the next height adds to a history of so many: the
// leaf, and each node whose leaves it completes. It fails if a node that it builds on is not there.
func GrowHistory(height uint64, leaf [HashSize]byte, nodes HistoryNodes) ([]PlacedNode, error) {
	at := PlacedNode{HistoryNode{0, height}, leaf}
	added := []PlacedNode{at}
	for at.Index&1 == 1 {
		left, err := nodes(HistoryNode{at.Level, at.Index - 1})
		if err != nil {
			return nil, peakError(HistoryNode{at.Level, at.Index - 1}, height, err)
		}
		at = PlacedNode{HistoryNode{at.Level + 1, at.Index / 2}, historyNode(left, at.Hash)}
		added = append(added, at)
	}
	return added, nil
}

// SpentHistoryNodes names the nodes that nothing needs any more once no height up to the one given has to be
// proven: the children of each node that ends there. A node stays until its parent has ended and is
// spent itself, so that every history that ends later keeps its peaks.
func SpentHistoryNodes(height uint64) (spent []HistoryNode) {
	for level := 1; level <= bits.TrailingZeros64(height); level++ {
		right := height>>(level-1) - 1
		spent = append(spent, HistoryNode{uint8(level - 1), right - 1}, HistoryNode{uint8(level - 1), right})
	}
	return spent
}

// ProveHistoryFrom proves one height, counted from 1, in the history that ends at newest, from its nodes. It fails with
// ErrFutureHeight, and if a node is not there.
func ProveHistoryFrom(newest, height uint64, nodes HistoryNodes) (*HistoryProof, error) {
	if height == 0 || height > newest {
		return nil, fmt.Errorf("%w: the history ends at height %d", ErrFutureHeight, newest)
	}
	p := new(HistoryProof)
	var right [][HashSize]byte
	for _, peak := range HistoryPeaks(newest) {
		before := peak.end() - 1<<peak.Level
		if before < height && height <= peak.end() {
			var err error
			if p.Path, err = historyPath(height-1, peak.Level, nodes); err != nil {
				return nil, err
			}
			continue
		}
		hash, err := nodes(peak)
		if err != nil {
			return nil, peakError(peak, newest, err)
		}
		if peak.end() < height {
			p.Left = append([][HashSize]byte{hash}, p.Left...)
		} else {
			right = append(right, hash)
		}
	}
	p.Right = bag(right)
	return p, nil
}

// historyPath reads the siblings of a leaf and of all above it, up to a level.
func historyPath(index uint64, levels uint8, nodes HistoryNodes) (path [][HashSize]byte, _ error) {
	for level := range levels {
		sibling := HistoryNode{level, index>>level ^ 1}
		hash, err := nodes(sibling)
		if err != nil {
			return nil, fmt.Errorf("node %d of level %d of the history: %w", sibling.Index, sibling.Level, err)
		}
		path = append(path, hash)
	}
	return path, nil
}
