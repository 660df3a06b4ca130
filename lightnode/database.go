package lightnode

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"

	"github.com/ashlar-da/ashlar/da/store/disk"
)

// The node's small state is one Badger database. A key is a letter and, where there is
// one for each height, the height in eight bytes, big-endian, so that keys sort by height.
const (
	keyTrusted = 't' // light blocks that cometbft/light verified
	keyRecord  = 'r' // what is known of a height
	keyProof   = 'p' // the DA header of a height that is still being sampled, with its path
	keyPeer    = 'n' // the peer that a number stands for in records; the number is where heights are else
	keyMeta    = 'm' // one value for each name
)

const (
	metaChain  = "chain"  // the chain id the database belongs to
	metaAnchor = "anchor" // what header trust began with
	metaAttack = "attack" // what attack was found since, none if absent

	metaSettings = "settings" // what was set while the node ran
	metaSpent    = "spent"    // the data budget's ledger
	metaPhone    = "phone"    // what the phone profile has checked and is to check
)

// errStorage means that the disk or what is on it failed the node.
var errStorage = errors.New("lightnode: storage")

// heightKey returns the key of what kind holds of a height.
func heightKey(kind byte, height uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{kind}, height)
}

func metaKey(name string) []byte { return append([]byte{keyMeta}, name...) }

// database is a Badger database that is not written to while the disk is full.
type database struct {
	*badger.DB
	space *disk.Space
}

// openDatabase opens or creates the database in a folder and checks that it belongs to
// the chain. Every write is on disk before it returns, if sync is set, or fails with disk.ErrFull and
// changes nothing.
func openDatabase(folder, chainID string, space *disk.Space, sync bool) (*database, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("lightnode: %w", err)
	}
	if err := space.Open(); err != nil {
		return nil, fmt.Errorf("lightnode: %w", err)
	}
	// The memory table is allocated whole, and doubled by the garbage collector's pace. Whoever writes a table takes
	// twice what one may have, and more than that again if it compresses, which gains little of hashes, signatures and
	// coordinates, or if a value is larger than a block, which is then made anew at twice the size until it fits: a
	// verified header with its commit and validators has some 18 kB. A small base level bounds how much one compaction
	// takes up, of memory and of mapped files. Uncompressed tables are read where they are mapped, so that a cache of
	// blocks would hold nothing. Values that transactions have no room for, such as very large validator sets, go to the log.
	settings := badger.DefaultOptions(filepath.Clean(folder)).
		WithSyncWrites(sync).WithLogger(nil).WithVerifyValueChecksum(true).WithCompression(options.None).WithBlockCacheSize(0).
		WithMemTableSize(1 << 20).WithValueThreshold(64 << 10).WithNumMemtables(2).WithBlockSize(64 << 10).
		WithBaseTableSize(1 << 20).WithBaseLevelSize(1 << 20).WithNumLevelZeroTables(2).WithNumCompactors(2).WithValueLogFileSize(64 << 20)
	opened, err := badger.Open(settings)
	if err != nil {
		return nil, fmt.Errorf("lightnode: opening the database in %s (is another node using it?): %w", folder, err)
	}
	db := &database{opened, space}
	if err := claim(db, chainID); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// claim marks a new database as the chain's, and refuses one of another chain.
func claim(db *database, chainID string) error {
	owner, err := readMeta(db, metaChain)
	if err != nil {
		return err
	}
	if owner == nil {
		return writeMeta(db, metaChain, []byte(chainID))
	}
	if string(owner) != chainID {
		return fmt.Errorf("%w: the home folder belongs to chain %s, not %s; use another --home", ErrConfig, owner, chainID)
	}
	return nil
}

// readMeta returns a named value, nil if there is none.
func readMeta(db *database, name string) ([]byte, error) { return read(db, metaKey(name)) }

func writeMeta(db *database, name string, value []byte) error {
	return write(db, metaKey(name), value)
}

// read returns a copy of a key's value, nil if there is none.
func read(db *database, key []byte) (value []byte, err error) {
	err = db.View(func(txn *badger.Txn) error {
		item, err := txn.Get(key)
		if err != nil {
			return err
		}
		value, err = item.ValueCopy(nil)
		return err
	})
	if errors.Is(err, badger.ErrKeyNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w: reading the database: %w", errStorage, err)
	}
	return value, nil
}

func write(db *database, key, value []byte) error {
	return update(db, func(txn *badger.Txn) error { return txn.Set(key, value) })
}

func remove(db *database, key []byte) error {
	return update(db, func(txn *badger.Txn) error { return txn.Delete(key) })
}

func update(db *database, change func(*badger.Txn) error) error {
	if err := db.space.Check(); err != nil {
		return fmt.Errorf("lightnode: %w", err)
	}
	if err := db.Update(change); err != nil {
		return fmt.Errorf("%w: writing the database: %w", errStorage, err)
	}
	return nil
}

// scan calls visit with every height of a kind, ascending, and its value, which is valid
// only during the call.
func scan(db *database, kind byte, visit func(height uint64, value []byte) error) error {
	return db.View(func(txn *badger.Txn) error {
		it := txn.NewIterator(badger.IteratorOptions{PrefetchValues: true, PrefetchSize: 64, Prefix: []byte{kind}})
		defer it.Close()
		for it.Rewind(); it.Valid(); it.Next() {
			height := binary.BigEndian.Uint64(it.Item().Key()[1:])
			if err := it.Item().Value(func(value []byte) error { return visit(height, value) }); err != nil {
				return err
			}
		}
		return nil
	})
}

// collectGarbage gives space that deleted values left behind back to the file system.
func collectGarbage(db *database) error {
	if err := db.space.Check(); err != nil {
		return fmt.Errorf("lightnode: %w", err)
	}
	err := db.RunValueLogGC(0.5)
	if err == nil || errors.Is(err, badger.ErrNoRewrite) || errors.Is(err, badger.ErrRejected) {
		return nil
	}
	return fmt.Errorf("%w: collecting the database's garbage: %w", errStorage, err)
}
