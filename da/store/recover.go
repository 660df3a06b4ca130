package store

import (
	"context"
	"fmt"

	"github.com/dgraph-io/badger/v4"
)

// checkedOnOpen is how many of the newest heights are read whole when the store opens:
// more than Badger may have lost in what it wrote last.
const checkedOnOpen = 64

// recover deletes heights that were being written or deleted when the process died and
// checks what was written last.
func (s *Store) recover(ctx context.Context) error {
	pending, heights, err := s.scan()
	if err != nil {
		return err
	}
	for _, height := range pending {
		s.config.Log.Info("deleting what an interruption left of a height", "height", height)
		if err := s.erase(height); err != nil {
			return fmt.Errorf("store: delete unfinished height %d: %w", height, err)
		}
	}
	for i := max(0, len(heights)-checkedOnOpen); i < len(heights) && ctx.Err() == nil; i++ {
		if err := s.checkOrErase(heights[i]); err != nil {
			return err
		}
	}
	_, heights, err = s.scan()
	if err != nil || len(heights) == 0 {
		return err
	}
	s.bounds.set(heights[0], heights[len(heights)-1], heights[0]+uint64(run(heights))-1)
	return ctx.Err()
}

// run is how many heights follow each other from the first.
func run(heights []uint64) int {
	n := 1
	for n < len(heights) && heights[n] == heights[n-1]+1 {
		n++
	}
	return n
}

// scan lists the heights that are unfinished, and those that exist, ascending.
func (s *Store) scan() (pending, heights []uint64, err error) {
	err = s.db.View(func(txn *badger.Txn) error {
		for _, key := range keysWithPrefix(txn, []byte{keyPending}) {
			pending = append(pending, keyHeight(key))
		}
		for _, key := range keysWithPrefix(txn, []byte{keyMarker}) {
			heights = append(heights, keyHeight(key))
		}
		return nil
	})
	return pending, heights, err
}

// checkOrErase reads all of a height and deletes it if it is not what was written: its
// block can be fetched again.
func (s *Store) checkOrErase(height uint64) error {
	err := s.db.View(func(txn *badger.Txn) error {
		v, err := newView(txn, height)
		if err != nil {
			return err
		}
		return v.checkAll()
	})
	if err == nil {
		return nil
	}
	s.config.Log.Error("a stored height is corrupt and deleted", "height", height, "error", err)
	if err := s.erase(height); err != nil {
		return fmt.Errorf("store: delete corrupt height %d: %w", height, err)
	}
	return nil
}
