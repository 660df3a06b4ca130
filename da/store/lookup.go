package store

import (
	"context"
	"encoding/binary"
	"slices"

	"github.com/dgraph-io/badger/v4"

	"github.com/ashlar-da/ashlar/da"
)

// maxScanned bounds the look-up entries that one call reads, however often the same blob
// was posted.
const maxScanned = 1 << 14

// Heights returns the heights below before, 0 for any, that include a blob, newest first, at
// most limit; none is no error.
func (s *Store) Heights(ctx context.Context, id da.BlobID, before uint64, limit int) ([]uint64, error) {
	var heights []uint64
	err := s.lookUp(ctx, lookupPrefix(keyID, id), before, func(height uint64, _ *badger.Item) (bool, error) {
		if n := len(heights); n == 0 || heights[n-1] != height {
			heights = append(heights, height)
		}
		return len(heights) < limit, nil
	})
	return heights[:min(limit, len(heights))], err
}

// ByKeccak256 returns the ids of the blobs whose bytes have this Keccak-256, newest
// first, each once, at most limit.
func (s *Store) ByKeccak256(ctx context.Context, hash [da.HashSize]byte, limit int) ([]da.BlobID, error) {
	return s.ids(ctx, lookupPrefix(keyKeccak, hash), limit)
}

// ByVersionedHash returns the ids of the blobs that have this versioned hash, newest
// first, each once, at most limit.
func (s *Store) ByVersionedHash(ctx context.Context, hash [da.HashSize]byte, limit int) ([]da.BlobID, error) {
	return s.ids(ctx, lookupPrefix(keyHash, hash), limit)
}

func (s *Store) ids(ctx context.Context, prefix []byte, limit int) ([]da.BlobID, error) {
	var ids []da.BlobID
	err := s.lookUp(ctx, prefix, 0, func(_ uint64, item *badger.Item) (bool, error) {
		return len(ids) < limit, item.Value(func(value []byte) error {
			if id := da.BlobID(value); len(ids) < limit && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
			return nil
		})
	})
	return ids, err
}

// lookUp visits the look-ups under prefix whose heights exist and lie below before, 0 for any,
// newest first, until visit returns false.
func (s *Store) lookUp(ctx context.Context, prefix []byte, before uint64, visit func(height uint64, item *badger.Item) (bool, error)) error {
	return s.db.View(func(txn *badger.Txn) error {
		it := txn.NewIterator(badger.IteratorOptions{Prefix: prefix, PrefetchValues: false})
		defer it.Close()
		scanned := 0
		for it.Seek(binary.BigEndian.AppendUint64(slices.Clone(prefix), ^(before - 1))); it.Valid() && scanned < maxScanned; it.Next() {
			scanned++
			height := lookupHeight(it.Item().Key())
			if height < s.Tail() || !s.Has(height) {
				continue
			}
			more, err := visit(height, it.Item())
			if err != nil || !more {
				return err
			}
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		return ctx.Err()
	})
}
