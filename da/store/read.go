package store

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// Record is what is stored of a height besides rows and index.
type Record struct {
	Height   uint64
	Time     time.Time
	Hash     [da.HashSize]byte
	DataRoot [da.HashSize]byte
	// Proof is the DA header and its path to transaction 0.
	Proof da.HeaderProof
	// RowsHeld is how many of the K rows are stored.
	RowsHeld, K int
}

// Record returns what is stored of a height besides rows and index.
func (s *Store) Record(ctx context.Context, height uint64) (*Record, error) {
	var found *Record
	err := s.view(ctx, height, func(v *view) error {
		r, err := v.record()
		if err == nil {
			found = &Record{height, r.time, r.hash, v.marker.dataRoot, r.proof, v.marker.rowsHeld(), len(v.marker.rows)}
		}
		return err
	})
	return found, err
}

// Header returns a height's DA header.
func (s *Store) Header(ctx context.Context, height uint64) (header *da.Header, err error) {
	err = s.view(ctx, height, func(v *view) error {
		header, err = v.header()
		return err
	})
	return header, err
}

// HeaderProof returns a height's DA header and its path to transaction 0.
func (s *Store) HeaderProof(ctx context.Context, height uint64) (*da.HeaderProof, error) {
	r, err := s.Record(ctx, height)
	if err != nil {
		return nil, err
	}
	return &r.Proof, nil
}

// Entries returns a height's blob index. It fails with da.ErrNotFound if that is not stored.
func (s *Store) Entries(ctx context.Context, height uint64) (entries []da.Entry, err error) {
	err = s.view(ctx, height, func(v *view) error {
		entries, err = v.entries()
		return err
	})
	return entries, err
}

// Index returns a height's blob index with its tree, built anew: an index must not be
// asked by two at once. It fails like Entries.
func (s *Store) Index(ctx context.Context, height uint64) (*da.Index, error) {
	entries, err := s.Entries(ctx, height)
	if err != nil {
		return nil, err
	}
	return da.NewIndex(entries)
}

// Namespace returns all entries of a namespace at a height and the proof that they are
// all. It fails like Entries.
func (s *Store) Namespace(ctx context.Context, height uint64, ns da.Namespace) ([]da.Entry, *da.NamespaceProof, error) {
	index, err := s.Index(ctx, height)
	if err != nil {
		return nil, nil, err
	}
	return index.Namespace(ns)
}

// Row returns an original row with its proofs. It fails with da.ErrNotFound if the square
// has no such row or it is not held.
func (s *Store) Row(ctx context.Context, height uint64, row int) (*RowProofs, error) {
	rows, err := s.Rows(ctx, height, []int{row})
	if err != nil {
		return nil, err
	}
	if rows[0] == nil {
		return nil, fmt.Errorf("%w: row %d of height %d is not held", da.ErrNotFound, row, height)
	}
	return rows[0], nil
}

// Rows returns original rows with their proofs, in the order asked for, nil where one is
// not held. It fails with da.ErrNotFound if the square has no such row.
func (s *Store) Rows(ctx context.Context, height uint64, rows []int) ([]*RowProofs, error) {
	if err := s.verify(ctx, height); err != nil {
		return nil, err
	}
	out := make([]*RowProofs, len(rows))
	return out, s.view(ctx, height, func(v *view) error {
		for i, row := range rows {
			if row < 0 || row >= len(v.marker.rows) {
				return fmt.Errorf("%w: row %d of height %d, whose square has %d", da.ErrNotFound, row, height, len(v.marker.rows))
			}
			var err error
			if out[i], err = v.row(row); err != nil {
				return err
			}
		}
		return nil
	})
}

// Blob returns a blob's bytes, given its entry in the height's index. It fails with
// da.ErrNotFound if its rows are not held, and with da.ErrMismatch if the entry is not of that height.
func (s *Store) Blob(ctx context.Context, height uint64, e *da.Entry) ([]byte, error) {
	numbers := make([]int, e.Rows())
	for i := range numbers {
		numbers[i] = e.Row() + i
	}
	stored, err := s.Rows(ctx, height, numbers)
	if err != nil {
		return nil, err
	}
	rows := make([]*kzg.Row, len(stored))
	for i, r := range stored {
		if r == nil {
			return nil, fmt.Errorf("%w: row %d of height %d is not held", da.ErrNotFound, numbers[i], height)
		}
		rows[i] = &r.Row
	}
	return e.Extract(rows)
}

// verify holds a height's rows against their commitments, once in the life of a process;
// what Put wrote was verified before.
func (s *Store) verify(ctx context.Context, height uint64) error {
	s.mu.Lock()
	done := s.verified[height]
	s.mu.Unlock()
	if done {
		return nil
	}
	_, err, _ := s.flight.Do("verify "+strconv.FormatUint(height, 10), func() (any, error) {
		return nil, s.verifyRows(context.WithoutCancel(ctx), height)
	})
	return err
}

func (s *Store) verifyRows(ctx context.Context, height uint64) error {
	err := s.view(ctx, height, func(v *view) error {
		header, err := v.header()
		if err != nil {
			return err
		}
		rows, commitments, err := v.heldRows(header)
		if err != nil || len(rows) == 0 {
			return err
		}
		if err := s.config.Setup.VerifyRows(rows, commitments); err != nil {
			return fmt.Errorf("%w: rows of height %d: %w", ErrCorrupt, height, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.verified[height] = true
	return nil
}

func (v *view) heldRows(header *da.Header) (rows []*kzg.Row, commitments []kzg.Commitment, err error) {
	for i := range v.marker.rows {
		r, err := v.row(i)
		if err != nil {
			return nil, nil, err
		}
		if r != nil {
			rows, commitments = append(rows, &r.Row), append(commitments, header.Commitments[i])
		}
	}
	return rows, commitments, nil
}
