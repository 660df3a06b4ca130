package da

import (
	"encoding/binary"
	"errors"
	"testing"
)

// historyOf returns a history of so many heights, and its leaves.
func historyOf(n int) (h History, leaves [][HashSize]byte) {
	for height := uint64(1); height <= uint64(n); height++ {
		root := Keccak256(binary.BigEndian.AppendUint64(nil, height))
		leaf := HistoryLeaf(height, root, Keccak256(root[:]))
		h, leaves = h.Append(leaf), append(leaves, leaf)
	}
	return h, leaves
}

// TestHistoryProves proves every height of every short history, and none for another.
func TestHistoryProves(t *testing.T) {
	for n := 1; n <= 40; n++ {
		h, leaves := historyOf(n)
		if err := h.Check(); err != nil {
			t.Fatal(err)
		}
		for height := uint64(1); height <= uint64(n); height++ {
			proof, err := ProveHistory(leaves, height)
			if err != nil {
				t.Fatal(err)
			}
			for claimed := uint64(0); claimed <= uint64(n)+1; claimed++ {
				err := proof.Verify(h.Root(), uint64(n), claimed, leaves[height-1])
				if (err == nil) != (claimed == height) {
					t.Errorf("%d heights, the proof of %d for %d: %v", n, height, claimed, err)
				}
			}
		}
	}
}

func TestHistoryProofRefuses(t *testing.T) {
	h, leaves := historyOf(13) // mountains of 8, 4 and 1
	for _, c := range []struct {
		name   string
		change func(p *HistoryProof, newest, height *uint64, leaf *[HashSize]byte)
	}{
		{"another leaf", func(_ *HistoryProof, _, _ *uint64, leaf *[HashSize]byte) { leaf[0]++ }},
		{"a sibling", func(p *HistoryProof, _, _ *uint64, _ *[HashSize]byte) { p.Path[0][31]++ }},
		{"the bag", func(p *HistoryProof, _, _ *uint64, _ *[HashSize]byte) { p.Right[0]++ }},
		{"a peak", func(p *HistoryProof, _, _ *uint64, _ *[HashSize]byte) { p.Left[0][5]++ }},
		{"a sibling more", func(p *HistoryProof, _, _ *uint64, _ *[HashSize]byte) { p.Path = append(p.Path, p.Right) }},
		{"a sibling less", func(p *HistoryProof, _, _ *uint64, _ *[HashSize]byte) { p.Path = p.Path[1:] }},
		{"a peak more", func(p *HistoryProof, _, _ *uint64, _ *[HashSize]byte) { p.Left = append(p.Left, p.Right) }},
		{"no peaks", func(p *HistoryProof, _, _ *uint64, _ *[HashSize]byte) { p.Left = nil }},
		{"a longer history", func(_ *HistoryProof, newest, _ *uint64, _ *[HashSize]byte) { *newest = 16 }},
		{"a shorter history", func(_ *HistoryProof, newest, _ *uint64, _ *[HashSize]byte) { *newest = 12 }},
		{"a history without it", func(_ *HistoryProof, newest, _ *uint64, _ *[HashSize]byte) { *newest = 9 }},
		{"the height before", func(_ *HistoryProof, _, height *uint64, _ *[HashSize]byte) { *height = 9 }},
		{"height 0", func(_ *HistoryProof, _, height *uint64, _ *[HashSize]byte) { *height = 0 }},
		{"a node for a leaf", func(p *HistoryProof, _, _ *uint64, leaf *[HashSize]byte) {
			*leaf, p.Path = historyNode(p.Path[0], *leaf), p.Path[1:]
		}},
	} {
		newest, height, leaf := uint64(13), uint64(10), leaves[9]
		proof, err := ProveHistory(leaves, height)
		if err != nil {
			t.Fatal(err)
		}
		if err := proof.Verify(h.Root(), newest, height, leaf); err != nil {
			t.Fatal(err)
		}
		c.change(proof, &newest, &height, &leaf)
		if err := proof.Verify(h.Root(), newest, height, leaf); !errors.Is(err, ErrInvalidProof) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := ProveHistory(leaves, 14); !errors.Is(err, ErrFutureHeight) {
		t.Errorf("a height to come: %v", err)
	}
	if err := (&History{Height: 3, Peaks: h.Peaks}).Check(); !errors.Is(err, ErrMalformed) {
		t.Errorf("a peak too many: %v", err)
	}
}
