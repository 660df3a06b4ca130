package fullnode

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	dbm "github.com/cosmos/cosmos-db"

	"github.com/ashlar-da/ashlar/api"
	"github.com/ashlar-da/ashlar/blobfee"
	"github.com/ashlar-da/ashlar/da"
)

const (
	// maxFeeRecords bounds what is kept on disk: a day and a half of blocks every six
	// seconds, in less than 20 MB. It outlives the squares where they are kept for less.
	maxFeeRecords = 20_000
	// recentFeeRecords bounds what is kept in memory: what an estimate looks back on.
	recentFeeRecords = blobfee.Window
)

// feeRecord is what is kept of a block.
type feeRecord struct {
	api.FeeBlock
	// Used and Due are those of blobfee.Observation.
	Used float64 `json:"used"`
	Due  float64 `json:"due"`
	// Entry are the least tips that got in, by size.
	Entry []int64 `json:"entry"`
	// Offers are the estimates that were made after the block, for standardAsks. There are
	// none of blocks that were followed late.
	Offers []blobfee.Offer `json:"offers,omitempty"`
}

// standardAsk is an estimate that the node makes after every block, to learn what it is worth.
type standardAsk struct{ size, blocks int }

// standardProbability is what they are made for.
const standardProbability = 0.9

// standardAsks are for a cell, a row and eight, soon and within a minute.
func standardAsks() []standardAsk {
	return []standardAsk{{0, 1}, {0, 10}, {rowsOf(1), 1}, {rowsOf(1), 10}, {rowsOf(8), 1}, {rowsOf(8), 10}}
}

// rowsOf returns the size of a blob of so many rows.
func rowsOf(rows int) int { return blobfee.Sizes - blobfee.MaxRows + rows - 1 }

// feeLog remembers what blocks charged and what the estimates made after them came to. It
// is safe for concurrent use; the follower alone adds.
type feeLog struct {
	db dbm.DB

	mu     sync.RWMutex
	recent []*feeRecord // of heights that follow each other, oldest first; guarded by mu
	graded []grade      // oldest first; guarded by mu
}

// grade is what came of an estimate.
type grade struct {
	height   uint64 // of the block after which it was made
	expected float64
	in       bool
}

// openFeeLog reads what an earlier run kept.
func openFeeLog(dir string) (*feeLog, error) {
	db, err := dbm.NewDB("fees", dbm.GoLevelDBBackend, dir)
	if err != nil {
		return nil, fmt.Errorf("open the fees of past blocks in %s: %w", dir, err)
	}
	l := &feeLog{db: db}
	records, err := l.read(0, recentFeeRecords)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	for _, record := range records {
		l.remember(record)
	}
	return l, nil
}

func feeKey(height uint64) []byte { return binary.BigEndian.AppendUint64(nil, height) }

// read returns the newest records below a height, 0 for any, at most that many, oldest first.
func (l *feeLog) read(before uint64, limit int) ([]*feeRecord, error) {
	var end []byte
	if before > 0 {
		end = feeKey(before)
	}
	it, err := l.db.ReverseIterator(nil, end)
	if err != nil {
		return nil, fmt.Errorf("read the fees of past blocks: %w", err)
	}
	defer func() { _ = it.Close() }() // it was only read
	records := make([]*feeRecord, limit)
	for ; limit > 0 && it.Valid(); it.Next() {
		if record, ok := decodeFees(it.Key(), it.Value()); ok {
			limit--
			records[limit] = record
		}
	}
	return records[limit:], it.Error()
}

// decodeFees returns what was kept, unless it is damaged or of a program that kept something
// else: it then counts as not there.
func decodeFees(key, value []byte) (*feeRecord, bool) {
	record := new(feeRecord)
	err := json.Unmarshal(value, record)
	whole := err == nil && bytes.Equal(key, feeKey(record.Height)) && len(record.Entry) == blobfee.Sizes
	return record, whole && !slices.ContainsFunc(record.Offers, func(o blobfee.Offer) bool { return o.Cap == nil })
}

// last returns the newest record, nil if there is none.
func (l *feeLog) last() *feeRecord {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if len(l.recent) == 0 {
		return nil
	}
	return l.recent[len(l.recent)-1]
}

// add keeps a record of a height above all others, and forgets the oldest.
func (l *feeLog) add(record *feeRecord) error {
	value, err := json.Marshal(record)
	if err != nil {
		return fmt.Errorf("encode the fees of height %d: %w", record.Height, err)
	}
	if err := l.db.Set(feeKey(record.Height), value); err != nil {
		return fmt.Errorf("keep the fees of height %d: %w", record.Height, err)
	}
	l.mu.Lock()
	l.remember(record)
	l.mu.Unlock()
	return l.forget(record.Height)
}

// forget deletes what is older than what is kept on disk.
func (l *feeLog) forget(newest uint64) error {
	if newest <= maxFeeRecords {
		return nil
	}
	it, err := l.db.Iterator(nil, feeKey(newest-maxFeeRecords+1))
	if err != nil {
		return fmt.Errorf("look for old fees: %w", err)
	}
	var old [][]byte
	for ; it.Valid(); it.Next() {
		old = append(old, append([]byte(nil), it.Key()...))
	}
	err = errors.Join(it.Error(), it.Close())
	for _, key := range old {
		err = errors.Join(err, l.db.Delete(key))
	}
	return err
}

// remember keeps a record in memory and grades the estimates whose blocks are all there
// with it. The caller holds mu.
func (l *feeLog) remember(record *feeRecord) {
	if n := len(l.recent); n > 0 && l.recent[n-1].Height+1 != record.Height {
		l.recent = nil
	}
	l.recent = append(l.recent, record)
	for i, ask := range standardAsks() {
		l.grade(i, ask)
	}
	l.recent = l.recent[max(0, len(l.recent)-recentFeeRecords):]
	for len(l.graded) > 0 && l.graded[0].height+blobfee.Window < record.Height {
		l.graded = l.graded[1:]
	}
}

// grade looks at the estimate whose last block is the newest. The caller holds mu.
func (l *feeLog) grade(number int, ask standardAsk) {
	made := len(l.recent) - 1 - blobfee.Lag - ask.blocks
	if made < 0 || len(l.recent[made].Offers) <= number {
		return
	}
	var charged []blobfee.Charged
	for _, record := range l.recent[made+1+blobfee.Lag:] {
		charged = append(charged, blobfee.Charged{BaseFee: record.baseFee(), Entry: record.Entry[ask.size]})
	}
	offer := &l.recent[made].Offers[number]
	l.graded = append(l.graded, grade{l.recent[made].Height, offer.Expected, offer.GetsIn(charged)})
}

// calibration sums the grades up.
func (l *feeLog) calibration() blobfee.Calibration {
	l.mu.RLock()
	defer l.mu.RUnlock()
	c := blobfee.Calibration{Stated: standardProbability}
	for _, g := range l.graded {
		c.Add(g.expected, g.in)
	}
	return c
}

// observations are what the recent blocks tell who asks for a size, oldest first.
func (l *feeLog) observations(size int) []blobfee.Observation {
	l.mu.RLock()
	defer l.mu.RUnlock()
	observations := make([]blobfee.Observation, len(l.recent))
	for i, record := range l.recent {
		observations[i] = blobfee.Observation{Used: record.Used, Due: record.Due, Entry: record.Entry[size]}
	}
	return observations
}

// history returns a page of what is kept.
func (l *feeLog) history(before uint64, blocks int) (*api.FeeHistory, error) {
	records, err := l.read(before, blocks+1)
	if err != nil {
		return nil, err
	}
	if len(records) == 0 {
		return nil, l.nothing(before)
	}
	history := &api.FeeHistory{More: len(records) > blocks}
	for _, record := range records[max(0, len(records)-blocks):] {
		history.Blocks = append(history.Blocks, record.FeeBlock)
	}
	return history, nil
}

// nothing is why no fees below a height are known.
func (l *feeLog) nothing(before uint64) error {
	if l.last() == nil {
		return fmt.Errorf("%w: no block was followed yet", api.ErrSyncing)
	}
	return api.Advise(fmt.Errorf("%w: the fees of blocks below height %d", da.ErrPruned, before), "a node remembers the fees of the last blocks that it followed: ask without before for the newest")
}
