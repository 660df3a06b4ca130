package lightnode

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"testing"

	"github.com/cometbft/cometbft/types"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/p2p"
)

// testKept is a header of the test chain and some cells, whatever they hold.
func testKept(t *testing.T, blocks *testBlocks, height uint64, cells int) *kept {
	t.Helper()
	k := &kept{header: blocks.at(height).header}
	for i := range cells {
		cell := &p2p.CellProof{}
		cell.Cell[5], cell.Proof[6] = byte(i), byte(height)
		k.coords, k.cells = append(k.coords, erasure.Coord{Row: i % 4, Column: i}), append(k.cells, cell)
	}
	return k
}

func testRing(t *testing.T, folder string, limit int64) *ring {
	t.Helper()
	r, err := openRing(folder, limit, roomy(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.close() })
	return r
}

func emptyBlocks(t *testing.T, n int) *testBlocks {
	t.Helper()
	blocks := newTestBlocks(t, 0)
	for range n {
		blocks.grow(emptyBlock)
	}
	return blocks
}

func TestRingKeepsTheNewestWithinItsBound(t *testing.T) {
	t.Parallel()
	blocks := emptyBlocks(t, 6)
	folder := t.TempDir()
	r := testRing(t, folder, 25_000)
	for _, height := range []uint64{4, 6, 3, 5, 1} {
		if err := r.put(height, testKept(t, blocks, height, 3)); err != nil {
			t.Fatal(err)
		}
		if total, _ := r.usage(); total > r.limit {
			t.Fatalf("%d bytes kept, the bound is %d", total, r.limit)
		}
	}
	if total, held := r.usage(); held != 3 || total != folderSize(t, folder) {
		t.Fatalf("%d heights, %d bytes kept; the folder holds %d", held, total, folderSize(t, folder))
	}
	for height := uint64(1); height <= 6; height++ {
		k, err := r.get(height)
		if height < 4 && !errors.Is(err, da.ErrNotFound) || height >= 4 && (err != nil || len(k.cells) != 3) {
			t.Errorf("height %d: %v, %v", height, k, err)
		}
	}
	if r.newest() != 6 {
		t.Errorf("newest %d", r.newest())
	}
}

func folderSize(t *testing.T, folder string) (total int64) {
	t.Helper()
	files, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		info, err := file.Info()
		if err != nil {
			t.Fatal(err)
		}
		total += info.Size()
	}
	return total
}

func TestRingSurvivesReopening(t *testing.T) {
	t.Parallel()
	blocks := emptyBlocks(t, 2)
	folder := t.TempDir()
	r := testRing(t, folder, 1<<20)
	want := testKept(t, blocks, 2, 5)
	if err := errors.Join(r.put(1, testKept(t, blocks, 1, 5)), r.put(2, want), r.close()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "3.cells.new"), []byte("cut short"), 0o600); err != nil {
		t.Fatal(err)
	}
	r = testRing(t, folder, 1<<20)
	got, err := r.get(2)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want.cells {
		if got.coords[i] != want.coords[i] || *got.cells[i] != *want.cells[i] {
			t.Errorf("cell %d: got %v, want %v", i, got.coords[i], want.coords[i])
		}
	}
	if a, b := got.header.Signed.Hash(), want.header.Signed.Hash(); a.String() != b.String() || got.header.Proof == nil || got.header.Validators == nil {
		t.Errorf("header %v, want %v, with its proof and validators", a, b)
	}
	if total, held := r.usage(); held != 2 || total != folderSize(t, folder) {
		t.Errorf("%d heights, %d bytes; the folder holds %d", held, total, folderSize(t, folder))
	}
}

func TestRingNeverServesDamage(t *testing.T) {
	t.Parallel()
	blocks := emptyBlocks(t, 1)
	whole, err := testKept(t, blocks, 1, 2).encode(1)
	if err != nil {
		t.Fatal(err)
	}
	damages := map[string]func([]byte) []byte{
		"a bit":         func(b []byte) []byte { b[len(b)/2] ^= 4; return b },
		"the first":     func(b []byte) []byte { b[0] ^= 1; return b },
		"the checksum":  func(b []byte) []byte { b[len(b)-1] ^= 1; return b },
		"cut":           func(b []byte) []byte { return b[:len(b)-7] },
		"empty":         func([]byte) []byte { return nil },
		"longer":        func(b []byte) []byte { return append(b, 0) },
		"short of that": func(b []byte) []byte { return b[:3] },
	}
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			if err := os.WriteFile(filepath.Join(folder, "1.cells"), damage(append([]byte(nil), whole...)), 0o600); err != nil {
				t.Fatal(err)
			}
			r := testRing(t, folder, 1<<20)
			for range 2 { // the second time it is gone
				if k, err := r.get(1); !errors.Is(err, da.ErrNotFound) {
					t.Fatalf("got %v, %v", k, err)
				}
			}
			if total, held := r.usage(); total != 0 || held != 0 {
				t.Errorf("%d bytes of %d heights are left", total, held)
			}
		})
	}
}

func FuzzDecodeKept(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x00\x00\x00\x01a\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, in []byte) {
		in = binary.BigEndian.AppendUint32(in, crc32.ChecksumIEEE(in)) // or nothing else would be reached
		if k, err := decodeKept(in, 1); err == nil && (k.header == nil || len(k.coords) != len(k.cells)) {
			t.Errorf("%+v", k)
		}
	})
}

func FuzzDecodeStoredHeader(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0x08, 1, 0x12, 2, 0x0a, 0})
	f.Fuzz(func(t *testing.T, in []byte) {
		if h, err := decodeHeader(in); err == nil && (h.Signed == nil || h.Signed.Header == nil || h.Signed.Commit == nil) {
			t.Errorf("%+v", h)
		}
	})
}

// What is said about how long the ring reaches back must hold of what it keeps.
func TestCachedHeightsAreWhatTheRingKeeps(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 1)
	r := testRing(t, t.TempDir(), 1<<20)
	k := testKept(t, blocks, 1, 30)
	k.header = &p2p.Header{Signed: &types.SignedHeader{Header: k.header.Signed.Header}, Proof: k.header.Proof}
	if err := r.put(1, k); err != nil {
		t.Fatal(err)
	}
	size := int64(r.size(1))
	said, err := CachedHeights(1000*size, 2, 3, 30) // as the test chain has
	if err != nil || said > 1000 || said < 990 {
		t.Errorf("1000 heights are said to be %d, %v", said, err)
	}
	for _, bad := range [][3]int{{0, 2, 30}, {257, 2, 30}, {2, 1, 30}, {2, 2, 0}, {1, 2, 257}} {
		if said, err := CachedHeights(1<<20, bad[0], bad[1], bad[2]); !errors.Is(err, ErrConfig) {
			t.Errorf("%v: %d, %v", bad, said, err)
		}
	}
}
