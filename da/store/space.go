package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"sync"
)

// stopShare is the part of the minimum that Run ends below: enough is left then for all that
// shares the disk to close.
const stopShare = 4

// space watches the free space of the disk the store is on, and of others.
type space struct {
	dir              string
	watch            []string
	minFree, reserve uint64
	free             func(string) (uint64, error)
	log              *slog.Logger

	mu      sync.Mutex
	full    bool          // guarded by mu
	left    uint64        // at the last look; guarded by mu
	changed chan struct{} // closed, and replaced, when full changes; guarded by mu
}

func newSpace(c Config) *space {
	return &space{
		dir: c.Dir, watch: c.Watch, minFree: c.MinFree, reserve: c.Reserve, free: c.Free, log: c.Log,
		changed: make(chan struct{}),
	}
}

func (s *space) file() string { return filepath.Join(s.dir, "RESERVE") }

// open takes the reserve, or gives it up if the disk is full. It fails with ErrDiskFull
// where so little is left that Badger might not survive opening.
func (s *space) open() error {
	err := s.check()
	if !errors.Is(err, ErrDiskFull) {
		return err
	}
	free, err := s.least()
	if err != nil {
		return err
	}
	if free < s.minFree/2 {
		return fmt.Errorf("%w: %d bytes are free, it takes %d to open; free some space first", ErrDiskFull, free, s.minFree/2)
	}
	return nil
}

// least is the free space of the watched disk that has least.
func (s *space) least() (uint64, error) {
	least := uint64(math.MaxUint64)
	for _, dir := range append([]string{s.dir}, s.watch...) {
		free, err := s.free(dir)
		if err != nil {
			return 0, fmt.Errorf("store: free space of %s: %w", dir, err)
		}
		least = min(least, free)
	}
	return least, nil
}

// check looks at the free space. It fails with ErrDiskFull from when it falls below the
// minimum until it is above that by twice the reserve again.
func (s *space) check() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	free, err := s.least()
	if err != nil {
		return err
	}
	s.left = free
	switch {
	case !s.full && free < s.minFree:
		s.turn(true)
		s.log.Error("the disk is full: no square is accepted until space is free", "free", free, "minimum", s.minFree, "wanted", s.minFree+2*s.reserve)
		err = s.giveUp()
	case s.full && free >= s.minFree+2*s.reserve:
		s.turn(false)
		s.log.Info("the disk has room again", "free", free)
	}
	if err != nil {
		return err
	}
	if s.full {
		return fmt.Errorf("%w: %d bytes are free, %d have to be", ErrDiskFull, free, s.minFree+2*s.reserve)
	}
	return s.take(free)
}

// turn notes that the disk is full, or no longer. The caller holds mu.
func (s *space) turn(full bool) {
	s.full = full
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *space) state() (full bool, left uint64, changed <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.full, s.left, s.changed
}

// look is check for Run: that the disk is full is an error only where it is time to stop.
func (s *space) look() error {
	err := s.check()
	if !errors.Is(err, ErrDiskFull) {
		return err
	}
	_, left, _ := s.state()
	if left >= s.minFree/stopShare {
		return nil
	}
	return fmt.Errorf("%w: %d bytes are left, too few to go on; free %d and start again", ErrDiskFull, left, s.minFree+2*s.reserve-left)
}

// DiskFull tells whether so little space is left that Put fails with ErrDiskFull.
func (s *Store) DiskFull() bool {
	full, _, _ := s.space.state()
	return full
}

// DiskFree is the free space, in bytes, when Run or Put last looked.
func (s *Store) DiskFree() uint64 {
	_, left, _ := s.space.state()
	return left
}

// WaitRoom returns once the disk is not full, or with ctx's error. Run has to run.
func (s *Store) WaitRoom(ctx context.Context) error {
	for {
		full, _, changed := s.space.state()
		if !full {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// take makes the reserve file if it is missing and there is room. The caller holds mu.
func (s *space) take(free uint64) error {
	info, err := os.Stat(s.file())
	if err == nil && uint64(info.Size()) == s.reserve || free < s.minFree+s.reserve {
		return nil
	}
	f, err := os.OpenFile(s.file(), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("store: reserve space: %w", err)
	}
	if err := errors.Join(allocate(f, int64(s.reserve)), f.Close()); err != nil {
		return fmt.Errorf("store: reserve space: %w", err)
	}
	return nil
}

func (s *space) giveUp() error {
	if err := os.Remove(s.file()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("store: give up the reserved space: %w", err)
	}
	return nil
}
