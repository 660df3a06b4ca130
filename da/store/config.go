package store

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// Defaults of a Config.
const (
	DefaultHotBytes    = 144 << 20 // a square of the most rows, or seven of 34 rows
	DefaultHotHeights  = 32
	DefaultMinFree     = 1 << 30
	DefaultReserve     = 256 << 20
	DefaultMaintenance = time.Minute
)

// Config is what a Store is made of. Dir, Setup and Log are required; zero values of the
// rest mean what their comments say.
type Config struct {
	// Dir is the folder of the database. It is created if missing.
	Dir   string
	Setup *kzg.Setup
	// Retain is how long heights are kept, by block time. 0: for ever.
	Retain time.Duration
	// HotBytes bounds the extended matrices kept in memory, HotHeights says of how many
	// of the newest heights. 0: 144 MiB and 32.
	HotBytes   int64
	HotHeights uint64
	// MinFree is the free space, in bytes, below which nothing is accepted; below a quarter
	// of it Run ends. 0: 1 GiB.
	MinFree uint64
	// Watch are more folders that must not run out of space: those of what writes beside the store.
	Watch []string
	// Reserve is the size of the file that is given up when the disk is full, so that
	// pruning has room. 0: 256 MiB.
	Reserve uint64
	// Maintenance is the time between two rounds of pruning and garbage collection. 0: a minute.
	Maintenance time.Duration
	// Now is the clock that retention is reckoned by. Nil: time.Now.
	Now func() time.Time
	// Free returns the free space of a folder's disk, in bytes. Nil: the file system is asked.
	Free func(dir string) (uint64, error)
	Log  *slog.Logger
}

func (c Config) resolve() (Config, error) {
	switch {
	case c.Dir == "" || c.Setup == nil || c.Log == nil:
		return c, errors.New("store: Dir, Setup and Log are required")
	case c.Retain < 0 || c.Maintenance < 0 || c.HotBytes < 0:
		return c, fmt.Errorf("store: retain %v, maintenance %v, hot bytes %d: none can be negative", c.Retain, c.Maintenance, c.HotBytes)
	}
	orDefault(&c.HotBytes, DefaultHotBytes)
	orDefault(&c.HotHeights, DefaultHotHeights)
	orDefault(&c.MinFree, DefaultMinFree)
	orDefault(&c.Reserve, DefaultReserve)
	orDefault(&c.Maintenance, DefaultMaintenance)
	if c.Now == nil {
		c.Now = time.Now
	}
	return c, nil
}

func orDefault[T comparable](value *T, otherwise T) {
	var zero T
	if *value == zero {
		*value = otherwise
	}
}

// badgerOptions make every commit synced and every read checked. Rows go to the value log,
// which compaction does not copy, uncompressed, since scalars hardly compress.
func badgerOptions(c Config) badger.Options {
	return badger.DefaultOptions(c.Dir).
		WithSyncWrites(true).
		WithVerifyValueChecksum(true).
		WithChecksumVerificationMode(options.OnBlockRead).
		WithCompression(options.None).
		WithBlockCacheSize(8 << 20).
		WithMemTableSize(32 << 20).
		WithValueThreshold(1 << 10).
		WithValueLogFileSize(256 << 20).
		WithNumCompactors(2).
		WithDetectConflicts(false).
		WithMetricsEnabled(false).
		WithLogger(badgerLog{c.Log})
}

// badgerLog implements badger.Logger. What Badger calls information is of use in debugging only.
type badgerLog struct{ log *slog.Logger }

// Errorf logs an error.
func (l badgerLog) Errorf(format string, args ...any) {
	l.log.Error("badger", "says", fmt.Sprintf(format, args...))
}

// Warningf logs a warning.
func (l badgerLog) Warningf(format string, args ...any) {
	l.log.Warn("badger", "says", fmt.Sprintf(format, args...))
}

// Infof logs what Badger does.
func (l badgerLog) Infof(format string, args ...any) {
	l.log.Debug("badger", "says", fmt.Sprintf(format, args...))
}

// Debugf logs details.
func (l badgerLog) Debugf(format string, args ...any) {
	l.log.Debug("badger", "says", fmt.Sprintf(format, args...))
}
