package store

import (
	"errors"

	"github.com/dgraph-io/badger/v4"
)

// maxBatch bounds the bytes of values in one transaction.
const maxBatch = 8 << 20

// batch writes in as many transactions as it takes, each synced, in order.
type batch struct {
	db   *badger.DB
	txn  *badger.Txn
	size int
}

func newBatch(db *badger.DB) *batch { return &batch{db: db, txn: db.NewTransaction(true)} }

func (b *batch) set(e *badger.Entry) error {
	if b.size += len(e.Value); b.size > maxBatch {
		if err := b.turn(); err != nil {
			return err
		}
		b.size = len(e.Value)
	}
	return b.retry(func() error { return b.txn.SetEntry(e) })
}

func (b *batch) delete(key []byte) error {
	return b.retry(func() error { return b.txn.Delete(key) })
}

// retry does something again in a new transaction if the present one has no room for it.
func (b *batch) retry(do func() error) error {
	err := do()
	if !errors.Is(err, badger.ErrTxnTooBig) {
		return err
	}
	if err := b.turn(); err != nil {
		return err
	}
	return do()
}

func (b *batch) turn() error {
	if err := b.txn.Commit(); err != nil {
		return err
	}
	b.txn, b.size = b.db.NewTransaction(true), 0
	return nil
}

func (b *batch) commit() error { return b.txn.Commit() }

func (b *batch) discard() { b.txn.Discard() }
