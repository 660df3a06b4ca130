package da

import (
	"errors"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// keptNodes is a history's nodes as a chain keeps them.
type keptNodes map[HistoryNode][HashSize]byte

func (k keptNodes) read(n HistoryNode) ([HashSize]byte, error) {
	hash, ok := k[n]
	if !ok {
		return hash, ErrNotFound
	}
	return hash, nil
}

func (k keptNodes) grow(t testing.TB, height uint64, leaf [HashSize]byte) {
	t.Helper()
	added, err := GrowHistory(height, leaf, k.read)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range added {
		k[n.HistoryNode] = n.Hash
	}
}

func (k keptNodes) prune(height uint64) {
	for _, n := range SpentHistoryNodes(height) {
		delete(k, n)
	}
}

// TestKeptNodesProveTheWindow grows histories with windows of many widths, pruned as a chain does, and holds
// roots, and proofs of every height of the window in every history of it, against those made of all leaves.
func TestKeptNodesProveTheWindow(t *testing.T) {
	const heights = 48
	_, leaves := historyOf(heights)
	for _, window := range []uint64{1, 2, 3, 4, 7, 8, 13, 31, 100} {
		kept, history := keptNodes{}, History{}
		for n := uint64(1); n <= heights; n++ {
			kept.grow(t, n-1, leaves[n-1])
			history = history.Append(leaves[n-1])
			if n > window {
				kept.prune(n - window)
			}
			if from, err := HistoryFrom(n, kept.read); err != nil || !reflect.DeepEqual(*from, history) {
				t.Fatalf("window %d, height %d: the history from nodes is %v (%v)", window, n, from, err)
			}
			oldest := uint64(1)
			if n > window {
				oldest = n - window + 1
			}
			for newest := oldest; newest <= n; newest++ {
				for height := oldest; height <= newest; height++ {
					kept.requireProof(t, leaves, newest, height)
				}
			}
		}
	}
}

func (k keptNodes) requireProof(t *testing.T, leaves [][HashSize]byte, newest, height uint64) {
	t.Helper()
	got, err := ProveHistoryFrom(newest, height, k.read)
	if err != nil {
		t.Fatalf("height %d in the history of %d: %v", height, newest, err)
	}
	want, err := ProveHistory(leaves[:newest], height)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("height %d in the history of %d: proven by %v, want %v", height, newest, got, want)
	}
}

// TestKeptNodesOfLongHistories does so for random heights of long histories.
func TestKeptNodesOfLongHistories(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for _, window := range []uint64{1, 1000, 1023, 1024} {
		const heights = 2600
		_, leaves := historyOf(heights)
		kept := keptNodes{}
		for n := uint64(1); n <= heights; n++ {
			kept.grow(t, n-1, leaves[n-1])
			if n > window {
				kept.prune(n - window)
			}
			if n%197 != 0 {
				continue
			}
			oldest := max(n, window) - window + 1
			newest := oldest + random.Uint64N(n-oldest+1)
			kept.requireProof(t, leaves, newest, oldest+random.Uint64N(newest-oldest+1))
		}
	}
}

// TestNoNodeIsKeptInVain: what pruning leaves are the mountains of the history before the window, and all
// nodes that end within it.
func TestNoNodeIsKeptInVain(t *testing.T) {
	const heights = 300
	_, leaves := historyOf(heights)
	for _, window := range []uint64{1, 2, 3, 6, 8, 17, 32, 50} {
		kept := keptNodes{}
		for n := uint64(1); n <= heights; n++ {
			kept.grow(t, n-1, leaves[n-1])
			if n <= window {
				continue
			}
			kept.prune(n - window)
			before := HistoryPeaks(n - window)
			for node := range kept {
				if node.end() <= n-window && !slices.Contains(before, node) {
					t.Fatalf("window %d, height %d: node %+v is kept in vain", window, n, node)
				}
			}
			if most := 2*int(window) + 64; len(kept) > most {
				t.Fatalf("window %d, height %d: %d nodes are kept, want at most %d", window, n, len(kept), most)
			}
		}
	}
}

func TestHistoryNodesMissing(t *testing.T) {
	_, leaves := historyOf(13)
	kept := keptNodes{}
	for n, leaf := range leaves {
		kept.grow(t, uint64(n), leaf)
	}
	if _, err := ProveHistoryFrom(13, 0, kept.read); !errors.Is(err, ErrFutureHeight) {
		t.Errorf("height 0: %v", err)
	}
	if _, err := ProveHistoryFrom(13, 14, kept.read); !errors.Is(err, ErrFutureHeight) {
		t.Errorf("a height beyond the history: %v", err)
	}
	for name, node := range map[string]HistoryNode{"sibling": {1, 5}, "peak right": {0, 12}, "peak left": {3, 0}} {
		without := maps.Clone(kept)
		delete(without, node)
		if _, err := ProveHistoryFrom(13, 9, without.read); !errors.Is(err, ErrNotFound) {
			t.Errorf("no %s: %v", name, err)
		}
	}
	delete(kept, HistoryNode{3, 0})
	if _, err := HistoryFrom(13, kept.read); !errors.Is(err, ErrNotFound) {
		t.Errorf("a history without its largest mountain: %v", err)
	}
	delete(kept, HistoryNode{0, 12})
	if _, err := GrowHistory(13, leaves[0], kept.read); !errors.Is(err, ErrNotFound) {
		t.Errorf("grown on nothing: %v", err)
	}
}
