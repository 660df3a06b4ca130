package sampling

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// ErrBadSession means that a session cannot be: no such square, no samples, or bytes
// that encode none.
var ErrBadSession = errors.New("sampling: bad session")

// DefaultSamples is s: at 64 rows 1.3·10⁻⁴ of unrecoverable squares pass.
const DefaultSamples = 30

// maxK is the largest number of original rows a square may have.
const maxK = 256

// Block is what a session is about. K is the number of original rows, 0 to 256.
type Block struct {
	Height   uint64
	Hash     [32]byte
	DataRoot [32]byte
	K        int
}

// cells returns the number of cells of the extended matrix.
func (b Block) cells() int { return 2 * b.K * kzg.Columns }

// Outcome is what came of asking for a cell.
type Outcome uint8

const (
	// Unasked means that there was nobody to ask.
	Unasked Outcome = iota
	// Refused means that the peer does not hold the cell, or would not serve it.
	Refused
	// TimedOut means that the peer did not answer in time.
	TimedOut
	// Garbled means that what the peer sent, this cell among it, does not all prove right.
	Garbled
	// Verified means that the cell proved right.
	Verified
)

var outcomes = [...]string{"unasked", "refused", "timed out", "garbled", "verified"}

// String names the outcome.
func (o Outcome) String() string {
	if int(o) < len(outcomes) {
		return outcomes[o]
	}
	return fmt.Sprintf("outcome %d", uint8(o))
}

// MarshalText encodes the outcome as the API names it.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (o *Outcome) UnmarshalText(text []byte) error {
	i := slices.Index(outcomes[:], string(text))
	if i < 0 {
		return fmt.Errorf("sampling: %q is no outcome", text)
	}
	*o = Outcome(i)
	return nil
}

// Session decides about one block. It is a value of its inputs and is not safe for
// concurrent use.
type Session struct {
	block   Block
	draws   []draw
	at      map[erasure.Coord]int // index into draws
	peers   map[string]*Tally     // who was asked
	expired bool
}

// draw is one coordinate drawn.
type draw struct {
	coord    erasure.Coord
	standing standing
	last     Outcome
	attempts int
}

// standing is whether a coordinate may be asked for.
type standing uint8

const (
	waiting standing = iota // to be asked for
	asked                   // under way
	resting                 // failed; until Retry
	settled                 // verified
)

// NewSession draws distinct coordinates of a block from random, which must be
// cryptographically secure and nobody else's; as many as there are if samples is more.
// A block of no rows needs none.
func NewSession(random io.Reader, block Block, samples int) (*Session, error) {
	if block.K < 0 || block.K > maxK || samples < 1 {
		return nil, fmt.Errorf("%w: %d samples of a square of %d rows", ErrBadSession, samples, block.K)
	}
	s := emptySession(block)
	return s, s.Raise(random, samples)
}

func emptySession(block Block) *Session {
	return &Session{block: block, at: make(map[erasure.Coord]int), peers: make(map[string]*Tally)}
}

// Raise draws more coordinates until there are samples; fewer changes nothing. The new
// state must be persisted before the next request, like a session's first.
func (s *Session) Raise(random io.Reader, samples int) error {
	cells := s.block.cells()
	for len(s.draws) < min(samples, cells) {
		i, err := uniform(random, cells)
		if err != nil {
			return fmt.Errorf("sampling: drawing coordinates: %w", err)
		}
		s.add(draw{coord: erasure.Coord{Row: i / kzg.Columns, Column: i % kzg.Columns}})
	}
	return nil
}

// add appends a draw unless its coordinate was drawn before.
func (s *Session) add(d draw) bool {
	if _, drawn := s.at[d.coord]; drawn {
		return false
	}
	s.at[d.coord] = len(s.draws)
	s.draws = append(s.draws, d)
	return true
}

// uniform draws a number in [0, n), n at most 2¹⁶, every one as likely.
func uniform(random io.Reader, n int) (int, error) {
	const space = 1 << 32
	var word [4]byte
	for {
		if _, err := io.ReadFull(random, word[:]); err != nil {
			return 0, err
		}
		if v := uint64(binary.BigEndian.Uint32(word[:])); v < space-space%uint64(n) {
			return int(v % uint64(n)), nil
		}
	}
}

// Block returns what the session is about.
func (s *Session) Block() Block { return s.block }

// Coords returns all coordinates, in the order drawn.
func (s *Session) Coords() []erasure.Coord {
	coords := make([]erasure.Coord, len(s.draws))
	for i, d := range s.draws {
		coords[i] = d.coord
	}
	return coords
}

// Next returns up to n coordinates to ask for now, those least often asked first, and
// takes them to be under way until they are delivered.
func (s *Session) Next(n int) []erasure.Coord {
	var due []int
	for i := range s.draws {
		if s.draws[i].standing == waiting {
			due = append(due, i)
		}
	}
	slices.SortStableFunc(due, func(a, b int) int { return s.draws[a].attempts - s.draws[b].attempts })
	due = due[:min(max(n, 0), len(due))]
	coords := make([]erasure.Coord, len(due))
	for j, i := range due {
		s.draws[i].standing = asked
		s.draws[i].attempts++
		coords[j] = s.draws[i].coord
	}
	return coords
}

// Deliver notes what came of asking a peer for a cell. It counts whether or not the cell
// was under way, late ones too; coordinates never drawn and cells verified before are
// passed over. That nobody was there to ask does not undo what those asked before did.
func (s *Session) Deliver(coord erasure.Coord, from string, outcome Outcome) {
	i, drawn := s.at[coord]
	if !drawn || s.draws[i].standing == settled || outcome > Verified {
		return
	}
	s.draws[i].standing = resting
	if outcome == Unasked {
		return
	}
	s.tally(from).count(outcome)
	s.draws[i].last = outcome
	if outcome == Verified {
		s.draws[i].standing = settled
	}
}

// tally returns a peer's, which is made if there is none.
func (s *Session) tally(peer string) *Tally {
	if s.peers[peer] == nil {
		s.peers[peer] = &Tally{Peer: peer}
	}
	return s.peers[peer]
}

// Asked returns what came of asking each peer since the session was made or decoded, who
// delivered most first.
func (s *Session) Asked() []Tally {
	tallies := make([]Tally, 0, len(s.peers))
	for _, tally := range s.peers {
		tallies = append(tallies, *tally)
	}
	slices.SortFunc(tallies, Tally.compare)
	return tallies
}

// Outcomes returns what last came of asking for each coordinate, in the order of Coords.
func (s *Session) Outcomes() []Outcome {
	outcomes := make([]Outcome, len(s.draws))
	for i, d := range s.draws {
		outcomes[i] = d.last
	}
	return outcomes
}

// has tells whether a cell proved right.
func (s *Session) has(coord erasure.Coord) bool {
	i, drawn := s.at[coord]
	return drawn && s.draws[i].standing == settled
}

// Retry lets what has failed be asked for again.
func (s *Session) Retry() {
	for i := range s.draws {
		if s.draws[i].standing == resting {
			s.draws[i].standing = waiting
		}
	}
}

// Again lets one cell be asked for again at once, be it that it has failed or that a request
// for it is under way still.
func (s *Session) Again(coord erasure.Coord) {
	if i, drawn := s.at[coord]; drawn && s.draws[i].standing != settled {
		s.draws[i].standing = waiting
	}
}

// Expire tells that the deadline passed. It takes what is under way to be late.
func (s *Session) Expire() {
	s.expired = true
	for i := range s.draws {
		if s.draws[i].standing == asked {
			s.draws[i].standing, s.draws[i].last = resting, TimedOut
		}
	}
}

// Done tells whether every cell proved right: nothing can change the verdict any more.
func (s *Session) Done() bool { return s.count(Verified) == len(s.draws) }

// Availability returns the verdict as things stand.
func (s *Session) Availability() Availability {
	a := Availability{
		Height: s.block.Height, Samples: len(s.draws), Peers: len(s.peers),
		Verified: s.count(Verified), Refused: s.count(Refused), TimedOut: s.count(TimedOut), Garbled: s.count(Garbled),
	}
	if s.block.K > 0 {
		a.Miss = erasure.MissProbability(s.block.K, a.Verified)
	}
	switch {
	case a.Verified == a.Samples:
		a.Verdict, a.Confidence = Available, 1-a.Miss
	case s.expired && a.Verified > 0:
		a.Verdict = Unavailable
	}
	return a
}

// count returns how many coordinates were last answered so.
func (s *Session) count(outcome Outcome) int {
	n := 0
	for _, d := range s.draws {
		if d.last == outcome {
			n++
		}
	}
	return n
}
