package lightbench

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/dgraph-io/badger/v4"
)

// Disk is what a light node that has ended left on disk, in bytes.
type Disk struct {
	// Database and Cells are what the folders occupy: sparse files count for their blocks.
	Database int64 `json:"database"`
	Cells    int64 `json:"cells"`
	// Records is how many heights have a record, which is its verdict, its coordinates and
	// the link to the header below; RecordBytes what these take, keys included.
	Records     int   `json:"records"`
	RecordBytes int64 `json:"record_bytes"`
	// TrustedBytes is what the newest verified headers take, with commits and validators.
	// There are never more than a hundred.
	TrustedBytes int64 `json:"trusted_bytes"`
	// OtherBytes is what the rest of the database takes that is not deleted.
	OtherBytes int64 `json:"other_bytes"`
}

// The first bytes of a light node's keys that the measurement tells apart.
const (
	recordKeys  = 'r'
	trustedKeys = 't'
)

// ReadDisk looks into a light node's home; the node must have ended.
func ReadDisk(home string) (d Disk, err error) {
	if d.Database, err = occupied(filepath.Join(home, "data")); err != nil {
		return d, err
	}
	if d.Cells, err = occupied(filepath.Join(home, "cells")); err != nil {
		return d, err
	}
	db, err := badger.Open(badger.DefaultOptions(filepath.Join(home, "data")).WithReadOnly(true).WithLogger(nil))
	if err != nil {
		return d, fmt.Errorf("opening the light node's database: %w", err)
	}
	defer func() { _ = db.Close() }() // nothing was written
	return d, db.View(func(txn *badger.Txn) error {
		it := txn.NewIterator(badger.IteratorOptions{})
		defer it.Close()
		for it.Rewind(); it.Valid(); it.Next() {
			d.add(it.Item())
		}
		return nil
	})
}

// add counts a key and its value in.
func (d *Disk) add(item *badger.Item) {
	size := item.KeySize() + item.ValueSize()
	switch item.Key()[0] {
	case recordKeys:
		d.Records++
		d.RecordBytes += size
	case trustedKeys:
		d.TrustedBytes += size
	default:
		d.OtherBytes += size
	}
}

// Over returns what the records of so many heights take, and what is there once besides.
func (d Disk) Over(heights float64) float64 {
	if d.Records == 0 {
		return 0
	}
	return heights*float64(d.RecordBytes)/float64(d.Records) + float64(d.TrustedBytes+d.OtherBytes)
}

// occupied sums up the blocks that the files below a folder occupy.
func occupied(folder string) (sum int64, err error) {
	err = filepath.WalkDir(folder, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if os.IsNotExist(err) {
			return nil // it was deleted meanwhile
		}
		if err != nil {
			return err
		}
		if stat, ok := info.Sys().(*syscall.Stat_t); ok && info.Mode().IsRegular() {
			sum += stat.Blocks * 512
		}
		return nil
	})
	return sum, err
}
