package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dgraph-io/badger/v4"
)

const (
	// spaceInterval is the time between two looks at the free space.
	spaceInterval = time.Second
	// discardRatio is the share of a value log file that must be garbage for it to be rewritten.
	discardRatio = 0.25
)

// Run prunes, collects garbage and watches the free space until ctx is cancelled, which
// is no error. It fails with ErrDiskFull before the disk is so full that nothing can be
// closed properly.
func (s *Store) Run(ctx context.Context) error {
	maintain, look := time.NewTicker(s.config.Maintenance), time.NewTicker(spaceInterval)
	defer maintain.Stop()
	defer look.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return nil
		case <-maintain.C:
			err = s.maintain(ctx)
		case <-look.C:
			err = s.space.Look()
		}
		if err != nil && ctx.Err() == nil {
			return err
		}
	}
}

// maintain prunes and gives space back to the file system.
func (s *Store) maintain(ctx context.Context) error {
	n, err := s.Prune(ctx)
	if err != nil {
		return err
	}
	if n > 0 {
		s.config.Log.Info("pruned", "heights", n, "tail", s.Tail())
	}
	for ctx.Err() == nil {
		err := s.db.RunValueLogGC(discardRatio)
		if errors.Is(err, badger.ErrNoRewrite) || errors.Is(err, badger.ErrRejected) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("store: collect garbage: %w", err)
		}
	}
	return nil
}
