package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/dgraph-io/badger/v4"
	"golang.org/x/sync/singleflight"

	"github.com/ashlar-da/ashlar/da/store/disk"
)

// Store keeps squares on disk. It is safe for concurrent use.
type Store struct {
	config Config
	db     *badger.DB
	bounds *bounds
	space  *disk.Space
	hot    *matrixCache
	flight singleflight.Group

	// write is held by whoever changes what heights exist: Put, pruning.
	write sync.Mutex

	mu sync.Mutex
	// verified are the heights whose rows this process holds against their commitments;
	// damaged are those found corrupt. mu guards both.
	verified, damaged map[uint64]bool

	closing sync.Once
}

// Open opens the database in config.Dir, deletes what a crash left of unfinished heights
// and checks the newest ones. It fails with ErrDiskFull where opening would be dangerous.
func Open(ctx context.Context, config Config) (*Store, error) {
	config, err := config.resolve()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(config.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("store: create the folder of squares: %w", err)
	}
	space := disk.NewSpace(disk.Config{
		Dir: config.Dir, Watch: config.Watch, MinFree: config.MinFree, Reserve: config.Reserve, Free: config.Free, Log: config.Log,
	})
	if err := space.Open(); err != nil {
		return nil, err
	}
	db, err := badger.Open(badgerOptions(config))
	if err != nil {
		return nil, fmt.Errorf("store: open %s, is another node using it? %w", config.Dir, err)
	}
	s := &Store{
		config: config, db: db, space: space, bounds: newBounds(), hot: newMatrixCache(config.HotBytes),
		verified: make(map[uint64]bool), damaged: make(map[uint64]bool),
	}
	if err := s.recover(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close closes the database. Calls in progress must have ended, Run included.
func (s *Store) Close() error {
	var err error
	s.closing.Do(func() { err = s.db.Close() })
	return err
}

// noteDamage remembers that a height is corrupt, and passes err on.
func (s *Store) noteDamage(height uint64, err error) error {
	if !errors.Is(err, ErrCorrupt) {
		return err
	}
	s.mu.Lock()
	known := s.damaged[height]
	s.damaged[height] = true
	delete(s.verified, height)
	s.mu.Unlock()
	s.hot.drop(height)
	if !known {
		s.config.Log.Error("a stored height is corrupt and no longer served", "height", height, "error", err)
	}
	return err
}

// Damaged returns the heights found corrupt since the store was opened; Put takes them again.
func (s *Store) Damaged() []uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var heights []uint64
	for height := range s.damaged {
		heights = append(heights, height)
	}
	return heights
}

func (s *Store) isDamaged(height uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.damaged[height]
}

// settle records that a height was just written, or that it is gone.
func (s *Store) settle(height uint64, verified bool) {
	s.mu.Lock()
	delete(s.damaged, height)
	delete(s.verified, height)
	if verified {
		s.verified[height] = true
	}
	s.mu.Unlock()
	s.hot.drop(height)
}
