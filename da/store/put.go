package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dgraph-io/badger/v4"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// Block is a height to store.
type Block struct {
	// Height is the block's, from 1 on.
	Height uint64
	// Time is the block's time: retention is reckoned by it.
	Time time.Time
	// Hash is the hash of the chain header.
	Hash [da.HashSize]byte
	// Proof is the DA header and its path to transaction 0.
	Proof da.HeaderProof
	// Index are the entries of the blob index; nil if they are not known.
	Index *da.Index
	// Rows are the k rows of the square, nil those that are not known; no rows at all are as
	// many unknown ones. Proofs are the 128 cell proofs of each row that is known.
	Rows   []*kzg.Row
	Proofs [][]kzg.Proof
}

// Put stores a block and returns once it is durable. That rows have the header's
// commitments, and proofs are right, must have been verified. Storing the same block again does nothing,
// unless more of it is given or what is stored was found corrupt. It fails with
// ErrDiskFull, or da.ErrMismatch where the parts, or an earlier block of that height, contradict it.
func (s *Store) Put(ctx context.Context, b *Block) error {
	header, err := b.check()
	if err != nil {
		return fmt.Errorf("store: height %d: %w", b.Height, err)
	}
	s.write.Lock()
	defer s.write.Unlock()
	if err := errors.Join(ctx.Err(), s.space.Check()); err != nil {
		return err
	}
	w := prepare(b, header)
	if done, err := s.isStored(w.marker); done || err != nil {
		return err
	}
	if err := s.writeHeight(w); err != nil {
		return fmt.Errorf("store: write height %d: %w", b.Height, err)
	}
	s.settle(b.Height, true)
	s.bounds.added(b.Height, s.Has)
	return nil
}

func (b *Block) check() (*da.Header, error) {
	header, err := da.DecodeHeader(b.Proof.Header)
	if err != nil {
		return nil, err
	}
	switch {
	case b.Height == 0:
		return nil, fmt.Errorf("%w: heights begin at 1", da.ErrMismatch)
	case len(b.Rows) != 0 && len(b.Rows) != header.K() || len(b.Proofs) != len(b.Rows):
		return nil, fmt.Errorf("%w: %d rows and proofs of %d, the DA header has %d", da.ErrMismatch, len(b.Rows), len(b.Proofs), header.K())
	case b.Index != nil && (b.Index.Root() != header.IndexRoot || da.BlobTreeRoot(b.Index.IDs()) != header.BlobTreeRoot):
		return nil, fmt.Errorf("%w: the index is not the DA header's", da.ErrMismatch)
	}
	for i, row := range b.Rows {
		if row != nil && len(b.Proofs[i]) != kzg.Columns {
			return nil, fmt.Errorf("%w: %d proofs of row %d, not %d", da.ErrMismatch, len(b.Proofs[i]), i, kzg.Columns)
		}
	}
	for _, aunt := range b.Proof.Aunts {
		if len(aunt) != da.HashSize {
			return nil, fmt.Errorf("%w: a hash of %d bytes in the path", da.ErrMismatch, len(aunt))
		}
	}
	return header, nil
}

// writing is a height on its way to disk: values in the order they are written, then the marker.
type writing struct {
	values []badger.Entry
	marker *marker
}

func prepare(b *Block, header *da.Header) *writing {
	r := record{b.Time, b.Hash, b.Proof}
	encoded := r.encode()
	w := &writing{marker: &marker{height: b.Height, dataRoot: header.DataRoot(), record: checksum(encoded), rows: make([]held, header.K())}}
	w.add(heightKey(keyPending, b.Height), nil)
	if b.Index != nil {
		index := append([]byte{}, encodeIndex(b.Index.Entries)...)
		w.marker.index = holding(index)
		w.add(heightKey(keyIndex, b.Height), index) // before the look-ups, which are deleted by it
		lookups(b.Height, b.Index.Entries, w.add)
	}
	w.add(heightKey(keyRecord, b.Height), encoded)
	for i, row := range b.Rows {
		if row == nil {
			continue
		}
		value := (&RowProofs{*row, [kzg.Columns]kzg.Proof(b.Proofs[i])}).encode()
		w.marker.rows[i] = holding(value)
		w.add(rowKey(b.Height, i), value)
	}
	return w
}

func (w *writing) add(key, value []byte) {
	w.values = append(w.values, badger.Entry{Key: key, Value: value})
}

// isStored tells whether the height is held already, as completely. It fails with
// da.ErrMismatch if what is held is another square.
func (s *Store) isStored(m *marker) (bool, error) {
	var old *marker
	err := s.db.View(func(txn *badger.Txn) (err error) {
		old, err = getMarker(txn, m.height)
		return err
	})
	switch {
	case errors.Is(err, ErrCorrupt) || s.isDamaged(m.height) || err == nil && old == nil:
		return false, nil
	case err != nil:
		return false, err
	case old.dataRoot != m.dataRoot:
		return false, fmt.Errorf("%w: height %d is stored with data root %x, not %x; is this the folder of another chain?", da.ErrMismatch, m.height, old.dataRoot, m.dataRoot)
	}
	return old.rowsHeld() >= m.rowsHeld() && (old.index.is || !m.index.is), nil
}

// writeHeight writes the values, then the marker.
func (s *Store) writeHeight(w *writing) error {
	if err := s.erase(w.marker.height); err != nil {
		return err
	}
	if err := s.writeValues(w); err != nil {
		return err
	}
	return s.db.Update(func(txn *badger.Txn) error {
		if err := txn.Set(heightKey(keyMarker, w.marker.height), w.marker.encode()); err != nil {
			return err
		}
		return txn.Delete(heightKey(keyPending, w.marker.height))
	})
}

func (s *Store) writeValues(w *writing) error {
	b := newBatch(s.db)
	defer b.discard()
	for i := range w.values {
		if err := b.set(&w.values[i]); err != nil {
			return err
		}
	}
	return b.commit()
}
