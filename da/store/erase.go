package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dgraph-io/badger/v4"

	"github.com/ashlar-da/ashlar/da"
)

// pruneRound bounds the heights deleted in one go, between which others may write.
const pruneRound = 64

// erase deletes whatever there is of a height. The marker goes first, replaced by a note
// that the rest is to follow, so that a crash leaves no height half deleted. It does
// nothing if there is nothing. The caller holds write, or is Open.
func (s *Store) erase(height uint64) error {
	known := false
	err := s.db.View(func(txn *badger.Txn) (err error) {
		known, err = exists(txn, heightKey(keyMarker, height), heightKey(keyPending, height))
		return err
	})
	if err != nil || !known {
		return err
	}
	err = s.db.Update(func(txn *badger.Txn) error {
		return errors.Join(txn.Set(heightKey(keyPending, height), nil), txn.Delete(heightKey(keyMarker, height)))
	})
	if err != nil {
		return err
	}
	return s.eraseValues(height)
}

func (s *Store) eraseValues(height uint64) error {
	keys, err := s.keysOf(height)
	if err != nil {
		return err
	}
	b := newBatch(s.db)
	defer b.discard()
	for _, key := range keys {
		if err := b.delete(key); err != nil {
			return err
		}
	}
	return b.commit()
}

// keysOf lists the keys of a height, the note of its deletion last.
func (s *Store) keysOf(height uint64) ([][]byte, error) {
	var keys [][]byte
	err := s.db.View(func(txn *badger.Txn) error {
		keys = append(keys, keysWithPrefix(txn, heightKey(keyRow, height))...)
		entries, err := storedIndex(txn, height)
		if err != nil { // look-ups that stay behind find no marker
			s.config.Log.Warn("look-ups of a height cannot be deleted", "height", height, "error", err)
		}
		lookups(height, entries, func(key, _ []byte) { keys = append(keys, key) })
		return nil
	})
	return append(keys, heightKey(keyIndex, height), heightKey(keyRecord, height), heightKey(keyPending, height)), err
}

// storedIndex reads a height's entries, unchecked; none if there is no index.
func storedIndex(txn *badger.Txn, height uint64) ([]da.Entry, error) {
	value, err := get(txn, heightKey(keyIndex, height))
	if err != nil || value == nil {
		return nil, err
	}
	return decodeIndex(value)
}

// Prune deletes the heights that are older than the retention and returns how many it
// deleted. The newest is always kept.
func (s *Store) Prune(ctx context.Context) (int, error) {
	if s.config.Retain == 0 {
		return 0, nil
	}
	total := 0
	for ctx.Err() == nil {
		n, err := s.pruneSome()
		total += n
		if err != nil || n < pruneRound {
			return total, err
		}
	}
	return total, ctx.Err()
}

func (s *Store) pruneSome() (int, error) {
	s.write.Lock()
	defer s.write.Unlock()
	before := s.config.Now().Add(-s.config.Retain)
	for n := range pruneRound {
		tail, head, _, _ := s.bounds.get()
		if tail >= head {
			return n, nil
		}
		next := s.nextHeld(tail, head)
		if past, err := s.isPast(tail, next, before); err != nil || !past {
			return n, err
		}
		if err := s.dropTail(tail, next); err != nil {
			return n, fmt.Errorf("store: prune height %d: %w", tail, err)
		}
	}
	return pruneRound, nil
}

// nextHeld is the oldest height held after the tail, which is below the head.
func (s *Store) nextHeld(tail, head uint64) uint64 {
	next := tail + 1
	for next < head && !s.Has(next) {
		next++
	}
	return next
}

// isPast tells whether the oldest height is older than the retention, and all that is
// missing between it and the next held: a follower may still store that. Where its own
// time cannot be read, the next one's counts.
func (s *Store) isPast(tail, next uint64, before time.Time) (bool, error) {
	for _, height := range []uint64{tail, next} {
		at, err := s.timeOf(height)
		switch {
		case errors.Is(err, ErrCorrupt):
			continue
		case err != nil || !at.Before(before):
			return false, err
		case height+1 == next:
			return true, nil
		}
	}
	return true, nil
}

// dropTail deletes the oldest height; readers are told before it is gone.
func (s *Store) dropTail(tail, next uint64) error {
	_, head, contiguous, _ := s.bounds.get()
	for contiguous = max(contiguous, next); contiguous < head && s.Has(contiguous+1); {
		contiguous++
	}
	s.bounds.set(next, head, contiguous)
	s.settle(tail, false)
	return s.erase(tail)
}
