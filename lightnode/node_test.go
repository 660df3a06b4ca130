package lightnode

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ashlar-da/ashlar/api"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/p2p"
	"github.com/ashlar-da/ashlar/sampling"
	"github.com/ashlar-da/ashlar/testnet/rig"
)

func testLog(t *testing.T) *slog.Logger { return rig.Log(t, slog.LevelDebug) }

// testConfig is a Config for a node that begins with height 1 and knows the hosts.
func testConfig(t *testing.T, blocks *testBlocks, hosts ...*p2p.Host) Config {
	t.Helper()
	c := Config{
		Home: t.TempDir(), ChainID: testChain, Trust: blocks.trust(1), Log: testLog(t),
		Deadline: 3 * time.Second, RequestTimeout: time.Second, Poll: 100 * time.Millisecond, CommitEvery: 1,
		Listen: []string{"/ip4/127.0.0.1/tcp/0"}, unsynced: true,
	}
	for _, host := range hosts {
		c.Peers = append(c.Peers, host.Addresses()[0])
	}
	return c
}

// start runs a node until the test ends or stop is called.
func start(t *testing.T, config Config) (n *Node, stop func()) {
	t.Helper()
	n, err := New(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	return n, rig.RunUntilCleanup(t, n.Run)
}

func verdict(t *testing.T, n *Node, height uint64) sampling.Verdict {
	t.Helper()
	report, err := n.Availability(t.Context(), height)
	if errors.Is(err, da.ErrNotFound) || errors.Is(err, da.ErrFutureHeight) {
		return sampling.Pending
	}
	if err != nil {
		t.Fatal(err)
	}
	return report.Verdict
}

func awaitVerdict(t *testing.T, n *Node, height uint64, want sampling.Verdict) {
	t.Helper()
	rig.Await(t, "the verdict is "+want.String(), func() bool { return verdict(t, n, height) == want })
}

func status(t *testing.T, n *Node) *Status {
	t.Helper()
	s, err := n.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestEveryHeightOfTheChainGetsItsVerdict(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 9)
	blocks.grow(emptyBlock)
	blocks.grow(malformedBlock)
	_, first := blocks.serve(t)
	_, second := blocks.serve(t)
	n, _ := start(t, testConfig(t, blocks, first, second))
	want := map[uint64]sampling.Verdict{10: sampling.Available, 11: sampling.Invalid}
	for height := uint64(1); height <= 11; height++ {
		if _, other := want[height]; !other {
			want[height] = sampling.Available
		}
		awaitVerdict(t, n, height, want[height])
	}
	blocks.grow(fullBlock)
	awaitVerdict(t, n, 12, sampling.Available)

	report, err := n.Availability(t.Context(), 12)
	if err != nil || report.Samples != 30 || report.Verified != 30 || len(report.Coordinates) != 30 || report.Confidence < 0.99999 || report.Rows != 2 {
		t.Errorf("height 12: %+v, %v", report, err)
	}
	if empty, err := n.Availability(t.Context(), 10); err != nil || empty.Confidence != 1 || empty.Samples != 0 {
		t.Errorf("the empty square: %+v, %v", empty, err)
	}
	if _, err := n.Availability(t.Context(), 13); !errors.Is(err, da.ErrFutureHeight) {
		t.Errorf("a height that does not exist: %v", err)
	}
	s := status(t, n)
	if s.Witnesses != 1 || s.Heights.Available != 11 || s.Heights.Invalid != 1 || s.Heights.Pending != 0 || s.Head.Height != 12 || s.Alarm != "" || s.CellsVerified != 300 {
		t.Errorf("status %+v", s)
	}
}

func TestSingleSourceIsItsOwnWitness(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 5)
	_, host := blocks.serve(t)
	config := testConfig(t, blocks, host)
	config.Trust, config.TrustFirst = nil, true
	n, _ := start(t, config)
	awaitVerdict(t, n, 5, sampling.Available)
	awaitVerdict(t, n, 1, sampling.Available)
	if s := status(t, n); s.Witnesses != 0 || s.Warning == "" || s.Peers != 1 {
		t.Errorf("status %+v: want no witness and a warning of trust on first use", s)
	}
}

func TestWithholdingIsSeenAndRevised(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 4)
	withholder, bad := blocks.serve(t)
	withholder.withhold(3)
	_, good := blocks.serve(t)
	config := testConfig(t, blocks, bad)
	config.Samples = 64 // the default would miss the withholding once in three million runs
	deceived, _ := start(t, config)
	helped, _ := start(t, testConfig(t, blocks, bad, good))
	events := deceived.events.listen(t.Context(), 0)

	awaitVerdict(t, deceived, 3, sampling.Unavailable)
	awaitVerdict(t, helped, 3, sampling.Available)
	awaitVerdict(t, deceived, 4, sampling.Available)
	before, err := deceived.Availability(t.Context(), 3)
	if err != nil || before.Confidence != 0 || before.Verified == 0 || before.Verified == before.Samples {
		t.Errorf("unavailable height: %+v, %v", before, err)
	}
	if kept, err := deceived.ring.get(3); err != nil || len(kept.coords) != before.Verified {
		t.Errorf("the ring keeps %+v, %v; want the %d verified cells", kept, err, before.Verified)
	}

	withholder.set(func() { withholder.withheld = nil })
	awaitVerdict(t, deceived, 3, sampling.Available)
	after, err := deceived.Availability(t.Context(), 3)
	if err != nil || !slices.Equal(before.Coordinates, after.Coordinates) {
		t.Errorf("coordinates changed from %v to %v (%v)", before.Coordinates, after.Coordinates, err)
	}
	awaitEvent(t, events, 3, sampling.Unavailable)
	awaitEvent(t, events, 3, sampling.Available)
}

func awaitEvent(t *testing.T, events <-chan api.Event, height uint64, want sampling.Verdict) {
	t.Helper()
	for {
		select {
		case event := <-events:
			if report, ok := event.Data.(*AvailabilityReport); ok && report.Height == height && report.Verdict == want {
				return
			}
		case <-time.After(rig.Patience):
			t.Fatalf("no event says that height %d is %v", height, want)
		}
	}
}

func TestSilenceIsNeverAVerdict(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 2)
	source, host := blocks.serve(t)
	source.set(func() { source.stall = true })
	config := testConfig(t, blocks, host)
	config.Deadline, config.RequestTimeout, config.AlarmAfter = time.Second, 300*time.Millisecond, 3*time.Second
	n, _ := start(t, config)
	events := n.events.listen(t.Context(), 0)
	rig.Await(t, "height 2 was tried past its deadline", func() bool {
		report, err := n.Availability(t.Context(), 2)
		return err == nil && report.Checked != nil
	})
	rig.Await(t, "the alarm is raised", func() bool {
		return strings.Contains(status(t, n).Alarm, "of its 30 cells 0 came")
	})
	for height := uint64(1); height <= 2; height++ {
		if got := verdict(t, n, height); got != sampling.Pending {
			t.Errorf("height %d is %v though no cell ever came", height, got)
		}
	}
	source.set(func() { source.stall = false })
	awaitVerdict(t, n, 2, sampling.Available)
	awaitVerdict(t, n, 1, sampling.Available)
	rig.Await(t, "the alarm is lifted", func() bool { return status(t, n).Alarm == "" })
	raised := awaitAlarm(t, events)
	lifted := awaitAlarm(t, events)
	for lifted.Alarm != "" { // its cause became another first
		lifted = awaitAlarm(t, events)
	}
	if raised.Alarm == "" || lifted.Time.Before(raised.Time) {
		t.Errorf("events of the alarm: %+v, %+v", raised, lifted)
	}
}

// awaitAlarm returns the next event of an alarm.
func awaitAlarm(t *testing.T, events <-chan api.Event) *AlarmReport {
	t.Helper()
	for {
		select {
		case event := <-events:
			if report, ok := event.Data.(*AlarmReport); ok {
				return report
			}
		case <-time.After(rig.Patience):
			t.Fatal("no event of an alarm")
		}
	}
}

// A node that loses its last peer when some of a height's cells have come has not seen the others
// withheld; once there is somebody again who has them not, it has.
func TestCutOffHalfwayLeavesHeightsPending(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 1)
	withholder, bad := blocks.serve(t)
	withholder.withhold(1)
	config := testConfig(t, blocks, bad)
	config.Samples, config.Deadline = 64, 8*time.Second // the default would miss the withholding once in three million runs
	n, _ := start(t, config)
	rig.Await(t, "cells were asked for", func() bool { return len(withholder.askedFor()) >= 64 })
	rig.Await(t, "some came", func() bool { usage, _ := n.host.WireBytes(); return usage > 64<<10 })
	if err := bad.Close(); err != nil {
		t.Fatal(err)
	}
	rig.Await(t, "the height was tried past its deadline", func() bool {
		report, err := n.Availability(t.Context(), 1)
		return err == nil && report.Checked != nil
	})
	report, err := n.Availability(t.Context(), 1)
	if err != nil || report.Verdict != sampling.Pending || report.Verified == 0 || report.Verified == report.Samples || report.Confidence != 0 {
		t.Errorf("cut off halfway: %+v, %v", report, err)
	}
	again, other := blocks.serve(t)
	again.withhold(1)
	if _, err := n.host.Connect(t.Context(), other.Addresses()[0]); err != nil {
		t.Fatal(err)
	}
	awaitVerdict(t, n, 1, sampling.Unavailable)
}

func TestDeadPeersLeaveHeightsPending(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 2)
	source, host := blocks.serve(t)
	source.set(func() { source.stall = true })
	config := testConfig(t, blocks, host)
	config.Deadline, config.RequestTimeout, config.AlarmAfter = time.Second, 300*time.Millisecond, 2*time.Second
	n, _ := start(t, config)
	var drawn [2]*AvailabilityReport
	rig.Await(t, "coordinates are drawn", func() bool { return reportAll(t, n, drawn[:]) })
	if err := host.Close(); err != nil {
		t.Fatal(err)
	}
	rig.Await(t, "the alarm says that the node is cut off", func() bool { return strings.HasPrefix(status(t, n).Alarm, "cut off: no peer") })
	rig.Await(t, "the heights were tried past their deadline", func() bool {
		first, err := n.Availability(t.Context(), 1)
		second, err2 := n.Availability(t.Context(), 2)
		return err == nil && err2 == nil && first.Checked != nil && second.Checked != nil
	})
	if s := status(t, n); s.Heights.Pending != 2 || s.Heights.Available != 0 || s.Heights.Unavailable != 0 {
		t.Errorf("heights %+v: want both pending", s.Heights)
	}
}

func TestCoordinatesSurviveACrash(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 3)
	source, host := blocks.serve(t)
	source.set(func() { source.stall = true })
	config := testConfig(t, blocks, host)
	n, stop := start(t, config)
	rig.Await(t, "cells were asked for", func() bool { return len(source.askedFor()) > 0 })
	var before [3]*AvailabilityReport
	rig.Await(t, "coordinates are drawn", func() bool { return reportAll(t, n, before[:]) })
	// What a crash now would leave behind is what the disk holds while the node runs.
	crashed := t.TempDir()
	if err := os.CopyFS(crashed, os.DirFS(config.Home)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(crashed, "node.key"), 0o600); err != nil {
		t.Fatal(err)
	}
	stop()

	source.set(func() { source.stall, source.asked = false, nil })
	config.Home = crashed
	n, _ = start(t, config)
	drawn := make(map[[2]int]bool)
	for i, was := range before {
		awaitVerdict(t, n, uint64(i+1), sampling.Available)
		is, err := n.Availability(t.Context(), uint64(i+1))
		if err != nil || !slices.Equal(was.Coordinates, is.Coordinates) {
			t.Errorf("height %d: coordinates changed from %v to %v (%v)", i+1, was.Coordinates, is.Coordinates, err)
		}
		for _, coord := range was.Coordinates {
			drawn[coord] = true
		}
	}
	for _, coord := range source.askedFor() {
		if !drawn[[2]int{coord.Row, coord.Column}] {
			t.Errorf("cell %v was asked for; it was not drawn before the crash", coord)
		}
	}
}

// reportAll fills in the reports of heights 1 on, and tells whether all have coordinates.
func reportAll(t *testing.T, n *Node, reports []*AvailabilityReport) bool {
	t.Helper()
	for i := range reports {
		report, err := n.Availability(t.Context(), uint64(i+1))
		if err != nil || len(report.Coordinates) == 0 {
			return false
		}
		reports[i] = report
	}
	return true
}

func TestMoreSamplesAreDrawnForWhatIsPending(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 1)
	source, host := blocks.serve(t)
	source.set(func() { source.stall = true })
	config := testConfig(t, blocks, host)
	config.Samples = 16
	n, stop := start(t, config)
	var before [1]*AvailabilityReport
	rig.Await(t, "coordinates are drawn", func() bool { return reportAll(t, n, before[:]) })
	stop()
	source.set(func() { source.stall = false })
	config.Samples = 20
	n, _ = start(t, config)
	awaitVerdict(t, n, 1, sampling.Available)
	after, err := n.Availability(t.Context(), 1)
	if err != nil || after.Samples != 20 || after.Verified != 20 {
		t.Fatalf("%+v, %v: want 20 samples", after, err)
	}
	if !slices.Equal(before[0].Coordinates, after.Coordinates[:16]) {
		t.Errorf("coordinates %v became %v", before[0].Coordinates, after.Coordinates)
	}
}

func TestWindowBoundsWhatIsSampled(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 40)
	_, host := blocks.serve(t)
	config := testConfig(t, blocks, host)
	config.Trust, config.Window = blocks.trust(40), 20*time.Second
	n, _ := start(t, config)
	rig.Await(t, "the window is sampled", func() bool {
		s := status(t, n)
		return s.Head != nil && !s.Syncing && s.Heights.Unavailable == 0 // late cells have revised what was
	})
	s := status(t, n)
	if s.Heights.Oldest < 10 || s.Heights.Oldest > 30 || s.Heights.Available != int(40-s.Heights.Oldest+1) {
		t.Errorf("heights %+v of 40, a second each, in a window of 20 s", s.Heights)
	}
	if _, err := n.Availability(t.Context(), 1); !errors.Is(err, da.ErrPruned) {
		t.Errorf("a height below the window: %v", err)
	}
}
