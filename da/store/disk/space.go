// Package disk keeps a node from filling the disk that its Badger database is on: Badger writes
// through memory maps, and the kernel kills a program whose write to one finds no room.
package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"sync"
)

// ErrFull means that too little space is left to write anything. Free some: whoever waits goes
// on by itself.
var ErrFull = errors.New("disk full")

// stopShare is the part of the minimum that Look fails below: enough is left then for all that
// shares the disk to close.
const stopShare = 4

// Space watches the free space of a folder's disk, and of others. It is safe for concurrent use.
type Space struct {
	dir              string
	watch            []string
	minFree, reserve uint64
	free             func(string) (uint64, error)
	log              *slog.Logger

	mu      sync.Mutex
	full    bool          // guarded by mu
	denied  bool          // no reserve could be taken, which is logged; guarded by mu
	left    uint64        // at the last look; guarded by mu
	changed chan struct{} // closed, and replaced, when full changes; guarded by mu
}

// Config is what a Space is made of. Dir, which must exist, and Log are required.
type Config struct {
	// Dir is where the reserve is kept. Watch are folders whose disks count as well.
	Dir   string
	Watch []string
	// MinFree is the free space, in bytes, below which a disk is full; Reserve the size of
	// the file that is given up then.
	MinFree, Reserve uint64
	// Free returns the free space of a folder's disk, in bytes. Nil: the file system is asked.
	Free func(dir string) (uint64, error)
	Log  *slog.Logger
}

// NewSpace watches disks, from the first call on.
func NewSpace(c Config) *Space {
	if c.Free == nil {
		c.Free = freeSpace
	}
	return &Space{
		dir: c.Dir, watch: c.Watch, minFree: c.MinFree, reserve: c.Reserve, free: c.Free, log: c.Log,
		changed: make(chan struct{}),
	}
}

func (s *Space) file() string { return filepath.Join(s.dir, "RESERVE") }

// Open takes the reserve, or gives it up if the disk is full. It fails with ErrFull
// where so little is left that Badger might not survive opening.
func (s *Space) Open() error {
	err := s.Check()
	if !errors.Is(err, ErrFull) {
		return err
	}
	free, err := s.least()
	if err != nil {
		return err
	}
	if free < s.minFree/2 {
		return fmt.Errorf("%w: %d bytes are free, it takes %d to open; free some space first", ErrFull, free, s.minFree/2)
	}
	return nil
}

// least is the free space of the watched disk that has least.
func (s *Space) least() (uint64, error) {
	least := uint64(math.MaxUint64)
	for _, dir := range append([]string{s.dir}, s.watch...) {
		free, err := s.free(dir)
		if err != nil {
			return 0, fmt.Errorf("disk: free space of %s: %w", dir, err)
		}
		least = min(least, free)
	}
	return least, nil
}

// Check looks at the free space. It fails with ErrFull from when it falls below the
// minimum until it is above that by twice the reserve again.
func (s *Space) Check() error {
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
		s.log.Error("the disk is full: nothing is accepted until space is free", "free", free, "minimum", s.minFree, "wanted", s.minFree+2*s.reserve)
		err = s.giveUp()
	case s.full && free >= s.minFree+2*s.reserve:
		s.turn(false)
		s.log.Info("the disk has room again", "free", free)
	}
	if err != nil {
		return err
	}
	if s.full {
		return fmt.Errorf("%w: %d bytes are free, %d have to be", ErrFull, free, s.minFree+2*s.reserve)
	}
	s.keep(free)
	return nil
}

// turn notes that the disk is full, or no longer. The caller holds mu.
func (s *Space) turn(full bool) {
	s.full = full
	close(s.changed)
	s.changed = make(chan struct{})
}

// State tells whether a disk is full, how much was left at the last look, and when that changes.
func (s *Space) State() (full bool, left uint64, changed <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.full, s.left, s.changed
}

// Look is Check for who waits: that the disk is full is an error only where it is time to stop.
func (s *Space) Look() error {
	err := s.Check()
	if !errors.Is(err, ErrFull) {
		return err
	}
	_, left, _ := s.State()
	if left >= s.minFree/stopShare {
		return nil
	}
	return fmt.Errorf("%w: %d bytes are left, too few to go on; free %d and start again", ErrFull, left, s.minFree+2*s.reserve-left)
}

// keep makes the reserve file if it is missing and there is room. Where the file system has it
// otherwise, by a quota or because others were faster, the next look tries again: writing
// needs no reserve. The caller holds mu.
func (s *Space) keep(free uint64) {
	info, err := os.Stat(s.file())
	if err == nil && uint64(info.Size()) == s.reserve || free < s.minFree+s.reserve {
		return
	}
	err = s.take()
	if err != nil && !s.denied {
		s.log.Warn("no space could be reserved for when the disk is full: it is tried again", "wanted", s.reserve, "free", free, "error", err)
	}
	s.denied = err != nil
}

// take makes the reserve file, or leaves none.
func (s *Space) take() error {
	f, err := os.OpenFile(s.file(), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("disk: reserve space: %w", err)
	}
	if err := errors.Join(allocate(f, int64(s.reserve)), f.Close()); err != nil {
		return errors.Join(fmt.Errorf("disk: reserve space: %w", err), s.giveUp())
	}
	return nil
}

func (s *Space) giveUp() error {
	if err := os.Remove(s.file()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("disk: give up the reserved space: %w", err)
	}
	return nil
}
