package fullnode

import (
	"encoding/json"
	"errors"
	"math/big"
	"testing"

	"github.com/ashlar-da/ashlar/api"
	"github.com/ashlar-da/ashlar/blobfee"
	"github.com/ashlar-da/ashlar/da"
)

// newFeeLog opens a log in a directory and closes it with the test, if it is not closed before.
func newFeeLog(t *testing.T, dir string) *feeLog {
	t.Helper()
	l, err := openFeeLog(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.db.Close() })
	return l
}

// testRecord is of a block that charged so much and had room, with an offer of the price
// given to every standard ask.
func testRecord(height uint64, baseFee string, offered int64) *feeRecord {
	record := &feeRecord{
		FeeBlock: api.FeeBlock{Height: height, BaseFee: baseFee},
		Used:     0.5, Due: 0.5, Entry: make([]int64, blobfee.Sizes),
	}
	for range standardAsks() {
		record.Offers = append(record.Offers, blobfee.Offer{Cap: big.NewInt(offered), Stretches: 100})
	}
	return record
}

func addFees(t *testing.T, l *feeLog, records ...*feeRecord) {
	t.Helper()
	for _, record := range records {
		if err := l.add(record); err != nil {
			t.Fatal(err)
		}
	}
}

// requireHeights fails unless a page has the heights from first to last.
func requireHeights(t *testing.T, history *api.FeeHistory, err error, first, last uint64, more bool) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	for i, block := range history.Blocks {
		if block.Height != first+uint64(i) {
			t.Errorf("block %d of the page has height %d, want %d", i, block.Height, first+uint64(i))
		}
	}
	if len(history.Blocks) != int(last-first+1) || history.More != more {
		t.Errorf("%d blocks, more: %v; want those from %d to %d, more: %v", len(history.Blocks), history.More, first, last, more)
	}
}

func TestFeeLogPages(t *testing.T) {
	l := newFeeLog(t, t.TempDir())
	if _, err := l.history(0, 5); !errors.Is(err, api.ErrSyncing) {
		t.Errorf("an empty log answers %v", err)
	}
	for height := uint64(7); height <= 20; height++ {
		addFees(t, l, testRecord(height, "100", 100))
	}
	history, err := l.history(0, 5)
	requireHeights(t, history, err, 16, 20, true)
	history, err = l.history(16, 9)
	requireHeights(t, history, err, 7, 15, false)
	history, err = l.history(1<<40, 2000)
	requireHeights(t, history, err, 7, 20, false)
	if _, err := l.history(7, 5); !errors.Is(err, da.ErrPruned) {
		t.Errorf("below the oldest: %v", err)
	}
}

// TestFeeLogOutlivesAProcess: records, grades and what estimates look back on are the same
// after the log is opened again.
func TestFeeLogOutlivesAProcess(t *testing.T) {
	dir := t.TempDir()
	l := newFeeLog(t, dir)
	for height := uint64(1); height <= 50; height++ {
		addFees(t, l, testRecord(height, "100", 95+int64(height%10)))
	}
	before := l.calibration()
	if err := l.db.Close(); err != nil {
		t.Fatal(err)
	}
	again := newFeeLog(t, dir)
	if after := again.calibration(); after != before || after.Trials == 0 {
		t.Errorf("grades are %+v, were %+v", after, before)
	}
	if n := len(again.observations(3)); n != 50 {
		t.Errorf("estimates look back on %d blocks, want 50", n)
	}
	history, err := again.history(0, 100)
	requireHeights(t, history, err, 1, 50, false)
}

// TestFeeLogIsBounded: on disk, in memory and in grades.
func TestFeeLogIsBounded(t *testing.T) {
	l := newFeeLog(t, t.TempDir())
	const from = maxFeeRecords - 3
	for height := uint64(from); height < from+2*recentFeeRecords; height++ {
		addFees(t, l, testRecord(height, "100", 100))
	}
	addFees(t, l, testRecord(from+maxFeeRecords+5, "100", 100))
	history, err := l.history(from+20, 100)
	requireHeights(t, history, err, from+6, from+19, false)
	if most := (recentFeeRecords + 1) * len(standardAsks()); len(l.recent) > recentFeeRecords || len(l.graded) > most {
		t.Errorf("%d records and %d grades are in memory", len(l.recent), len(l.graded))
	}
}

// TestGrades: an offer is graded by the blocks that it was for, all of them and no others.
func TestGrades(t *testing.T) {
	for name, c := range map[string]struct {
		fees   []string // of the blocks after the one with the offer, whose lag is the first
		offers int64
		entry  int64
		trials int
		in     float64
	}{
		"cap at the base fee":        {[]string{"90", "100"}, 100, 0, 3, 1},
		"cap below it on arrival":    {[]string{"90", "101"}, 100, 0, 3, 0},
		"the lag does not count":     {[]string{"200", "100"}, 100, 0, 3, 1},
		"others tip more":            {[]string{"100", "100"}, 200, 1, 3, 0},
		"not over yet":               {[]string{"100"}, 100, 0, 0, 0},
		"the longer ones are over":   {[]string{"1", "100", "1", "1", "1", "1", "1", "1", "1", "1", "1"}, 100, 0, 6, 1},
		"and had to arrive to count": {[]string{"1", "101", "1", "1", "1", "1", "1", "1", "1", "1", "1"}, 100, 0, 6, 0},
	} {
		l := newFeeLog(t, t.TempDir())
		addFees(t, l, testRecord(1, "100", c.offers))
		for i, fee := range c.fees {
			record := testRecord(uint64(i)+2, fee, 0)
			record.Offers = nil
			for size := range record.Entry {
				record.Entry[size] = c.entry
			}
			addFees(t, l, record)
		}
		if got := l.calibration(); got.Trials != c.trials || got.Observed != c.in || got.Stated != standardProbability {
			t.Errorf("%s: %+v, want %d trials and %v in", name, got, c.trials, c.in)
		}
	}
}

// TestGapsAreNotGradedOver: what was offered before heights that this node never followed
// is not held against others.
func TestGapsAreNotGradedOver(t *testing.T) {
	l := newFeeLog(t, t.TempDir())
	addFees(t, l, testRecord(1, "100", 100), testRecord(2, "100", 100), testRecord(9, "100", 100), testRecord(10, "100", 100))
	if got := l.calibration(); got.Trials != 0 {
		t.Errorf("%d estimates were graded", got.Trials)
	}
}

// TestFeeLogSkipsWhatItCannotRead: fees are for advice, and no reason for a node not to start.
func TestFeeLogSkipsWhatItCannotRead(t *testing.T) {
	short, err := json.Marshal(&feeRecord{FeeBlock: api.FeeBlock{Height: 3, BaseFee: "100"}, Entry: []int64{1}})
	if err != nil {
		t.Fatal(err)
	}
	other, err := json.Marshal(testRecord(9, "100", 100))
	if err != nil {
		t.Fatal(err)
	}
	for name, kept := range map[string][]byte{"empty": {}, "cut": []byte(`{"height":3,"en`), "other sizes": short, "another height's": other} {
		dir := t.TempDir()
		l := newFeeLog(t, dir)
		addFees(t, l, testRecord(1, "100", 100), testRecord(2, "100", 100), testRecord(3, "100", 100))
		if err := errors.Join(l.db.Set(feeKey(3), kept), l.db.Close()); err != nil {
			t.Fatal(err)
		}
		l, err := openFeeLog(dir)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		t.Cleanup(func() { _ = l.db.Close() })
		if last := l.last(); last == nil || last.Height != 2 {
			t.Errorf("%s: the newest is %v, want that of height 2", name, last)
		}
		for height := uint64(4); height < 40; height++ {
			addFees(t, l, testRecord(height, "100", 100))
		}
		history, err := l.history(0, 100)
		if err != nil || len(history.Blocks) != 38 || len(l.observations(0)) != 36 {
			t.Errorf("%s: %v, %d blocks observed", name, err, len(l.observations(0)))
		}
	}
}
