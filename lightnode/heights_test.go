package lightnode

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/ashlar-da/ashlar/da/store/disk"
	"github.com/ashlar-da/ashlar/sampling"
)

// roomy watches a disk that has room.
func roomy(t *testing.T) *disk.Space {
	t.Helper()
	return disk.NewSpace(disk.Config{Dir: t.TempDir(), MinFree: 1, Reserve: 1, Log: testLog(t)})
}

func testDatabase(t *testing.T, folder string) *database {
	t.Helper()
	db, err := openDatabase(folder, testChain, roomy(t), false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func testHeights(t *testing.T, db *database) *heights {
	t.Helper()
	table, err := openHeights(db, func() time.Time { return time.Unix(1000, 0) })
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func testRecord(height uint64, verdict sampling.Verdict) *record {
	return &record{
		Height: height, Time: time.Unix(int64(height), 5).UTC(), BlockHash: hash{1, byte(height)}, LastHash: hash{1, byte(height - 1)},
		DataRoot: hash{2}, K: 64, Session: []byte{9, 8, 7}, Checked: time.Unix(7, 0).UTC(),
		Verdict: sampling.Availability{
			Height: height, Verdict: verdict, Confidence: 0.75, Miss: 0.25, Samples: 30, Verified: 3, Refused: 4, TimedOut: 5, Garbled: 6, Peers: 7,
		},
		Voucher: voucher{By: vouchedByCommit, Source: 3, Witnesses: []peerRef{1, 200}},
		Asked:   []asked{{Peer: 3, Verified: 30}, {Peer: 1, Refused: 2, TimedOut: 300, Garbled: 1}},
	}
}

func TestSpansAgainstASet(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	var s spans
	set := make(map[uint64]bool)
	for range 2000 {
		height := random.Uint64N(40) + 1
		if random.IntN(3) == 0 {
			s.remove(height)
			delete(set, height)
		} else {
			s.add(height)
			set[height] = true
		}
		checkSpans(t, s, set)
	}
}

// checkSpans holds runs against the set they stand for.
func checkSpans(t *testing.T, s spans, set map[uint64]bool) {
	t.Helper()
	total := 0
	for i, run := range s {
		if run.low > run.high || i > 0 && run.low <= s[i-1].high+1 {
			t.Fatalf("runs %v", s)
		}
		total += int(run.high - run.low + 1)
	}
	if total != len(set) {
		t.Fatalf("runs %v hold %d heights, want %d", s, total, len(set))
	}
	for height := uint64(0); height <= 41; height++ {
		if s.has(height) != set[height] {
			t.Fatalf("runs %v: has(%d) is %v", s, height, !set[height])
		}
	}
}

func TestHeightsAreTakenNewestFirst(t *testing.T) {
	t.Parallel()
	table := testHeights(t, testDatabase(t, t.TempDir()))
	verdicts := []sampling.Verdict{sampling.Pending, sampling.Available, sampling.Unavailable, sampling.Invalid, sampling.Pending}
	for i, verdict := range verdicts {
		if err := table.put(testRecord(uint64(i+1), verdict)); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Unix(2000, 0)
	var taken []uint64
	for height, _ := table.take(now, false); height != 0; height, _ = table.take(now, false) {
		taken = append(taken, height)
	}
	if !slices.Equal(taken, []uint64{5, 3, 1}) {
		t.Fatalf("took %v", taken)
	}
	if height, next := table.take(now, true); height != 0 || !next.IsZero() {
		t.Errorf("heights under way: got %d, next %v", height, next)
	}
	table.release(5, now, time.Second, 3*time.Second)
	if height, next := table.take(now, true); height != 0 || !next.Equal(now.Add(time.Second)) {
		t.Errorf("a resting height: got %d, next %v", height, next)
	}
	if height, _ := table.take(now.Add(time.Second), true); height != 5 {
		t.Errorf("a rested height: got %d", height)
	}
	table.release(5, now, time.Second, 3*time.Second)
	table.release(3, now, time.Second, 3*time.Second)
	table.hurry()
	if height, _ := table.take(now, true); height != 5 {
		t.Errorf("a hurried height: got %d", height)
	}
}

func TestHeightsSurviveReopening(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	db := testDatabase(t, folder)
	table := testHeights(t, db)
	for _, height := range []uint64{3, 4, 7, 8, 9} {
		if err := table.put(testRecord(height, sampling.Available)); err != nil {
			t.Fatal(err)
		}
	}
	revised := testRecord(8, sampling.Unavailable)
	if err := table.put(revised); err != nil {
		t.Fatal(err)
	}
	before := table.summary()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	table = testHeights(t, testDatabase(t, folder))
	if after := table.summary(); after != before {
		t.Errorf("summary %+v became %+v", before, after)
	}
	if before.counts != (counts{sampling.Available: 4, sampling.Unavailable: 1}) || before.cells != 15 || before.minConfidence != 0.75 {
		t.Errorf("summary %+v", before)
	}
	got, err := table.get(8)
	if err != nil || got.Verdict != revised.Verdict || !slices.Equal(got.Session, revised.Session) || got.BlockHash != revised.BlockHash || !got.Time.Equal(revised.Time) {
		t.Errorf("got %+v, %v, want %+v", got, err, revised)
	}
	if edge, err := table.lowEdge(); err != nil || edge.Height != 7 {
		t.Errorf("low edge %+v, %v", edge, err)
	}
	dropped, err := table.forget(func(r *record) bool { return r.Height < 8 })
	if err != nil || !slices.Equal(dropped, []uint64{3, 4, 7}) {
		t.Errorf("dropped %v, %v", dropped, err)
	}
	if s := table.summary(); s.oldest != 8 || s.newest != 9 || s.cells != 6 {
		t.Errorf("summary %+v", s)
	}
}

func TestDatabaseBelongsToOneChain(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := testDatabase(t, folder).Close(); err != nil {
		t.Fatal(err)
	}
	if db, err := openDatabase(folder, "another", roomy(t), false); err == nil {
		_ = db.Close()
		t.Fatal("a database of another chain was opened")
	}
}

func FuzzDecodeRecord(f *testing.F) {
	f.Add(testRecord(3, sampling.Available).encode())
	f.Add((&record{Height: 1}).encode())
	f.Add([]byte{recordVersion})
	f.Fuzz(func(t *testing.T, in []byte) {
		r, err := decodeRecord(in)
		if err != nil {
			return
		}
		if again, err := decodeRecord(r.encode()); err != nil || again.Height != r.Height || again.Verdict.Verified != r.Verdict.Verified || !slices.Equal(again.Session, r.Session) || !slices.Equal(again.Asked, r.Asked) {
			t.Errorf("%+v became %+v, %v", r, again, err)
		}
	})
}
