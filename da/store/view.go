package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dgraph-io/badger/v4"

	"github.com/ashlar-da/ashlar/da"
)

// get reads a value, nil if there is none. What Badger cannot read is ErrCorrupt.
func get(txn *badger.Txn, key []byte) ([]byte, error) {
	item, err := txn.Get(key)
	if errors.Is(err, badger.ErrKeyNotFound) {
		return nil, nil
	}
	if err == nil {
		var value []byte
		if value, err = item.ValueCopy([]byte{}); err == nil {
			return value, nil
		}
	}
	if errors.Is(err, badger.ErrDBClosed) {
		return nil, err
	}
	return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
}

// exists tells whether one of the keys has a value.
func exists(txn *badger.Txn, keys ...[]byte) (bool, error) {
	for _, key := range keys {
		_, err := txn.Get(key)
		if !errors.Is(err, badger.ErrKeyNotFound) {
			return err == nil, err
		}
	}
	return false, nil
}

// keysWithPrefix lists keys, ascending.
func keysWithPrefix(txn *badger.Txn, prefix []byte) [][]byte {
	it := txn.NewIterator(badger.IteratorOptions{Prefix: prefix})
	defer it.Close()
	var keys [][]byte
	for it.Rewind(); it.Valid(); it.Next() {
		keys = append(keys, it.Item().KeyCopy(nil))
	}
	return keys
}

// getMarker reads a height's commit marker, nil if the height does not exist.
func getMarker(txn *badger.Txn, height uint64) (*marker, error) {
	value, err := get(txn, heightKey(keyMarker, height))
	if err != nil || value == nil {
		return nil, err
	}
	m, err := decodeMarker(value)
	if err == nil && m.height != height {
		return nil, fmt.Errorf("%w: the marker of height %d says %d", ErrCorrupt, height, m.height)
	}
	return m, err
}

// view is one height at one moment: pruning does not change it.
type view struct {
	txn    *badger.Txn
	height uint64
	marker *marker
}

// newView fails with da.ErrNotFound if the height has no marker.
func newView(txn *badger.Txn, height uint64) (*view, error) {
	m, err := getMarker(txn, height)
	if err == nil && m == nil {
		err = da.ErrNotFound
	}
	return &view{txn, height, m}, err
}

// view calls do with a height that exists, or says why it does not.
func (s *Store) view(ctx context.Context, height uint64, do func(*view) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if height == 0 || height < s.Tail() || height > s.Head() {
		return s.bounds.absent(height)
	}
	return s.db.View(func(txn *badger.Txn) error {
		v, err := newView(txn, height)
		if errors.Is(err, da.ErrNotFound) {
			return s.bounds.absent(height)
		}
		if err == nil {
			err = do(v)
		}
		return s.noteDamage(height, err)
	})
}

// Has tells whether a height is held, if only its header.
func (s *Store) Has(height uint64) bool {
	found := false
	err := s.db.View(func(txn *badger.Txn) (err error) {
		found, err = exists(txn, heightKey(keyMarker, height))
		return err
	})
	return err == nil && found
}

func (s *Store) timeOf(height uint64) (at time.Time, err error) {
	err = s.view(context.Background(), height, func(v *view) error {
		r, err := v.record()
		if err == nil {
			at = r.time
		}
		return err
	})
	return at, err
}

// value reads a value that the marker vouches for.
func (v *view) value(key []byte, crc uint32) ([]byte, error) {
	value, err := get(v.txn, key)
	if err != nil {
		return nil, err
	}
	if value == nil || checksum(value) != crc {
		return nil, fmt.Errorf("%w: height %d, value %q: it is lost or changed", ErrCorrupt, v.height, key[:1])
	}
	return value, nil
}

func (v *view) record() (*record, error) {
	value, err := v.value(heightKey(keyRecord, v.height), v.marker.record)
	if err != nil {
		return nil, err
	}
	return decodeRecord(value)
}

func (v *view) header() (*da.Header, error) {
	r, err := v.record()
	if err != nil {
		return nil, err
	}
	h, err := da.DecodeHeader(r.proof.Header)
	if err != nil {
		return nil, fmt.Errorf("%w: height %d: %w", ErrCorrupt, v.height, err)
	}
	if root := h.DataRoot(); !bytes.Equal(root[:], v.marker.dataRoot[:]) {
		return nil, fmt.Errorf("%w: height %d: the DA header is another", ErrCorrupt, v.height)
	}
	return h, nil
}

func (v *view) entries() ([]da.Entry, error) {
	if !v.marker.index.is {
		return nil, fmt.Errorf("%w: the index of height %d is not stored", da.ErrNotFound, v.height)
	}
	value, err := v.value(heightKey(keyIndex, v.height), v.marker.index.crc)
	if err != nil {
		return nil, err
	}
	return decodeIndex(value)
}

// row reads an original row, nil if it is not held.
func (v *view) row(i int) (*RowProofs, error) {
	if !v.marker.rows[i].is {
		return nil, nil
	}
	value, err := v.value(rowKey(v.height, i), v.marker.rows[i].crc)
	if err != nil {
		return nil, err
	}
	if len(value) != rowValueSize {
		return nil, fmt.Errorf("%w: height %d: row %d has %d bytes", ErrCorrupt, v.height, i, len(value))
	}
	return decodeRow(value), nil
}

// checkAll reads everything of the height.
func (v *view) checkAll() error {
	if _, err := v.header(); err != nil {
		return err
	}
	if _, err := v.entries(); err != nil && !errors.Is(err, da.ErrNotFound) {
		return err
	}
	for i := range v.marker.rows {
		if _, err := v.row(i); err != nil {
			return err
		}
	}
	return nil
}
