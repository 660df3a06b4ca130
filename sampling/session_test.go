package sampling

import (
	"bytes"
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// seeded returns a reproducible source of coordinates.
func seeded(seed uint64) *rand.ChaCha8 { return rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)}) }

func newSession(t *testing.T, seed uint64, k, samples int) *Session {
	t.Helper()
	s, err := NewSession(seeded(seed), Block{Height: 7, Hash: [32]byte{1}, DataRoot: [32]byte{2}, K: k}, samples)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestDrawsAreDistinctCellsOfTheMatrix(t *testing.T) {
	for _, test := range []struct{ k, samples, want int }{
		{1, 30, 30}, {1, 256, 256}, {1, 1000, 256}, {64, 30, 30}, {64, 70, 70}, {256, 4096, 4096}, {0, 30, 0},
	} {
		coords := newSession(t, 1, test.k, test.samples).Coords()
		seen := map[erasure.Coord]bool{}
		for _, c := range coords {
			if c.Row < 0 || c.Row >= 2*test.k || c.Column < 0 || c.Column >= kzg.Columns || seen[c] {
				t.Errorf("k %d: drew %v, outside the matrix or twice", test.k, c)
			}
			seen[c] = true
		}
		if len(coords) != test.want {
			t.Errorf("k %d, %d samples: drew %d coordinates, want %d", test.k, test.samples, len(coords), test.want)
		}
	}
}

// Every cell is as likely as any other: with 3 of 256·3 cells a draw, each is expected
// 250 times in 64,000 draws, and a binomial count strays 6 deviations once in 10⁹.
func TestDrawsAreUniform(t *testing.T) {
	const k, samples, trials = 3, 3, 64_000
	random := seeded(2)
	counts := make([]int, 256*k)
	for range trials {
		s, err := NewSession(random, Block{K: k}, samples)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range s.Coords() {
			counts[c.Row*kzg.Columns+c.Column]++
		}
	}
	expected := float64(samples*trials) / float64(len(counts))
	for i, n := range counts {
		if math.Abs(float64(n)-expected) > 6*math.Sqrt(expected) {
			t.Errorf("cell %d was drawn %d times, expected %.0f", i, n, expected)
		}
	}
}

// scripted yields words, then ends.
type scripted struct{ words []byte }

func (s *scripted) Read(p []byte) (int, error) {
	if len(s.words) == 0 {
		return 0, errors.New("out of entropy")
	}
	n := copy(p, s.words)
	s.words = s.words[n:]
	return n, nil
}

// 3·256 does not divide 2³²: the last 256 words would favour the first cells, and are
// drawn again.
func TestUniformRejectsTheRemainder(t *testing.T) {
	got, err := uniform(&scripted{[]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0xff, 0xff, 0xfe, 0xff}}, 768)
	if err != nil || got != 767 {
		t.Errorf("uniform: %d, %v; want 767, the last word below the remainder", got, err)
	}
}

func TestNewSessionRefuses(t *testing.T) {
	for _, test := range []struct{ k, samples int }{{-1, 30}, {257, 30}, {4, 0}, {4, -1}} {
		if _, err := NewSession(seeded(1), Block{K: test.k}, test.samples); !errors.Is(err, ErrBadSession) {
			t.Errorf("k %d, %d samples: %v, want ErrBadSession", test.k, test.samples, err)
		}
	}
	if _, err := NewSession(&scripted{make([]byte, 8)}, Block{K: 4}, 3); err == nil {
		t.Error("a session was drawn from a source that failed")
	}
}

func TestRaiseKeepsWhatWasDrawn(t *testing.T) {
	s := newSession(t, 3, 64, 10)
	before := s.Coords()
	for _, samples := range []int{5, 10, 25} {
		if err := s.Raise(seeded(4), samples); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(s.Coords()[:10], before) || len(s.Coords()) != max(10, samples) {
			t.Errorf("raised to %d: %v", samples, s.Coords())
		}
	}
}

func deliverAll(s *Session, from string, outcome Outcome) {
	for _, c := range s.Next(len(s.Coords())) {
		s.Deliver(c, from, outcome)
	}
}

// The table of the design, by exact arithmetic: the sampler's bound is
// Π (N−W−i)/(N−i) with N = 256k and W = 65(k+1).
func TestConfidenceIsHypergeometric(t *testing.T) {
	for _, test := range []struct {
		k, samples int
		below      float64
	}{
		{64, 16, 8.45e-3}, {64, 30, 1.35e-4}, {64, 47, math.Exp2(-20)}, {64, 70, math.Exp2(-30)}, {1, 30, 1}, {256, 30, 1},
	} {
		s := newSession(t, 5, test.k, test.samples)
		deliverAll(s, "a", Verified)
		a := s.Availability()
		exact, _ := hypergeometric(test.k, test.samples).Float64()
		if a.Verdict != Available || math.Abs(a.Miss-exact) > 1e-12*exact || a.Miss >= test.below || a.Confidence != 1-a.Miss {
			t.Errorf("k %d, %d samples: %+v, want a miss probability of %g below %g", test.k, test.samples, a, exact, test.below)
		}
	}
}

func hypergeometric(k, samples int) *big.Rat {
	total, withheld := int64(256*k), int64(65*(k+1))
	p := big.NewRat(1, 1)
	for i := range int64(samples) {
		p.Mul(p, big.NewRat(total-withheld-i, total-i))
	}
	return p
}

// Someone withholds a smallest unrecoverable set: sessions are fooled as often as the
// formula says, and the rest notice.
func TestEmptySquareNeedsNoSamples(t *testing.T) {
	s := newSession(t, 1, 0, 30)
	if a := s.Availability(); !s.Done() || a.Verdict != Available || a.Confidence != 1 {
		t.Errorf("an empty square is %+v", a)
	}
}

func TestStrayDeliveriesChangeNothing(t *testing.T) {
	s := newSession(t, 8, 64, 2)
	coords := s.Next(2)
	s.Deliver(coords[0], "a", Verified)
	before := s.Availability()
	s.Deliver(coords[0], "b", Garbled) // of a verified cell
	s.Deliver(erasure.Coord{Row: 400, Column: 3}, "b", Verified)
	s.Deliver(coords[1], "b", Verified+1)
	s.Deliver(coords[1], "", Unasked)
	if after := s.Availability(); after != before {
		t.Errorf("stray deliveries turned %+v into %+v", before, after)
	}
}

func TestSessionSurvivesEncoding(t *testing.T) {
	s := newSession(t, 9, 64, 30)
	for i, c := range s.Next(20) {
		s.Deliver(c, "a", []Outcome{Verified, Refused, TimedOut, Garbled}[i%4])
	}
	s.Expire()
	encoded, err := s.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	again, err := DecodeSession(encoded)
	if err != nil {
		t.Fatal(err)
	}
	if again.Block() != s.Block() || !slices.Equal(again.Coords(), s.Coords()) {
		t.Error("decoding changed the block or its coordinates")
	}
	got, want := again.Availability(), s.Availability()
	if want.Peers = 0; got != want || !slices.Equal(again.Outcomes(), s.Outcomes()) {
		t.Errorf("decoding turned %+v into %+v", want, got)
	}
	if due := again.Next(30); len(due) != 25 {
		t.Errorf("%d cells are due after decoding, want the 25 unverified", len(due))
	}
}

func TestDecodeSessionRefuses(t *testing.T) {
	valid, err := newSession(t, 10, 2, 3).MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name    string
		corrupt func([]byte) []byte
	}{
		{"nothing", func([]byte) []byte { return nil }},
		{"short head", func(b []byte) []byte { return b[:headSize-1] }},
		{"other version", func(b []byte) []byte { b[0]++; return b }},
		{"flag neither 0 nor 1", func(b []byte) []byte { b[1] = 2; return b }},
		{"too many rows", func(b []byte) []byte { b[74] = 0xff; return b }},
		{"no rows but draws", func(b []byte) []byte { b[75] = 0; return b }},
		{"no draws but rows", func(b []byte) []byte { b[79] = 0; return b[:headSize] }},
		{"count of millions", func(b []byte) []byte { b[76] = 0xff; return b }},
		{"a byte missing", func(b []byte) []byte { return b[:len(b)-1] }},
		{"a byte more", func(b []byte) []byte { return append(b, 0) }},
		{"row outside", func(b []byte) []byte { b[headSize+1] = 4; return b }},
		{"column outside", func(b []byte) []byte { b[headSize+2] = 128; return b }},
		{"an outcome there is not", func(b []byte) []byte { b[headSize+3] = byte(len(stored)); return b }},
		{"coordinate twice", func(b []byte) []byte { copy(b[headSize+4:], b[headSize:headSize+4]); return b }},
	} {
		if _, err := DecodeSession(test.corrupt(bytes.Clone(valid))); !errors.Is(err, ErrBadSession) {
			t.Errorf("%s: %v, want ErrBadSession", test.name, err)
		}
	}
}

func FuzzDecodeSession(f *testing.F) {
	for _, samples := range []int{1, 30} {
		s, err := NewSession(seeded(1), Block{Height: 3, K: 5}, samples)
		if err != nil {
			f.Fatal(err)
		}
		encoded, err := s.MarshalBinary()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(encoded)
	}
	f.Fuzz(func(t *testing.T, encoded []byte) {
		s, err := DecodeSession(encoded)
		if err != nil {
			return
		}
		again, err := s.MarshalBinary()
		if err != nil || !bytes.Equal(again, encoded) {
			t.Errorf("%x decodes to what encodes as %x (%v)", encoded, again, err)
		}
		s.Availability()
	})
}

func TestVerdictText(t *testing.T) {
	for v := Pending; v <= Invalid; v++ {
		text, err := v.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var again Verdict
		if err := again.UnmarshalText(text); err != nil || again != v {
			t.Errorf("%v became %v (%v)", v, again, err)
		}
	}
	if err := new(Verdict).UnmarshalText([]byte("probably")); err == nil {
		t.Error("probably is a verdict")
	}
	if a := InvalidBlock(9); a.Verdict != Invalid || a.Confidence != 0 || a.Height != 9 {
		t.Errorf("InvalidBlock: %+v", a)
	}
}

// What is told of a peer is what came of every request to it, not only of the last for a cell.
func TestAskedTalliesEveryRequest(t *testing.T) {
	s := newSession(t, 11, 64, 4)
	coords := s.Next(4)
	s.Deliver(coords[0], "b", Refused)
	s.Deliver(coords[0], "a", Garbled)
	s.Deliver(coords[0], "c", Verified)
	s.Deliver(coords[1], "b", TimedOut)
	s.Deliver(coords[1], "c", Verified)
	s.Deliver(coords[2], "", Unasked)
	s.Deliver(coords[3], "b", Verified)
	want := []Tally{{Peer: "c", Verified: 2}, {Peer: "b", Verified: 1, Refused: 1, TimedOut: 1}, {Peer: "a", Garbled: 1}}
	if got := s.Asked(); !slices.Equal(got, want) {
		t.Errorf("tallies %+v, want %+v", got, want)
	}
	if got := s.Outcomes(); !slices.Equal(got, []Outcome{Verified, Verified, Unasked, Verified}) {
		t.Errorf("outcomes %v", got)
	}
}
