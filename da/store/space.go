package store

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
)

// space watches the free space of the disk the store is on.
type space struct {
	dir              string
	minFree, reserve uint64
	free             func(string) (uint64, error)
	log              *slog.Logger

	mu   sync.Mutex
	full bool // guarded by mu
}

func newSpace(c Config) *space {
	return &space{dir: c.Dir, minFree: c.MinFree, reserve: c.Reserve, free: c.free, log: c.Log}
}

func (s *space) file() string { return filepath.Join(s.dir, "RESERVE") }

// open takes the reserve, or gives it up if the disk is full. It fails with ErrDiskFull
// where so little is left that Badger might not survive opening.
func (s *space) open() error {
	err := s.check()
	if !errors.Is(err, ErrDiskFull) {
		return err
	}
	free, err := s.free(s.dir)
	if err != nil {
		return err
	}
	if free < s.minFree/2 {
		return fmt.Errorf("%w: %d bytes are free, it takes %d to open; free some space first", ErrDiskFull, free, s.minFree/2)
	}
	return nil
}

// check looks at the free space. It fails with ErrDiskFull from when it falls below the
// minimum until it is above that by twice the reserve again.
func (s *space) check() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	free, err := s.free(s.dir)
	if err != nil {
		return fmt.Errorf("store: free space of %s: %w", s.dir, err)
	}
	switch {
	case !s.full && free < s.minFree:
		s.full = true
		s.log.Error("the disk is full: no square is accepted until space is free", "free", free, "minimum", s.minFree)
		err = s.giveUp()
	case s.full && free >= s.minFree+2*s.reserve:
		s.full = false
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
