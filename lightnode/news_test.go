package lightnode

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/sampling"
	"github.com/ashlar-da/ashlar/testnet/rig"
)

// TestNewsTurns tells what is asked after what was heard, of a chain verified up to 12 of
// which every fifth height is.
func TestNewsTurns(t *testing.T) {
	t.Parallel()
	begin := time.Unix(1_800_000_000, 0)
	at := func(d time.Duration) time.Time { return begin.Add(d) }
	const poll = 15 * time.Second
	fresh := func() *news {
		w := &news{every: 5, poll: poll}
		w.advanced(12, time.Time{}, begin)
		return w
	}
	for name, test := range map[string]struct {
		happens func(w *news)
		height  uint64
		at      time.Duration
	}{
		"silence":                       {func(*news) {}, 0, poll},
		"what is verified":              {func(w *news) { w.hear(12, at(time.Second)) }, 0, poll},
		"a height between":              {func(w *news) { w.hear(14, at(time.Second)) }, 0, poll + time.Second},
		"heights between, for a minute": {func(w *news) { w.hear(13, begin); w.hear(14, at(50*time.Second)) }, 0, headWait},
		"the turn":                      {func(w *news) { w.hear(14, at(time.Second)); w.hear(15, at(7*time.Second)) }, 15, 7*time.Second + headSettle},
		"past the turn":                 {func(w *news) { w.hear(15, at(time.Second)); w.hear(16, at(7*time.Second)) }, 15, time.Second + headSettle},
		"far past it":                   {func(w *news) { w.hear(1<<60, at(time.Second)) }, 0, time.Second + headSettle},
		"far past it, and one agrees":   {func(w *news) { w.hear(1<<60, begin); w.told(43, at(time.Second)) }, 40, time.Second + headSettle},
		"far past it, and one has less": {func(w *news) { w.hear(1<<60, begin); w.told(13, at(time.Second)) }, 0, time.Second + poll},
		"told of a height between":      {func(w *news) { w.told(14, at(time.Second)) }, 0, time.Second + poll},
		"told of nothing new":           {func(w *news) { w.told(12, at(time.Second)) }, 0, time.Second + poll},
		"a failure":                     {func(w *news) { w.hear(15, begin); w.failed(at(time.Second)) }, 0, time.Second + 2*headPause},
		"told of 14 after a minute": {
			func(w *news) { w.hear(13, begin); w.hear(14, at(59*time.Second)); w.told(14, at(headWait)) }, 14, headWait + headPause,
		},
		"the turn, after failures": {
			func(w *news) {
				for range 9 {
					w.failed(begin)
				}
				w.hear(15, begin)
			}, 15, headPauseMost,
		},
		"heard while it was verified": {func(w *news) { w.hear(16, begin); w.advanced(15, time.Time{}, at(time.Second)) }, 0, time.Second + poll},
	} {
		w := fresh()
		test.happens(w)
		if got := w.next(begin); got.height != test.height || !got.at.Equal(at(test.at)) {
			t.Errorf("%s: asks for %d after %v, want %d after %v", name, got.height, got.at.Sub(begin), test.height, test.at)
		}
	}
}

// However fast a liar announces heights, questions come apart further and further, and neither
// the turn nor, where that does not come, the height that is there is kept from being verified.
func TestNewsUnderLies(t *testing.T) {
	t.Parallel()
	for name, newest := range map[string]uint64{"the chain goes on": 15, "the chain stands still": 14} {
		synctest.Test(t, func(t *testing.T) {
			w := &news{every: 5, poll: 15 * time.Second}
			w.advanced(12, time.Time{}, time.Now())
			began, questions := time.Now(), 0
			for lie := uint64(1 << 40); w.verified == 12 && time.Since(began) < time.Hour; lie++ {
				w.hear(lie, time.Now())
				next := w.next(time.Now())
				if next.at.After(time.Now()) {
					time.Sleep(100 * time.Millisecond)
					continue
				}
				questions++
				switch {
				case time.Since(began) < 20*time.Second: // nobody honest has anything new yet
					w.told(12, time.Now())
				case next.height == 0:
					w.told(newest, time.Now())
				case next.height <= newest:
					w.advanced(next.height, time.Time{}, time.Now())
				default:
					w.failed(time.Now())
				}
			}
			took := time.Since(began)
			if w.verified != newest || took > 20*time.Second+headWait+3*headPauseMost || questions > 8+int(took/headPauseMost) {
				t.Errorf("%s: verified %d after %v and %d questions", name, w.verified, took, questions)
			}
		})
	}
}

// follows runs news against a chain for a while, in virtual time: newest says what the newest
// height is after how long, of which a peer claims what honest makes of it. It returns the
// questions asked and how long the node was behind a turn at most.
func follows(t *testing.T, w *news, long, pace time.Duration, newest func(time.Duration) uint64) (questions int, behind time.Duration) {
	t.Helper()
	began := time.Now()
	var since time.Time // when a turn came that is not verified
	for time.Since(began) < long {
		if since.IsZero() && newest(time.Since(began)) >= w.turn() {
			since = time.Now()
		}
		if w.next(time.Now()).at.After(time.Now()) {
			time.Sleep(50 * time.Millisecond)
			continue
		}
		questions++
		there := newest(time.Since(began))
		switch next := w.next(time.Now()); {
		case next.height == 0:
			w.told(there, time.Now())
		case next.height > there:
			w.early(time.Now())
		default:
			if !since.IsZero() {
				behind = max(behind, time.Since(since))
			}
			since = time.Time{}
			w.advanced(next.height, began.Add(time.Duration(next.height)*pace), time.Now())
		}
	}
	return questions, behind
}

// A node that hears nothing asks for a turn about when there is one, and learns when that is.
func TestNewsForesee(t *testing.T) {
	t.Parallel()
	steady := func(after time.Duration) uint64 { return 100 + uint64(after/(6*time.Second)) }
	for name, test := range map[string]struct {
		newest    func(time.Duration) uint64
		pace      time.Duration
		questions int
		behind    time.Duration
	}{
		"a block every 6 s": {steady, 6 * time.Second, 300, 7 * time.Second},
		"ten minutes without a block": {func(after time.Duration) uint64 {
			if after > 15*time.Minute {
				after = max(15*time.Minute, after-10*time.Minute)
			}
			return steady(after)
		}, 6 * time.Second, 360, 20 * time.Second},
		"it stands still":    {func(after time.Duration) uint64 { return steady(min(after, time.Minute)) }, 6 * time.Second, 340, time.Minute},
		"a block per minute": {func(after time.Duration) uint64 { return steady(after / 10) }, time.Minute, 260, 3 * time.Minute},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := &news{every: 5, poll: 15 * time.Second, foresees: true}
			w.advanced(90, time.Now().Add(90*test.pace), time.Now())
			w.pollAt = time.Now()
			questions, behind := follows(t, w, time.Hour, test.pace, test.newest)
			if end := test.newest(time.Hour); w.verified+5 < end || questions > test.questions || behind > test.behind {
				t.Errorf("%s: verified %d of %d, with %d questions (at most %d), %v behind (at most %v)", name, w.verified, end, questions, test.questions, behind, test.behind)
			}
		})
	}
}

// After a sleep the node goes to the newest turn, past those between.
func TestNewsAfterASleep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &news{every: 5, poll: 15 * time.Second, foresees: true}
		w.advanced(90, time.Now().Add(-time.Minute), time.Now())
		w.advanced(100, time.Now(), time.Now())
		time.Sleep(time.Hour)
		if next := w.next(time.Now()); next.height != 0 || next.at.After(time.Now()) {
			t.Errorf("asks %+v, want the newest, now", next)
		}
		w.told(700, time.Now())
		if next := w.next(time.Now()); next.height != 700 {
			t.Errorf("asks %+v, want 700", next)
		}
	})
}

// Of five heights one is asked for with its commit, of one peer; the others wait for it and
// link to it, and until then no verdict is given on them.
func TestCommitsAreFetchedOfEveryFifthHeight(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 10)
	first, firstHost := blocks.serve(t)
	second, secondHost := blocks.serve(t)
	config := testConfig(t, blocks, firstHost, secondHost)
	config.Trust, config.CommitEvery = blocks.trust(10), 5
	n, _ := start(t, config)
	awaitVerdict(t, n, 10, sampling.Available)
	signed := func() []int64 { return append(first.signed(), second.signed()...) }
	before := len(signed())
	for range 4 {
		blocks.grow(fullBlock)
	}
	rig.Await(t, "somebody was asked what is new", func() bool { return n.claimed.Load() == 14 })
	if _, err := n.Availability(t.Context(), 11); !errors.Is(err, da.ErrFutureHeight) {
		t.Errorf("a height that no commit covers yet: %v, want %v", err, da.ErrFutureHeight)
	}
	blocks.grow(fullBlock)
	for height := uint64(11); height <= 15; height++ {
		awaitVerdict(t, n, height, sampling.Available)
	}
	if got := signed()[0:]; len(got) != before+1 || got[len(got)-1] != 15 && got[len(first.signed())-1] != 15 {
		t.Errorf("commits of heights %v were asked for, want one more than the first %d: of 15", got, before)
	}
	if s := status(t, n); s.Witnesses != 1 {
		t.Errorf("%d witnesses", s.Witnesses)
	}
}
