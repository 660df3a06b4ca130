package lightnode

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/p2p"
	"github.com/ashlar-da/ashlar/sampling"
	"github.com/ashlar-da/ashlar/testnet/rig"
)

// phoneConfig is a phone's Config for a chain and the hosts it knows.
func phoneConfig(t *testing.T, blocks *testBlocks, hosts ...*p2p.Host) Config {
	t.Helper()
	c := testConfig(t, blocks, hosts...)
	c.Profile = ProfilePhone
	c.Now = func() time.Time { return time.Now().Add(time.Minute) } // the chain grows by a second a block
	return c
}

// open opens a node that does not run.
func open(t *testing.T, config Config) *Node {
	t.Helper()
	n, err := New(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

// wakeUp has a phone wake once.
func wakeUp(t *testing.T, n *Node, bytes int64) *WakeReport {
	t.Helper()
	r, err := n.Wake(t.Context(), bytes)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestPhoneSkipsToTheHeadAndSamplesFew(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 9)
	_, first := blocks.serve(t)
	_, second := blocks.serve(t)
	n := open(t, phoneConfig(t, blocks, first, second))
	if len(first.Peers())+len(second.Peers()) != 0 {
		t.Error("a phone that sleeps is connected")
	}
	r := wakeUp(t, n, 0)
	if r.Head != 9 || r.Drawn != 1 || r.Available != 1 || r.Pending != 0 || r.Ended != "done" || r.Peers != 2 {
		t.Errorf("the first wake: %+v", r)
	}
	if got := verdict(t, n, 9); got != sampling.Available {
		t.Errorf("the first head is %v", got)
	}
	for range 12 {
		blocks.grow(fullBlock)
	}
	r = wakeUp(t, n, 0)
	if r.Head != 21 || r.Drawn < 1 || r.Drawn >= 12 || r.Available != r.Drawn || r.Ended != "done" {
		t.Errorf("the second wake: %+v", r)
	}
	s := status(t, n)
	if s.Phone.Passed != 13 || s.Phone.Checked != uint64(1+r.Drawn) || s.Phone.Share != float64(1+r.Drawn)/13 || s.Head.Height != 21 || s.Height != 21 || s.Peers != 0 || s.Syncing || s.Alarm != "" {
		t.Errorf("status %+v, phone %+v", s, s.Phone)
	}
	if s.Data.UsedToday < r.Bytes() || s.Data.Budget != DefaultPhoneBudget || s.Strength.Drawn != 30 {
		t.Errorf("data %+v, strength %+v", s.Data, s.Strength)
	}
	if _, err := n.Availability(t.Context(), 2); !errors.Is(err, da.ErrNotFound) || !strings.Contains(err.Error(), "name it") {
		t.Errorf("a height that was not drawn: %v", err)
	}
	if _, err := n.Availability(t.Context(), 22); !errors.Is(err, da.ErrFutureHeight) {
		t.Errorf("a height that does not exist: %v", err)
	}
}

func TestPhoneSamplesWhatIsNamed(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 30)
	_, host := blocks.serve(t)
	n := open(t, phoneConfig(t, blocks, host))
	for _, height := range []uint64{17, 31, 17} {
		if err := n.Name(t.Context(), height); err != nil {
			t.Fatal(err)
		}
	}
	wakeUp(t, n, 0)
	report, err := n.Availability(t.Context(), 17)
	if err != nil || report.Verdict != sampling.Available || report.Samples != 30 {
		t.Errorf("height 17: %+v, %v", report, err)
	}
	if _, err := n.Availability(t.Context(), 31); !errors.Is(err, da.ErrFutureHeight) {
		t.Errorf("height 31 before it is: %v", err)
	}
	blocks.grow(fullBlock)
	wakeUp(t, n, 0)
	if got := verdict(t, n, 31); got != sampling.Available {
		t.Errorf("height 31 is %v", got)
	}
	if err := n.Name(t.Context(), 0); !errors.Is(err, ErrConfig) {
		t.Errorf("height 0: %v", err)
	}
	if err := n.Name(t.Context(), 31); err != nil || n.phone.waits(31) {
		t.Errorf("a height that has its verdict waits: %v", err)
	}
	for height := uint64(100); ; height++ {
		if err := n.Name(t.Context(), height); errors.Is(err, ErrTooManyNamed) {
			break
		} else if err != nil || height > 100+mostTargets {
			t.Fatalf("height %d: %v", height, err)
		}
	}
}

// TestPhoneKeepsToItsBytes has ever larger wakes catch up with a chain, each of which would
// take more than it may.
func TestPhoneKeepsToItsBytes(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 40)
	_, first := blocks.serve(t)
	_, second := blocks.serve(t)
	n := open(t, phoneConfig(t, blocks, first, second))
	if r := wakeUp(t, n, LeastWake-1); r.Ended != "bytes" || r.Bytes() != 0 || r.Peers != 0 {
		t.Errorf("too little for a wake: %+v", r)
	}
	for height := uint64(2); height <= 40; height++ {
		if err := n.Name(t.Context(), height); err != nil {
			t.Fatal(err)
		}
	}
	for _, allowed := range []int64{LeastWake, 200e3, 300e3} {
		r := wakeUp(t, n, allowed)
		if r.Bytes() > allowed || r.Allowed != allowed || r.Ended != "bytes" {
			t.Errorf("allowed %d: %+v", allowed, r)
		}
	}
	for range 10 { // now the budget decides
		wakeUp(t, n, 0)
	}
	s := status(t, n)
	if used, most := s.Data.UsedToday, int64(DefaultPhoneBudget)/creditShare; used > most/2 || used < most/4 || s.Phone.Waiting == 0 {
		t.Errorf("used %d of a credit of %d; %+v", used, most/2, s.Phone)
	}
	if r := wakeUp(t, n, 0); r.Bytes() != 0 || r.Ended != "bytes" {
		t.Errorf("without credit: %+v", r)
	}
}

// watchedSource calls a function before it answers what only sampling asks: skipping to a head
// asks for headers between too.
type watchedSource struct {
	*testSource
	asked func(height uint64)
}

func (s watchedSource) Header(ctx context.Context, request p2p.HeaderRequest) (*p2p.Header, error) {
	if request.Proof {
		s.asked(request.Height)
	}
	return s.testSource.Header(ctx, request)
}

func (s watchedSource) Cells(ctx context.Context, height uint64, coords []erasure.Coord) ([]*p2p.CellProof, error) {
	s.asked(height)
	return s.testSource.Cells(ctx, height, coords)
}

// TestPhoneWritesDownWhatItDrew looks at the disk whenever a peer learns of a height.
func TestPhoneWritesDownWhatItDrew(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 3)
	var n *Node
	var mu sync.Mutex
	var asked []uint64 // guarded by mu
	_, other := blocks.serve(t)
	config := phoneConfig(t, blocks, other)
	n = open(t, config)
	wakeUp(t, n, 0)
	source := watchedSource{&testSource{blocks: blocks}, func(height uint64) {
		var stored targets
		if err := readJSON(n.db, metaPhone, &stored); err != nil || height != blocks.newest() && !stored.waits(height) {
			t.Errorf("a peer learns of height %d, but on disk wait only %v (%v)", height, stored.Waiting, err)
		}
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, height)
	}}
	host := startHostWith(t, func(c *p2p.Config) { c.Headers, c.Squares = source, source })
	n.config.Peers = host.Addresses()[:1]
	for range 30 {
		blocks.grow(fullBlock)
	}
	r := wakeUp(t, n, 0)
	if r.Drawn == 0 || r.Available != r.Drawn {
		t.Errorf("%+v", r)
	}
	if err := host.Close(); err != nil {
		t.Error(err)
	}
	if got := len(slices.Compact(slices.Sorted(slices.Values(asked)))); got != r.Drawn && got != r.Drawn+1 { // the head's DA header comes with it
		t.Errorf("drew %d heights, headers were asked for of %v", r.Drawn, asked)
	}
}

// A height that nothing vouches for any more, since nobody gave its header while something did, is given up. It does not end
// the node, whose newest header is as good as ever.
func TestPhoneOutlivesAHeightThatNothingVouchesFor(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 10)
	_, host := blocks.serve(t)
	config := phoneConfig(t, blocks, host)
	now := time.Now()
	config.Trust, config.TrustingPeriod, config.Now = blocks.trust(10), 30*time.Second, func() time.Time { return now }
	n := open(t, config)
	for head := uint64(10); head <= 58; head += 24 { // with no bytes left to sample anything
		for blocks.newest() < head {
			blocks.grow(fullBlock)
		}
		now = blocks.at(head).header.Signed.Time.Add(time.Second)
		if r := wakeUp(t, n, LeastWake); r.Head != head || r.Available > 0 {
			t.Fatalf("%+v, want head %d", r, head)
		}
	}
	if err := n.Name(t.Context(), 12); !errors.Is(err, da.ErrPruned) {
		t.Errorf("a height whose nearest trusted header has expired: %v", err)
	}
	if err := n.phone.change(func(t *targets) error { return errors.Join(t.name(12), t.name(40)) }); err != nil { // as if they had been waiting
		t.Fatal(err)
	}
	if r := wakeUp(t, n, 0); n.phone.waits(12) || r.Available == 0 || verdict(t, n, 40) != sampling.Available {
		t.Errorf("%+v, height 12 waits: %v", r, n.phone.waits(12))
	}
}

// A phone finds the one peer of four that does not keep the head from it.
func TestPhoneFollowsWhoHasTheHead(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 9)
	hosts := make([]*p2p.Host, 0, 4)
	for range 3 {
		stale := staleSource{&testSource{blocks: blocks}, 5}
		hosts = append(hosts, startHostWith(t, func(c *p2p.Config) { c.Headers, c.Squares = stale, stale }))
	}
	_, host := blocks.serve(t)
	config := phoneConfig(t, blocks, append(hosts, host)...)
	config.DataBudget = 1e9
	n := open(t, config)
	for wake := range 6 { // by chance alone half of the wakes do
		if r := wakeUp(t, n, 0); r.Head != blocks.newest() || r.Peers != 4 {
			t.Fatalf("wake %d: %+v, the head is %d", wake, r, blocks.newest())
		}
		blocks.grow(emptyBlock)
	}
}

// staleSource has no headers above a height.
type staleSource struct {
	*testSource
	newest uint64
}

func (s staleSource) Header(ctx context.Context, request p2p.HeaderRequest) (*p2p.Header, error) {
	if request.Height == 0 {
		request.Height = s.newest
	}
	if request.Height > s.newest {
		return nil, da.ErrFutureHeight
	}
	return s.testSource.Header(ctx, request)
}

// TestPhoneNeverDrawsAnew has a height withheld, and the phone start again.
func TestPhoneNeverDrawsAnew(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 5)
	source, host := blocks.serve(t)
	source.withhold(5)
	config := phoneConfig(t, blocks, host)
	config.Samples = 64
	n := open(t, config)
	r := wakeUp(t, n, 0)
	if r.Unavailable != 1 || r.Waiting != 1 {
		t.Fatalf("a withheld block: %+v", r)
	}
	before, err := n.Availability(t.Context(), 5)
	if err != nil || len(before.Coordinates) != 64 {
		t.Fatalf("%+v, %v", before, err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	n = open(t, config)
	source.set(func() { source.withheld = nil })
	if r = wakeUp(t, n, 0); r.Available != 1 || r.Waiting != 0 {
		t.Fatalf("once it is there: %+v", r)
	}
	after, err := n.Availability(t.Context(), 5)
	if err != nil || after.Verdict != sampling.Available || !slices.Equal(before.Coordinates, after.Coordinates) {
		t.Errorf("coordinates changed from %v to %v (%v)", before.Coordinates, after.Coordinates, err)
	}
	if s := status(t, n); s.Phone.Checked != 1 || s.Phone.Passed != 1 {
		t.Errorf("counted twice: %+v", s.Phone)
	}
}

func TestPhoneWithoutPeersIsPendingThenAlarmed(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 3)
	_, host := blocks.serve(t)
	config := phoneConfig(t, blocks, host)
	config.AlarmAfter = time.Nanosecond
	if err := host.Close(); err != nil {
		t.Fatal(err)
	}
	n := open(t, config)
	if err := n.Name(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	r := wakeUp(t, n, 0)
	if r.Ended != "no_peer" || r.Peers != 0 || r.Waiting != 1 {
		t.Errorf("%+v", r)
	}
	if s := status(t, n); !strings.Contains(s.Alarm, "cut off") {
		t.Errorf("alarm %q", s.Alarm)
	}
}

func TestOnlyPhonesWake(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 2)
	_, host := blocks.serve(t)
	full := open(t, testConfig(t, blocks, host))
	if _, err := full.Wake(t.Context(), 0); !errors.Is(err, ErrConfig) {
		t.Errorf("a full node's wake: %v", err)
	}
	if err := full.Name(t.Context(), 2); err != nil {
		t.Errorf("naming what is sampled anyway: %v", err)
	}
	n := open(t, phoneConfig(t, blocks, host))
	n.phone.waking.Lock()
	if _, err := n.Wake(t.Context(), 0); !errors.Is(err, ErrAwake) {
		t.Errorf("a second wake at once: %v", err)
	}
	n.phone.waking.Unlock()
}

func TestRunningPhoneWakesForWhatIsNamed(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 8)
	_, host := blocks.serve(t)
	config := phoneConfig(t, blocks, host)
	config.WakeEvery = 200 * time.Millisecond
	n, stop := start(t, config)
	rig.Await(t, "the first head is sampled", func() bool { return verdict(t, n, 8) == sampling.Available })
	if err := n.Name(t.Context(), 4); err != nil {
		t.Fatal(err)
	}
	awaitVerdict(t, n, 4, sampling.Available)
	stop()
	if n.host.Resting() == false {
		t.Error("a phone that ended does not rest")
	}
}

func TestSchedule(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		soon := make(chan struct{}, 1)
		began := time.Now()
		var at []time.Duration
		wake := func() error {
			at = append(at, time.Since(began))
			time.Sleep(20 * time.Second)
			if len(at) == 3 {
				soon <- struct{}{}
			}
			return nil
		}
		done := make(chan error)
		go func() { done <- schedule(ctx, 15*time.Minute, soon, wake) }()
		time.Sleep(time.Hour)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		minute := time.Minute
		if want := []time.Duration{0, 15 * minute, 30 * minute, 30*minute + 30*time.Second, 45*minute + 30*time.Second}; !slices.Equal(at, want) {
			t.Errorf("woke at %v, want %v", at, want)
		}
		failed := errors.New("disk")
		if err := schedule(t.Context(), minute, nil, func() error { return failed }); !errors.Is(err, failed) {
			t.Errorf("a wake that fails: %v", err)
		}
	})
}

// TestAPhonesDay has a phone live through 25 hours of a chain with a block every 6 seconds, in a time that
// passes between its wakes alone, over real connections. No 24 hours may cost more than its budget, of which most is
// to be used; whatever is named is checked.
func TestAPhonesDay(t *testing.T) {
	t.Parallel()
	const wakes, aDay, namedEvery = 100, 96, 8
	blocks := newTestBlocks(t, 0)
	now := blocks.start.Add(-25 * time.Hour)
	blocks.start, blocks.every = now, 6*time.Second
	blocks.grow(fullBlock)
	_, first := blocks.serve(t)
	_, second := blocks.serve(t)
	config := phoneConfig(t, blocks, first, second)
	config.Now = func() time.Time { return now }
	n := open(t, config)
	var spent []int64
	for wake := range wakes {
		for now = now.Add(DefaultWakeEvery); !blocks.start.Add(time.Duration(blocks.newest()+1) * blocks.every).After(now); {
			blocks.grow(fullBlock)
		}
		named := blocks.newest() - uint64(wake%20)
		if wake%namedEvery == 0 {
			if err := n.Name(t.Context(), named); err != nil {
				t.Fatal(err)
			}
		}
		r := wakeUp(t, n, 0)
		spent = append(spent, r.Bytes())
		if r.Head != blocks.newest() || r.Unavailable+r.Invalid > 0 {
			t.Fatalf("wake %d: %+v", wake, r)
		}
		if wake%namedEvery == 0 && verdict(t, n, named) != sampling.Available {
			t.Errorf("wake %d: height %d was named, and is %v", wake, named, verdict(t, n, named))
		}
	}
	var dearest int64
	for from := range len(spent) - aDay + 1 {
		var cost int64
		for _, bytes := range spent[from : from+aDay] {
			cost += bytes
		}
		dearest = max(dearest, cost)
	}
	s := status(t, n)
	t.Logf("%.1f MB in the dearest 24 hours; %d of %d heights checked", float64(dearest)/1e6, s.Phone.Checked, s.Phone.Passed)
	if dearest > int64(DefaultPhoneBudget) || dearest < int64(DefaultPhoneBudget)*6/10 {
		t.Errorf("24 hours cost %d bytes of %d", dearest, DefaultPhoneBudget)
	}
	if s.Phone.Passed < 14_400 || s.Phone.Checked < 200 || s.Alarm != "" {
		t.Errorf("of the day: %+v, alarm %q", s.Phone, s.Alarm)
	}
}
