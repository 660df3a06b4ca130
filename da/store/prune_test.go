package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dgraph-io/badger/v4"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure"
)

func TestPruneFollowsBlockTime(t *testing.T) {
	config := testConfig(t, t.TempDir())
	now := blockTime(0)
	config.Retain, config.Now = 10*time.Minute, func() time.Time { return now }
	s, err := Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	for height := uint64(1); height <= 6; height++ {
		put(t, s, testBlock(t, height))
	}
	steps := []struct {
		now           uint64
		deleted, tail uint64
	}{{11, 0, 1}, {12, 1, 2}, {14, 2, 4}, {14, 0, 4}, {1000, 2, 6}}
	for _, step := range steps {
		now = blockTime(step.now)
		n, err := s.Prune(t.Context())
		if err != nil || n != int(step.deleted) || s.Tail() != step.tail {
			t.Fatalf("at minute %d: %d deleted, tail %d, %v; want %+v", step.now, n, s.Tail(), err, step)
		}
		if _, err := s.Header(t.Context(), step.tail-1); step.tail > 1 && !errors.Is(err, da.ErrPruned) {
			t.Fatalf("height %d: %v", step.tail-1, err)
		}
	}
	checkWhole(t, s, 6) // the newest stays, however old
	if keys := keysOutside(t, s, 6); len(keys) != 0 {
		t.Errorf("left behind: %q", keys)
	}
	if err := errors.Join(s.maintain(t.Context()), s.Close()); err != nil {
		t.Fatal(err)
	}
	s = open(t, config)
	if _, err := s.Header(t.Context(), 5); !errors.Is(err, da.ErrPruned) || s.Tail() != 6 || s.Contiguous() != 6 {
		t.Errorf("after reopening: %v, tail %d, contiguous to %d", err, s.Tail(), s.Contiguous())
	}
}

// TestPruneKeepsWhatIsNotPast: neither a gap that is still to be filled nor a height whose
// time cannot be read is pruned before its time.
func TestPruneKeepsWhatIsNotPast(t *testing.T) {
	config := testConfig(t, t.TempDir())
	now := blockTime(0)
	config.Retain, config.Now = 10*time.Minute, func() time.Time { return now }
	s := open(t, config)
	for _, height := range []uint64{1, 2, 5, 6} {
		put(t, s, testBlock(t, height))
	}
	corruptRecord(t, s, 1)
	for _, step := range []struct{ now, tail, contiguous uint64 }{
		{11, 1, 2}, {12, 1, 2}, {13, 2, 2}, {15, 2, 2}, {16, 6, 6},
	} {
		now = blockTime(step.now)
		_, err := s.Prune(t.Context())
		if err != nil || s.Tail() != step.tail || s.Contiguous() != step.contiguous {
			t.Fatalf("at minute %d: from %d, contiguous to %d, %v; want %+v", step.now, s.Tail(), s.Contiguous(), err, step)
		}
	}
}

// corruptRecord changes what is stored of a height.
func corruptRecord(t *testing.T, s *Store, height uint64) {
	t.Helper()
	err := s.db.Update(func(txn *badger.Txn) error { return txn.Set(heightKey(keyRecord, height), []byte("changed")) })
	if err != nil {
		t.Fatal(err)
	}
}

func TestPruneLeavesNoTraceOfLookUps(t *testing.T) {
	config := testConfig(t, t.TempDir())
	config.Retain, config.Now = time.Minute, func() time.Time { return blockTime(4) }
	s := open(t, config)
	put(t, s, testBlock(t, 1), testBlock(t, 2), emptyBlock(t, 3))
	entries, err := s.Entries(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Prune(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if heights, err := s.Heights(t.Context(), e.ID, 0, 10); err != nil || len(heights) != 0 {
			t.Errorf("heights of a pruned blob: %v, %v", heights, err)
		}
	}
}

func TestPruneWhileReading(t *testing.T) {
	config := testConfig(t, t.TempDir())
	var minute atomic.Uint64
	config.Retain, config.Now = time.Minute, func() time.Time { return blockTime(minute.Load()) }
	s := open(t, config)
	const heights = 12
	for height := uint64(1); height <= heights; height++ {
		put(t, s, testBlock(t, height))
	}
	var readers sync.WaitGroup
	for i := range 4 {
		readers.Go(func() {
			for height := uint64(1); height <= heights; height++ {
				readAll(t, s, height, i)
			}
		})
	}
	for m := uint64(1); m <= heights+2; m++ {
		minute.Store(m)
		if err := s.maintain(t.Context()); err != nil {
			t.Error(err)
		}
	}
	readers.Wait()
	checkWhole(t, s, heights)
}

// readAll reads a height in one of several ways: what is not pruned must be whole.
func readAll(t *testing.T, s *Store, height uint64, way int) {
	var err error
	switch way {
	case 0:
		_, err = s.Rows(t.Context(), height, []int{0, 1, 2, 3})
	case 1:
		_, err = s.Cells(t.Context(), height, []erasure.Coord{{Row: 5, Column: 100}, {Row: 0, Column: 3}})
	case 2:
		_, err = s.Index(t.Context(), height)
	default:
		_, err = s.Heights(t.Context(), testBlock(t, height).Index.Entries[0].ID, 0, 20)
	}
	if err != nil && !errors.Is(err, da.ErrPruned) {
		t.Errorf("read %d of height %d: %v", way, height, err)
	}
}

func TestDiskFullStopsAndGoesOn(t *testing.T) {
	config := testConfig(t, t.TempDir())
	const mib = 1 << 20
	var free atomic.Uint64
	free.Store(100 * mib)
	config.MinFree, config.Reserve = 10*mib, 2*mib
	config.Free = func(string) (uint64, error) { return free.Load(), nil }
	s := open(t, config)
	steps := []struct {
		free     uint64
		accepts  bool
		reserved bool
	}{
		{100 * mib, true, true},
		{10 * mib, true, true},
		{10*mib - 1, false, false},
		{13 * mib, false, false}, // not yet enough to take the reserve and stay clear of the minimum
		{14 * mib, true, true},
		{1 * mib, false, false},
	}
	for i, step := range steps {
		free.Store(step.free)
		err := s.Put(t.Context(), emptyBlock(t, uint64(i+1)))
		if (err == nil) != step.accepts || err != nil && !errors.Is(err, ErrDiskFull) {
			t.Errorf("step %d, %d bytes free: %v", i, step.free, err)
		}
		info, err := os.Stat(filepath.Join(config.Dir, "RESERVE"))
		if reserved := err == nil && info.Size() == int64(config.Reserve); reserved != step.reserved || err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("step %d: reserve file there: %v, %v", i, reserved, err)
		}
	}
	if _, err := s.Header(t.Context(), 1); err != nil {
		t.Errorf("reading with a full disk: %v", err)
	}
}

func TestOpenRefusesAFullDisk(t *testing.T) {
	config := testConfig(t, t.TempDir())
	config.Free = func(string) (uint64, error) { return config.MinFree/2 - 1, nil }
	if _, err := Open(t.Context(), config); !errors.Is(err, ErrDiskFull) {
		t.Fatalf("open: %v", err)
	}
	config.Free = func(string) (uint64, error) { return config.MinFree / 2, nil }
	s := open(t, config)
	if err := s.Put(t.Context(), emptyBlock(t, 1)); !errors.Is(err, ErrDiskFull) {
		t.Fatalf("put: %v", err)
	}
}

func TestRunEndsBeforeTheDiskIsFull(t *testing.T) {
	config := testConfig(t, t.TempDir())
	var free atomic.Uint64
	config.MinFree, config.Reserve = 100, 10
	config.Free = func(string) (uint64, error) { return free.Load(), nil }
	free.Store(200)
	s := open(t, config)
	for _, step := range []struct {
		free       uint64
		full, ends bool
	}{{100, false, false}, {99, true, false}, {25, true, false}, {24, true, true}, {119, true, false}, {120, false, false}, {24, true, true}} {
		free.Store(step.free)
		if err := s.space.Look(); errors.Is(err, ErrDiskFull) != step.ends || err != nil && !step.ends {
			t.Errorf("%d bytes free: have %v, ends: %v", step.free, err, step.ends)
		}
		if s.DiskFull() != step.full || s.DiskFree() != step.free {
			t.Errorf("%d bytes free: full %v with %d, want %v", step.free, s.DiskFull(), s.DiskFree(), step.full)
		}
	}
	if err := s.Run(t.Context()); !errors.Is(err, ErrDiskFull) {
		t.Errorf("it runs on with %v", err)
	}
}

func TestWaitRoom(t *testing.T) {
	config := testConfig(t, t.TempDir())
	var free atomic.Uint64
	config.Free = func(dir string) (uint64, error) {
		if dir == config.Dir {
			return 100 * config.MinFree, nil
		}
		return free.Load(), nil
	}
	config.Watch = []string{"another disk"}
	free.Store(config.MinFree - 1)
	s := open(t, config)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.WaitRoom(ended); !errors.Is(err, context.Canceled) {
		t.Fatalf("the other disk is full: %v", err)
	}
	waited := make(chan error, 1)
	go func() { waited <- s.WaitRoom(t.Context()) }()
	free.Store(100 * config.MinFree)
	if err := errors.Join(s.space.Check(), <-waited, s.WaitRoom(ended)); err != nil {
		t.Error(err)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	config := testConfig(t, t.TempDir())
	config.Maintenance = time.Millisecond
	config.Retain, config.Now = time.Minute, func() time.Time { return blockTime(100) }
	s := open(t, config)
	put(t, s, emptyBlock(t, 1), emptyBlock(t, 2), emptyBlock(t, 3))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	_, _, _, changed := s.bounds.get()
	for s.Tail() != 3 {
		<-changed
		_, _, _, changed = s.bounds.get()
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestConfigIsChecked(t *testing.T) {
	tests := map[string]func(*Config){
		"no folder":       func(c *Config) { c.Dir = "" },
		"no setup":        func(c *Config) { c.Setup = nil },
		"no log":          func(c *Config) { c.Log = nil },
		"negative retain": func(c *Config) { c.Retain = -1 },
	}
	for name, corrupt := range tests {
		config := testConfig(t, t.TempDir())
		corrupt(&config)
		if _, err := Open(t.Context(), config); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
