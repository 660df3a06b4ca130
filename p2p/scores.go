package p2p

import (
	"math"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// How a peer's record turns into the odds of being asked, and into a ban.
const (
	halfLife     = 10 * time.Minute // of everything but bans
	banAt        = 3                // strikes that ban; garbage is one each
	violation    = 0.5              // strikes for a request that breaks the protocol
	firstBan     = 15 * time.Minute // doubles with each
	longestBan   = 24 * time.Hour
	bestWeight   = 8.0 // so that serving much does not buy all the questions
	worstWeight  = 1.0 / 16
	scoredPeers  = 4096 // beyond which the least informative record is forgotten
	verifiedUnit = 256  // verified cells that double an unknown peer's odds
	anyBan       = 1e12 // what a ban in force says: more than any record without one
)

// scores keeps a record of every peer. It is safe for concurrent use.
type scores struct {
	now func() time.Time

	mu    sync.Mutex
	peers map[peer.ID]*score // guarded by mu
}

// score is one peer's record as of a time; all but the bans decay by half each halfLife.
type score struct {
	at       time.Time
	verified float64 // cells that proved right
	failed   float64 // requests that came to nothing
	strikes  float64
	bans     int
	until    time.Time // of the ban
	newest   uint64    // height the peer is known to hold, 0 if not
	oldest   uint64    // height below which it has pruned, 0 if not known
}

func newScores(now func() time.Time) *scores {
	return &scores{now: now, peers: make(map[peer.ID]*score)}
}

// update changes a peer's record, and tells whether that banned it.
func (s *scores) update(id peer.ID, change func(*score)) (banned bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	record, known := s.peers[id]
	if !known {
		s.makeRoom(now)
		record = &score{at: now}
		s.peers[id] = record
	}
	record.decay(now)
	change(record)
	return record.judge(now)
}

func (s *score) decay(now time.Time) {
	factor := math.Exp2(-float64(now.Sub(s.at)) / float64(halfLife))
	s.verified *= factor
	s.failed *= factor
	s.strikes *= factor
	s.at = now
}

// judge bans a peer whose strikes suffice. What comes in while it is banned was asked before,
// and makes the ban no longer.
func (s *score) judge(now time.Time) bool {
	if s.until.After(now) {
		s.strikes = 0
	}
	if s.strikes < banAt-0.01 { // a little has decayed since the first
		return false
	}
	s.strikes = 0
	s.until = now.Add(min(firstBan<<min(s.bans, 16), longestBan))
	s.bans++
	return true
}

// makeRoom forgets the record that says least, and a ban in force, the one that ends
// first, only where there is nothing else.
func (s *scores) makeRoom(now time.Time) {
	if len(s.peers) < scoredPeers {
		return
	}
	var least peer.ID
	lowest := math.Inf(1)
	for id, record := range s.peers {
		if said := record.says(now); said < lowest {
			least, lowest = id, said
		}
	}
	delete(s.peers, least)
}

// says is how much forgetting the record would lose.
func (s *score) says(now time.Time) float64 {
	if left := s.until.Sub(now); left > 0 {
		return anyBan + left.Seconds()
	}
	s.decay(now)
	return s.verified/verifiedUnit + s.failed + 10*s.strikes
}

func (s *scores) banned(id peer.ID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	record, known := s.peers[id]
	return known && record.until.After(s.now())
}

// weight returns a peer's odds of being asked about a height, relative to others': 0 if
// it is banned or has pruned the height. Height 0 is the newest, which all have.
func (s *scores) weight(id peer.ID, height uint64) float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	record, known := s.peers[id]
	if !known {
		return 1
	}
	now := s.now()
	if record.until.After(now) || height != 0 && height < record.oldest {
		return 0
	}
	record.decay(now)
	weight := (1 + record.verified/verifiedUnit) / (1 + record.failed + 4*record.strikes)
	if record.newest < height && record.newest != 0 {
		weight /= 4
	}
	return min(max(weight, worstWeight), bestWeight)
}
