package lightbench

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/dgraph-io/badger/v4"
)

func TestReadDisk(t *testing.T) {
	home := t.TempDir()
	if err := os.Mkdir(filepath.Join(home, "cells"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(home, "cells", "1"), make([]byte, 70_000), 0o644); err != nil {
		t.Fatal(err)
	}
	db, err := badger.Open(badger.DefaultOptions(filepath.Join(home, "data")).WithLogger(nil))
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(txn *badger.Txn) error {
		for key, size := range map[string]int{"r1": 98, "r2": 298, "t1": 998, "mchain": 4} {
			if err := txn.Set([]byte(key), make([]byte, size)); err != nil {
				return err
			}
		}
		return txn.Delete([]byte("p1"))
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	d, err := ReadDisk(home)
	if err != nil {
		t.Fatal(err)
	}
	if d.Records != 2 || d.RecordBytes != 400 || d.TrustedBytes != 1000 || d.OtherBytes != 10 {
		t.Errorf("got %+v", d)
	}
	if d.Cells < 70_000 || d.Cells > 90_000 || d.Database == 0 || d.Database > 1<<20 {
		t.Errorf("occupied: %+v", d)
	}
	if got := d.Over(1000); got != 201_010 {
		t.Errorf("over 1000 heights %v", got)
	}
	if got := (Disk{}).Over(1000); got != 0 {
		t.Errorf("of no heights %v", got)
	}
}
