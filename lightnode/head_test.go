package lightnode

import (
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/p2p"
	"github.com/ashlar-da/ashlar/sampling"
	"github.com/ashlar-da/ashlar/testnet/rig"
)

// fiveAtATime returns a node that verifies every fifth height of ten, of hosts to come with it.
func fiveAtATime(t *testing.T, blocks *testBlocks, hosts ...*p2p.Host) *Node {
	t.Helper()
	config := testConfig(t, blocks, hosts...)
	config.Trust, config.CommitEvery = blocks.trust(10), 5
	n, _ := start(t, config)
	awaitVerdict(t, n, 10, sampling.Available)
	return n
}

// madeUp changes headers above a height into others that link to the chain as it is: well-formed,
// and signed by strangers.
func madeUp(t *testing.T, above int64) func(*p2p.Header) *p2p.Header {
	t.Helper()
	strangers := newTestBlocks(t, 0)
	strangers.keys = strangers.keys[32:]
	return func(h *p2p.Header) *p2p.Header {
		if h.Signed.Height <= above {
			return h
		}
		set, keys := strangers.validators(1)
		header := *h.Signed.Header
		header.ValidatorsHash, header.ProposerAddress = set.Hash(), set.Validators[0].Address
		return &p2p.Header{Signed: sign(t, &header, set, keys), Validators: set, Proof: h.Proof}
	}
}

// A header that links to the last verified one, with cells that are all there, is not believed as
// long as no commit covers it: whoever makes them up is found out at the turn.
func TestHeadersMadeUpAreNeverJudged(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 10)
	liar, host := blocks.serve(t)
	n := fiveAtATime(t, blocks, host)
	liar.set(func() { liar.alter = madeUp(t, 10) })
	for range 7 {
		blocks.grow(fullBlock)
	}
	rig.Await(t, "the liar is banned", func() bool { return n.host.Banned(host.ID()) })
	rig.Await(t, "the node says why it has no newer head", func() bool { return status(t, n).HeadError != "" })
	if s := status(t, n); s.Heights.Newest != 10 {
		t.Errorf("status %+v: nothing above 10 is the chain's", s)
	}
	if _, err := n.Availability(t.Context(), 11); !errors.Is(err, da.ErrFutureHeight) {
		t.Errorf("a header made up: %v, want %v", err, da.ErrFutureHeight)
	}
	if signed := liar.signed(); len(signed) > 16 { // a few on the way to each, three times
		t.Errorf("before the liar was banned it was asked for commits of heights %v", signed)
	}
}

// A witness that claims another header, and shows a commit of strangers or none, neither stops
// the node nor is asked again and again.
func TestLyingWitnessesAreStruck(t *testing.T) {
	t.Parallel()
	for name, alone := range map[string]bool{"with a commit": false, "without one": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			blocks := newTestBlocks(t, 10)
			_, first := blocks.serve(t)
			_, second := blocks.serve(t)
			liar, host := blocks.serve(t)
			n := fiveAtATime(t, blocks, first, second, host)
			liar.set(func() { liar.alter, liar.alone = madeUp(t, 10), alone })
			for turn := uint64(15); !n.host.Banned(host.ID()); turn += 5 {
				for range 5 {
					blocks.grow(emptyBlock)
				}
				awaitVerdict(t, n, turn, sampling.Available)
				if turn > 60 {
					t.Fatalf("after %d turns the liar is not banned", turn/5-2)
				}
			}
			if signed := liar.signed(); len(signed) > 20 { // a few on the way to each of three turns
				t.Errorf("the liar was asked for commits of heights %v", signed)
			}
		})
	}
}

// invalidOnTheWay makes up headers above 10, such that those on the way to a turn are invalid by themselves: older than the
// chain.
func invalidOnTheWay(t *testing.T, blocks *testBlocks) func(*p2p.Header) *p2p.Header {
	t.Helper()
	strangers := newTestBlocks(t, 0)
	strangers.keys = strangers.keys[32:]
	return func(h *p2p.Header) *p2p.Header {
		if h.Signed.Height <= 10 {
			return h
		}
		set, keys := strangers.validators(1)
		header := *h.Signed.Header
		header.ValidatorsHash, header.ProposerAddress = set.Hash(), set.Validators[0].Address
		if header.Height%5 != 0 {
			header.Time = blocks.start
		}
		return &p2p.Header{Signed: sign(t, &header, set, keys), Validators: set, Proof: h.Proof}
	}
}

// A source whose headers do not verify is struck for it, and not the witness that the light client goes on with.
func TestWhoTakesALiarsPlaceIsNotStruck(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 10)
	_, good := blocks.serve(t)
	liar, bad := blocks.serve(t)
	config := testConfig(t, blocks, good, bad)
	log := &logged{}
	config.Trust, config.CommitEvery, config.Log = blocks.trust(10), 5, slog.New(slog.NewTextHandler(log, nil))
	n, _ := start(t, config)
	rig.Await(t, "both vouch for the first header", func() bool { return status(t, n).Witnesses == 1 })
	liar.set(func() { liar.alter = invalidOnTheWay(t, blocks) })
	for turn := uint64(15); !n.host.Banned(bad.ID()); turn += 5 {
		for range 5 {
			blocks.grow(emptyBlock)
		}
		awaitVerdict(t, n, turn, sampling.Available)
		if turn > 100 {
			t.Fatalf("after %d turns the liar is not banned", turn/5-2)
		}
	}
	if strings.Contains(log.String(), "peer sent garbage\" peer="+good.ID().String()) {
		t.Error("the honest peer was struck")
	}
}

// Peers that serve headers and no commit stall a node, which says so and believes nothing.
func TestHeadersWithoutCommitsAreAnAlarm(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 10)
	source, host := blocks.serve(t)
	config := testConfig(t, blocks, host)
	config.Trust, config.CommitEvery, config.AlarmAfter = blocks.trust(10), 5, 2*time.Second
	n, _ := start(t, config)
	awaitVerdict(t, n, 10, sampling.Available)
	source.set(func() { source.alone = true })
	asked, began := len(source.signed()), time.Now()
	for range 7 {
		blocks.grow(fullBlock)
	}
	rig.Await(t, "the alarm is raised, and the node says why", func() bool { s := status(t, n); return s.Alarm != "" && s.HeadError != "" })
	if s := status(t, n); s.Heights.Newest != 10 {
		t.Errorf("status %+v: no commit covers a height above 10", s)
	}
	if have, most := len(source.signed())-asked, 2*int(time.Since(began)/headPause)+2; have > most {
		t.Errorf("the peer was asked for a commit %d times, at most %d", have, most)
	}
	source.set(func() { source.alone = false })
	awaitVerdict(t, n, 15, sampling.Available)
	if n.host.Banned(host.ID()) {
		t.Error("a peer that has no commit is banned")
	}
}

// What a peer was not asked for it did not send: of the headers between, no commits.
func TestHeadersBetweenComeAlone(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 10)
	source, host := blocks.serve(t)
	config := testConfig(t, blocks, host)
	config.Trust = blocks.trust(10)
	n, _ := start(t, config)
	for height := uint64(1); height <= 10; height++ {
		awaitVerdict(t, n, height, sampling.Available)
	}
	if signed := source.signed(); !slices.Equal(slices.Compact(signed), []int64{10}) {
		t.Errorf("commits of heights %v were asked for, want those of 10", signed)
	}
	if _, err := n.host.GetHeader(t.Context(), host.ID(), p2p.HeaderRequest{Height: 11, Alone: true}); err == nil || errors.Is(err, p2p.ErrGarbage) {
		t.Errorf("a header that does not exist: %v", err)
	}
}
