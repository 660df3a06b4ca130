package p2p

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// hands is a clock that tests turn.
type hands struct{ at time.Time }

func (h *hands) now() time.Time { return h.at }

func (h *hands) turn(d time.Duration) { h.at = h.at.Add(d) }

func strike(n float64) func(*score) { return func(s *score) { s.strikes += n } }

func TestBansGrowAndEnd(t *testing.T) {
	clock := &hands{time.Unix(0, 0)}
	s := newScores(clock.now)
	for i, want := range []time.Duration{firstBan, 2 * firstBan, 4 * firstBan} {
		for j := range banAt {
			if s.banned("a") {
				t.Fatalf("ban %d after %d strikes", i, j)
			}
			s.update("a", strike(1))
		}
		for range 2 * banAt { // on their way when it was banned
			if s.update("a", strike(1)) {
				t.Errorf("ban %d: banned anew", i)
			}
		}
		clock.turn(want - time.Second)
		if !s.banned("a") || s.weight("a", 1) != 0 {
			t.Errorf("ban %d was over before %v", i, want)
		}
		if clock.turn(2 * time.Second); s.banned("a") || s.weight("a", 1) == 0 {
			t.Errorf("ban %d was not over after %v", i, want)
		}
	}
}

func TestStrikesAreForgotten(t *testing.T) {
	clock := &hands{time.Unix(0, 0)}
	s := newScores(clock.now)
	for range 100 {
		if s.update("a", strike(1)) {
			t.Fatal("one piece of garbage each hour banned")
		}
		clock.turn(time.Hour)
	}
}

func TestBanNeverExceedsTheLongest(t *testing.T) {
	record := &score{bans: 1 << 20, strikes: banAt}
	now := time.Unix(0, 0)
	if !record.judge(now) || record.until.Sub(now) != longestBan {
		t.Errorf("the ban after many lasts %v", record.until.Sub(now))
	}
}

func TestWeight(t *testing.T) {
	for _, test := range []struct {
		name   string
		record func(*score)
		height uint64
		want   float64
	}{
		{"nothing known", func(*score) {}, 5, 1},
		{"work verified", func(s *score) { s.verified = verifiedUnit }, 5, 2},
		{"much work verified", func(s *score) { s.verified = 1e9 }, 5, bestWeight},
		{"a failure", func(s *score) { s.failed = 1 }, 5, 0.5},
		{"a strike", func(s *score) { s.strikes = 1 }, 5, 0.2},
		{"many failures", func(s *score) { s.failed = 1e9 }, 5, worstWeight},
		{"has pruned the height", func(s *score) { s.oldest = 6 }, 5, 0},
		{"keeps just the height", func(s *score) { s.oldest = 5 }, 5, 1},
		{"asked for the newest", func(s *score) { s.oldest = 6 }, 0, 1},
		{"has not announced the height", func(s *score) { s.newest = 4 }, 5, 0.25},
		{"has announced the height", func(s *score) { s.newest = 5 }, 5, 1},
	} {
		clock := &hands{time.Unix(0, 0)}
		s := newScores(clock.now)
		s.update("a", test.record)
		if got := s.weight("a", test.height); math.Abs(got-test.want) > 1e-9 {
			t.Errorf("%s: weight %v, want %v", test.name, got, test.want)
		}
	}
}

// However many peers appear, the records stay bounded and bans in force are kept.
func TestScoresAreBounded(t *testing.T) {
	clock := &hands{time.Unix(0, 0)}
	s := newScores(clock.now)
	s.update("bad", strike(banAt))
	for i := range scoredPeers + 500 {
		s.update(peer.ID(fmt.Sprint(i)), func(s *score) { s.failed++ })
	}
	if len(s.peers) > scoredPeers || !s.banned("bad") {
		t.Errorf("%d records; the ban holds: %t", len(s.peers), s.banned("bad"))
	}
}

// Nor do bans in force make them grow: the one that ends first is forgotten.
func TestBansAreBounded(t *testing.T) {
	clock := &hands{time.Unix(0, 0)}
	s := newScores(clock.now)
	for i := range scoredPeers + 500 {
		s.update(peer.ID(fmt.Sprint(i)), strike(banAt))
		clock.turn(time.Millisecond)
	}
	if last := peer.ID(fmt.Sprint(scoredPeers + 499)); len(s.peers) > scoredPeers || s.banned("0") || !s.banned(last) {
		t.Errorf("%d records; the first ban holds: %t, the last: %t", len(s.peers), s.banned("0"), s.banned(last))
	}
}

func TestDrawSharesByWeight(t *testing.T) {
	weights := []float64{1, 0, 2, 1}
	for _, test := range []struct {
		uniform float64
		want    int
	}{{0, 0}, {0.24, 0}, {0.26, 2}, {0.74, 2}, {0.76, 3}, {math.Nextafter(1, 0), 3}} {
		if got := draw(weights, test.uniform); got != test.want {
			t.Errorf("%v falls on %d, want %d", test.uniform, got, test.want)
		}
	}
}
