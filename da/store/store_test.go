package store

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// checkWhole reads everything of a height that holds testBlock.
func checkWhole(t *testing.T, s *Store, height uint64) {
	t.Helper()
	ctx, want := t.Context(), testBlock(t, height)
	record, err := s.Record(ctx, height)
	if err != nil {
		t.Fatal(err)
	}
	if !record.Time.Equal(want.Time) || record.Hash != want.Hash || record.RowsHeld != len(want.Rows) {
		t.Fatalf("record %+v of height %d", record, height)
	}
	block, err := sharedBlock()
	if err != nil {
		t.Fatal(err)
	}
	hash := da.DataHash(block.Txs)
	if _, err := record.Proof.Verify(hash[:]); err != nil {
		t.Fatal(err)
	}
	for i := range want.Rows {
		row, err := s.Row(ctx, height, i)
		if err != nil {
			t.Fatal(err)
		}
		if row.Row != *want.Rows[i] || !slices.Equal(row.Proofs[:], want.Proofs[i]) {
			t.Fatalf("row %d of height %d differs", i, height)
		}
	}
	for _, blob := range testBlobs() {
		checkBlob(t, s, height, blob)
	}
}

func checkBlob(t *testing.T, s *Store, height uint64, blob da.Blob) {
	t.Helper()
	entries, proof, err := s.Namespace(t.Context(), height, blob.Namespace)
	if err != nil {
		t.Fatal(err)
	}
	encoded := make([][]byte, len(entries))
	found := false
	for i := range entries {
		encoded[i] = entries[i].Encode()
		data, err := s.Blob(t.Context(), height, &entries[i])
		if err != nil {
			t.Fatal(err)
		}
		found = found || bytes.Equal(data, blob.Data)
	}
	header, err := s.Header(t.Context(), height)
	if err != nil {
		t.Fatal(err)
	}
	if err := proof.Verify(header.IndexRoot, blob.Namespace, encoded); err != nil || !found {
		t.Fatalf("blob of %d bytes at height %d: found %v, proof: %v", len(blob.Data), height, found, err)
	}
}

func TestStoreReadsBackAcrossReopening(t *testing.T) {
	config := testConfig(t, t.TempDir())
	s, err := Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, emptyBlock(t, 1), testBlock(t, 2), testBlock(t, 3))
	checkWhole(t, s, 3)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, config)
	checkWhole(t, s, 2)
	checkWhole(t, s, 3)
	if s.Tail() != 1 || s.Head() != 3 || s.Contiguous() != 3 {
		t.Fatalf("bounds are %d, %d, %d", s.Tail(), s.Head(), s.Contiguous())
	}
	if header, err := s.Header(t.Context(), 1); err != nil || header.K() != 0 {
		t.Fatalf("empty block: %v, %v", header, err)
	}
}

func TestAbsentHeightsNameTheCause(t *testing.T) {
	s := open(t, testConfig(t, t.TempDir()))
	if _, err := s.Header(t.Context(), 1); !errors.Is(err, da.ErrFutureHeight) {
		t.Errorf("in an empty store: %v", err)
	}
	put(t, s, emptyBlock(t, 5), emptyBlock(t, 7))
	for height, want := range map[uint64]error{0: da.ErrNotFound, 4: da.ErrPruned, 6: da.ErrNotFound, 8: da.ErrFutureHeight} {
		for name, read := range map[string]func() error{
			"Record": func() error { _, err := s.Record(t.Context(), height); return err },
			"Header": func() error { _, err := s.Header(t.Context(), height); return err },
			"Proof":  func() error { _, err := s.HeaderProof(t.Context(), height); return err },
			"Index":  func() error { _, err := s.Index(t.Context(), height); return err },
			"Row":    func() error { _, err := s.Row(t.Context(), height, 0); return err },
			"Cell":   func() error { _, err := s.Cell(t.Context(), height, erasure.Coord{}); return err },
			"Blob":   func() error { _, err := s.Blob(t.Context(), height, &da.Entry{}); return err },
		} {
			if err := read(); !errors.Is(err, want) {
				t.Errorf("%s(%d) = %v, want %v", name, height, err, want)
			}
		}
	}
}

func TestContiguousAndWait(t *testing.T) {
	s := open(t, testConfig(t, t.TempDir()))
	steps := []struct{ put, tail, head, contiguous uint64 }{
		{5, 5, 5, 5}, {7, 5, 7, 5}, {8, 5, 8, 5}, {6, 5, 8, 8}, {4, 4, 8, 8}, {2, 2, 8, 2}, {3, 2, 8, 8},
	}
	waited := make(chan error, 1)
	go func() { waited <- s.Wait(context.Background(), 8) }()
	for _, step := range steps {
		put(t, s, emptyBlock(t, step.put))
		if s.Tail() != step.tail || s.Head() != step.head || s.Contiguous() != step.contiguous {
			t.Fatalf("after %d: %d, %d, %d, want %+v", step.put, s.Tail(), s.Head(), s.Contiguous(), step)
		}
	}
	if err := <-waited; err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Wait(ctx, 9); !errors.Is(err, context.Canceled) {
		t.Fatalf("wait for a height that does not come: %v", err)
	}
}

func TestLookUpsAreNewestFirst(t *testing.T) {
	s := open(t, testConfig(t, t.TempDir()))
	put(t, s, testBlock(t, 1), emptyBlock(t, 2), testBlock(t, 3))
	entries, err := s.Entries(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if heights, err := s.Heights(t.Context(), e.ID, 0, 10); err != nil || !slices.Equal(heights, []uint64{3, 1}) {
			t.Errorf("heights %v, %v", heights, err)
		}
		if heights, err := s.Heights(t.Context(), e.ID, 0, 1); err != nil || !slices.Equal(heights, []uint64{3}) {
			t.Errorf("newest height %v, %v", heights, err)
		}
		for before, want := range map[uint64][]uint64{4: {3, 1}, 3: {1}, 2: {1}, 1: nil} {
			if heights, err := s.Heights(t.Context(), e.ID, before, 10); err != nil || !slices.Equal(heights, want) {
				t.Errorf("heights below %d: %v, %v, want %v", before, heights, err, want)
			}
		}
		if ids, err := s.ByKeccak256(t.Context(), e.Keccak256, 10); err != nil || !slices.Equal(ids, []da.BlobID{e.ID}) {
			t.Errorf("by keccak256: %v, %v", ids, err)
		}
		for _, c := range e.Commitments {
			if ids, err := s.ByVersionedHash(t.Context(), da.VersionedHash(c), 10); err != nil || !slices.Equal(ids, []da.BlobID{e.ID}) {
				t.Errorf("by versioned hash: %v, %v", ids, err)
			}
		}
	}
	if heights, err := s.Heights(t.Context(), da.BlobID{1}, 0, 10); err != nil || len(heights) != 0 {
		t.Errorf("an unknown id: %v, %v", heights, err)
	}
}

// someCoords has cells of all four quadrants.
func someCoords(k int) []erasure.Coord {
	return []erasure.Coord{
		{Row: 0, Column: 0},
		{Row: k - 1, Column: 63},
		{Row: 1, Column: 64},
		{Row: 0, Column: 127},
		{Row: k, Column: 5},
		{Row: 2*k - 1, Column: 127},
	}
}

func TestCellsHotAndCold(t *testing.T) {
	config := testConfig(t, t.TempDir())
	config.HotHeights = 1
	s := open(t, config)
	put(t, s, testBlock(t, 1), testBlock(t, 2))
	header, err := s.Header(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	coords := someCoords(header.K())
	for height := uint64(1); height <= 2; height++ {
		samples, err := s.Cells(t.Context(), height, coords)
		if err != nil {
			t.Fatal(err)
		}
		all := make([]da.Sample, len(samples))
		for i, sample := range samples {
			if sample.Coord != coords[i] {
				t.Fatalf("asked for %v, got %v", coords[i], sample.Coord)
			}
			all[i] = *sample
		}
		if bad, err := da.VerifySamples(newSetup(t), header, all); err != nil {
			t.Errorf("height %d: cells %v: %v", height, bad, err)
		}
	}
	if s.hot.get(1) != nil || s.hot.get(2) == nil {
		t.Error("the matrix in memory should be the newest height's")
	}
	hot, hotBytes := s.Cost(2, coords)
	cold, coldBytes := s.Cost(1, coords)
	if hot != len(coords) || cold <= hot || hotBytes != 0 || coldBytes == 0 {
		t.Errorf("costs: hot %d, %d bytes; cold %d, %d bytes", hot, hotBytes, cold, coldBytes)
	}
	for _, at := range []erasure.Coord{{Row: 2 * header.K()}, {Row: -1}, {Column: 128}, {Column: -1}} {
		for height := uint64(1); height <= 2; height++ {
			if _, err := s.Cell(t.Context(), height, at); !errors.Is(err, da.ErrNotFound) {
				t.Errorf("cell %v of height %d: %v", at, height, err)
			}
		}
	}
}

// TestAskingInTurnDoesNotExtendAgain: more heights are hot than there is memory for. Asking
// for one after the other must not have each extended every time.
func TestAskingInTurnDoesNotExtendAgain(t *testing.T) {
	config := testConfig(t, t.TempDir())
	config.HotBytes = matrixSize(4)
	s := open(t, config)
	put(t, s, testBlock(t, 1), testBlock(t, 2))
	coded := []erasure.Coord{{Row: 5, Column: 70}}
	for range 2 {
		for _, height := range []uint64{2, 1} {
			if _, err := s.Cells(t.Context(), height, coded); err != nil {
				t.Fatal(err)
			}
		}
		if s.hot.get(1) != nil || s.hot.get(2) == nil {
			t.Fatal("the matrix in memory should stay the newest height's")
		}
	}
	hot, _ := s.Cost(2, coded)
	cold, _ := s.Cost(1, coded)
	if hot != 1 || cold != 4*codedCost {
		t.Errorf("costs: in memory %d, not %d", hot, cold)
	}
}

func TestColdCost(t *testing.T) {
	for _, test := range []struct {
		at   erasure.Coord
		want int
	}{
		{erasure.Coord{Row: 0, Column: 63}, 1},
		{erasure.Coord{Row: 33, Column: 64}, codedCost},
		{erasure.Coord{Row: 34, Column: 63}, 34},
		{erasure.Coord{Row: 67, Column: 64}, 34 * codedCost},
	} {
		if have := coldCost(test.at, 34); have != test.want {
			t.Errorf("cell %v of 34 rows: have %d want %d", test.at, have, test.want)
		}
	}
}

// Rows are held once, however many of their cells are asked for, and extended once.
func TestColdBytes(t *testing.T) {
	const row, extended, column = kzg.RowSize + kzg.Columns*kzg.PointSize, kzg.Columns * kzg.CellSize, 2 * 34 * (kzg.CellSize + kzg.PointSize)
	for _, test := range []struct {
		coords []erasure.Coord
		want   int
	}{
		{nil, 0},
		{[]erasure.Coord{{Row: 68, Column: 0}, {Row: 0, Column: 128}}, 0},
		{[]erasure.Coord{{Row: 0, Column: 63}, {Row: 0, Column: 7}}, row},
		{[]erasure.Coord{{Row: 0, Column: 63}, {Row: 33, Column: 64}}, 2*row + extended},
		{[]erasure.Coord{{Row: 34, Column: 63}, {Row: 5, Column: 9}}, 34*row + column},
		{[]erasure.Coord{{Row: 34, Column: 63}, {Row: 5, Column: 99}}, 34*row + extended + column},
		{[]erasure.Coord{{Row: 67, Column: 64}, {Row: 67, Column: 1}}, 34*(row+extended) + column},
	} {
		if have := coldBytes(test.coords, 34); have != test.want {
			t.Errorf("cells %v of 34 rows: have %d want %d", test.coords, have, test.want)
		}
	}
}

func TestMatrixCacheIsBounded(t *testing.T) {
	block := testBlock(t, 1)
	header, err := da.DecodeHeader(block.Proof.Header)
	if err != nil {
		t.Fatal(err)
	}
	m, err := erasure.Extend(newSetup(t), block.Rows[:1], header.Commitments[:1], nil)
	if err != nil {
		t.Fatal(err)
	}
	size := matrixSize(m.K())
	c := newMatrixCache(2 * size)
	for _, height := range []uint64{1, 2, 3, 1, 2} {
		c.put(height, m)
	}
	if c.get(1) != nil || c.get(2) == nil || c.get(3) == nil || c.size != 2*size {
		t.Errorf("kept 1: %v, 2: %v, 3: %v, %d bytes", c.get(1) != nil, c.get(2) != nil, c.get(3) != nil, c.size)
	}
	if c.admits(1, m.K()) || !c.admits(2, m.K()) || !c.admits(4, m.K()) {
		t.Errorf("room for 1: %v, 2: %v, 4: %v", c.admits(1, m.K()), c.admits(2, m.K()), c.admits(4, m.K()))
	}
	c.drop(3)
	c.drop(3)
	if c.size != size {
		t.Errorf("%d bytes after one was dropped, want %d", c.size, size)
	}
	if c = newMatrixCache(size - 1); true {
		c.put(1, m)
	}
	if c.get(1) != nil {
		t.Error("kept a matrix larger than the bound")
	}
}

// checkHeld holds what is said to be held of height 1, all cells of so many rows, against what is
// served.
func checkHeld(t *testing.T, s *Store, rows int) {
	t.Helper()
	held, err := s.Held(t.Context(), 1)
	if err != nil || len(held) != rows*kzg.Columns {
		t.Fatalf("%d cells are held, %v; want %d rows of them", len(held), err, rows)
	}
	samples, err := s.Cells(t.Context(), 1, held)
	if err != nil {
		t.Fatal(err)
	}
	for i, sample := range samples {
		if sample == nil {
			t.Errorf("cell %v is held and not served", held[i])
		}
	}
}

func TestPartsOfASquare(t *testing.T) {
	s := open(t, testConfig(t, t.TempDir()))
	whole := testBlock(t, 1)
	header := *whole
	header.Rows, header.Proofs, header.Index = nil, nil, nil
	put(t, s, &header)
	if _, err := s.Row(t.Context(), 1, 0); !errors.Is(err, da.ErrNotFound) {
		t.Errorf("row of a bare header: %v", err)
	}
	if _, err := s.Index(t.Context(), 1); !errors.Is(err, da.ErrNotFound) {
		t.Errorf("index of a bare header: %v", err)
	}
	if _, err := s.Cell(t.Context(), 1, erasure.Coord{}); !errors.Is(err, da.ErrNotFound) {
		t.Errorf("cell of a bare header: %v", err)
	}
	if held, err := s.Held(t.Context(), 1); !errors.Is(err, da.ErrNotFound) {
		t.Errorf("held of a bare header: %v, %v", held, err)
	}
	some := *whole
	some.Rows, some.Proofs = slices.Clone(whole.Rows), slices.Clone(whole.Proofs)
	some.Rows[1], some.Proofs[1] = nil, nil
	put(t, s, &some)
	samples, err := s.Cells(t.Context(), 1, []erasure.Coord{{Row: 0, Column: 70}, {Row: 1, Column: 0}, {Row: 6, Column: 0}})
	if err != nil || samples[0] == nil || samples[1] != nil || samples[2] != nil {
		t.Errorf("cells with a row missing: %v, %v", samples, err)
	}
	checkHeld(t, s, len(whole.Rows)-1)
	put(t, s, whole)
	checkHeld(t, s, 2*len(whole.Rows))
	checkWhole(t, s, 1)
	put(t, s, &header) // less than there is changes nothing
	checkWhole(t, s, 1)
}

func TestPutRefusesContradictions(t *testing.T) {
	s := open(t, testConfig(t, t.TempDir()))
	put(t, s, emptyBlock(t, 9))
	tests := []struct {
		name    string
		corrupt func(*Block)
		want    error
	}{
		{"height 0", func(b *Block) { b.Height = 0 }, da.ErrMismatch},
		{"a row too few", func(b *Block) { b.Rows = b.Rows[1:] }, da.ErrMismatch},
		{"proofs of a row too few", func(b *Block) { b.Proofs = b.Proofs[1:] }, da.ErrMismatch},
		{"a row's proof too few", func(b *Block) {
			b.Proofs = slices.Clone(b.Proofs)
			b.Proofs[1] = b.Proofs[1][1:]
		}, da.ErrMismatch},
		{"another index", func(b *Block) { b.Index = emptyBlock(t, 1).Index }, da.ErrMismatch},
		{"a path of other hashes", func(b *Block) { b.Proof.Aunts = [][]byte{{1}} }, da.ErrMismatch},
		{"a DA header cut short", func(b *Block) { b.Proof.Header = b.Proof.Header[1:] }, da.ErrMalformed},
		{"another square at the height", func(b *Block) { b.Height = 9 }, da.ErrMismatch},
	}
	for _, test := range tests {
		b := testBlock(t, 2)
		test.corrupt(b)
		if err := s.Put(t.Context(), b); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
	if s.Has(2) {
		t.Error("a refused block is there")
	}
	put(t, s, testBlock(t, 2))
}

func TestFalseRowIsNeverServed(t *testing.T) {
	config := testConfig(t, t.TempDir())
	s, err := Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	b := testBlock(t, 1)
	b.Rows = slices.Clone(b.Rows)
	row := *b.Rows[2]
	row[kzg.ScalarSize-1] ^= 1
	b.Rows[2] = &row
	put(t, s, b) // who puts has verified; what a later process reads it verifies itself
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, config)
	if _, err := s.Row(t.Context(), 1, 2); !errors.Is(err, ErrCorrupt) {
		t.Fatalf("a row that is not its commitment's: %v", err)
	}
	if _, err := s.Cell(t.Context(), 1, erasure.Coord{}); !errors.Is(err, ErrCorrupt) {
		t.Fatalf("a cell of such a square: %v", err)
	}
	if damaged := s.Damaged(); !slices.Equal(damaged, []uint64{1}) {
		t.Fatalf("damaged: %v", damaged)
	}
	put(t, s, testBlock(t, 1))
	checkWhole(t, s, 1)
}
