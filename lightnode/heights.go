package lightnode

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/dgraph-io/badger/v4"

	"github.com/ashlar-da/ashlar/sampling"
)

// heights is the table of heights whose headers are verified. What is asked of it is
// answered out of the database; what decides on the next step is indexed in memory. It is
// safe for concurrent use, but one height is changed by one goroutine at a time: the one
// that took it.
type heights struct {
	db *database

	mu     sync.Mutex
	known  spans            // heights with a record; guarded by mu
	open   map[uint64]*turn // heights whose verdict may change; guarded by mu
	counts counts           // heights by verdict; guarded by mu
	cells  int              // verified cells of all records; guarded by mu
	now    func() time.Time
	lowest float64       // least confidence of an available height, 1 if none; guarded by mu
	change chan struct{} // has room for one note that there may be work
}

// counts numbers heights by verdict.
type counts [sampling.Invalid + 1]int

// turn is when a height is to be worked on next.
type turn struct {
	since    time.Time // when this run of the node first knew of it
	due      time.Time
	attempts int
	taken    bool
	verdict  sampling.Verdict
}

// errForsaken means that a block being worked on is no longer the node's business.
var errForsaken = errors.New("lightnode: the block is no longer followed")

// openHeights reads the table from the database.
func openHeights(db *database, now func() time.Time) (*heights, error) {
	t := &heights{db: db, now: now, open: make(map[uint64]*turn), lowest: 1, change: make(chan struct{}, 1)}
	err := scan(db, keyRecord, func(height uint64, value []byte) error {
		r, err := decodeRecord(value)
		if err != nil || r.Height != height {
			return fmt.Errorf("height %d: %w", height, errRecord)
		}
		t.index(r)
		return nil
	})
	return t, err
}

// index counts a record in; mu must be held.
func (t *heights) index(r *record) {
	t.known.add(r.Height)
	t.counts[r.Verdict.Verdict]++
	t.cells += r.Verdict.Verified
	if r.Verdict.Verdict == sampling.Available {
		t.lowest = min(t.lowest, r.Verdict.Confidence)
	}
	if r.finished() {
		delete(t.open, r.Height)
		return
	}
	if t.open[r.Height] == nil {
		t.open[r.Height] = &turn{since: t.now()}
	}
	t.open[r.Height].verdict = r.Verdict.Verdict
}

// get returns a height's record, nil if there is none.
func (t *heights) get(height uint64) (*record, error) {
	encoded, err := read(t.db, heightKey(keyRecord, height))
	if err != nil || encoded == nil {
		return nil, err
	}
	return decodeRecord(encoded)
}

// put writes a record, over an earlier one of the height if there is one, and returns
// once it is on disk.
func (t *heights) put(r *record) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	old, err := t.get(r.Height)
	if err != nil {
		return err
	}
	return t.replace(old, r)
}

// revise writes a record over the earlier one of the same block. It fails with
// errForsaken if that is gone: the node has left the block's chain, or its window.
func (t *heights) revise(r *record) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	old, err := t.get(r.Height)
	if err != nil {
		return err
	}
	if old == nil || old.BlockHash != r.BlockHash {
		return fmt.Errorf("height %d: %w", r.Height, errForsaken)
	}
	return t.replace(old, r)
}

// replace writes a record where old was, nil if nothing was; mu must be held.
func (t *heights) replace(old, r *record) error {
	if err := write(t.db, heightKey(keyRecord, r.Height), r.encode()); err != nil {
		return err
	}
	if old != nil {
		t.counts[old.Verdict.Verdict]--
		t.cells -= old.Verdict.Verified
	}
	t.index(r)
	t.wake()
	return nil
}

func (t *heights) wake() {
	select {
	case t.change <- struct{}{}:
	default:
	}
}

// take marks the newest open height that is due as taken and returns it: one that was
// tried before if again is set, one that never was if not. Without one it returns 0 and
// when the next is due, zero if none is.
func (t *heights) take(now time.Time, again bool) (height uint64, next time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for h, w := range t.open {
		switch {
		case w.taken, again != (w.attempts > 0):
		case w.due.After(now):
			if next.IsZero() || w.due.Before(next) {
				next = w.due
			}
		case h > height:
			height = h
		}
	}
	if height != 0 {
		t.open[height].taken = true
	}
	return height, next
}

// release gives a taken height back, to be due again, if it is still open, after a wait
// that doubles with each attempt from least to most.
func (t *heights) release(height uint64, now time.Time, least, most time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	w := t.open[height]
	if w == nil {
		return
	}
	w.taken = false
	w.due = now.Add(min(least<<min(w.attempts, 20), most))
	w.attempts++
	t.wake()
}

// hurry makes every open height due now, as when somebody new can be asked.
func (t *heights) hurry() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, w := range t.open {
		w.due, w.attempts = time.Time{}, min(w.attempts, 1)
	}
	t.wake()
}

// backlog counts open heights that were never worked on.
func (t *heights) backlog() (n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, w := range t.open {
		if w.attempts == 0 {
			n++
		}
	}
	return n
}

// lowEdge returns the lowest height of the topmost run of heights without a gap, and the
// record there; nil if the table is empty.
func (t *heights) lowEdge() (*record, error) {
	t.mu.Lock()
	run, ok := t.known.top()
	t.mu.Unlock()
	if !ok {
		return nil, nil
	}
	return t.get(run.low)
}

// forget deletes the records for which drop is true, lowest first, until it is false.
func (t *heights) forget(drop func(*record) bool) (dropped []uint64, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, run := range slices.Clone(t.known) {
		for height := run.low; height <= run.high; height++ {
			r, err := t.get(height)
			if err != nil || r == nil || !drop(r) {
				return dropped, err
			}
			if err := t.erase(r); err != nil {
				return dropped, err
			}
			dropped = append(dropped, height)
		}
	}
	return dropped, nil
}

// erase deletes a record and what hangs on it; mu must be held.
func (t *heights) erase(r *record) error {
	err := update(t.db, func(txn *badger.Txn) error {
		if err := txn.Delete(heightKey(keyProof, r.Height)); err != nil {
			return err
		}
		return txn.Delete(heightKey(keyRecord, r.Height))
	})
	if err != nil {
		return err
	}
	t.counts[r.Verdict.Verdict]--
	t.cells -= r.Verdict.Verified
	delete(t.open, r.Height)
	t.known.remove(r.Height)
	return nil
}

// summary is the table in numbers.
type summary struct {
	newest, oldest uint64 // heights with a record, 0 if there are none
	counts         counts
	cells          int
	minConfidence  float64
	pendingSince   time.Time // of the pending height known longest, zero if none is
	pendingHeight  uint64    // that height
}

func (t *heights) summary() summary {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := summary{counts: t.counts, cells: t.cells, minConfidence: t.lowest}
	if len(t.known) > 0 {
		s.oldest, s.newest = t.known[0].low, t.known[len(t.known)-1].high
	}
	for h, w := range t.open {
		if w.verdict == sampling.Pending && (s.pendingSince.IsZero() || w.since.Before(s.pendingSince)) {
			s.pendingSince, s.pendingHeight = w.since, h
		}
	}
	return s
}
