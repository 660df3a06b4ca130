package sampling

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// fixture is a square of two rows with all its cells and proofs.
type fixture struct {
	setup       *kzg.Setup
	matrix      *erasure.ExtendedMatrix
	commitments []kzg.Commitment
}

var square = sync.OnceValues(func() (*fixture, error) {
	setup, err := kzg.NewSetup()
	if err != nil {
		return nil, err
	}
	f := &fixture{setup: setup}
	var rows []*kzg.Row
	var proofs [][]kzg.Proof
	for i := range 2 {
		row := new(kzg.Row)
		for j := range row {
			row[j] = byte(i + j*j + 1)
			if j%kzg.ScalarSize == 0 {
				row[j] = 0
			}
		}
		commitment, err := setup.Commit(row)
		if err != nil {
			return nil, err
		}
		_, all, err := setup.ComputeCellsAndProofs(row)
		if err != nil {
			return nil, err
		}
		rows, f.commitments, proofs = append(rows, row), append(f.commitments, commitment), append(proofs, all[:])
	}
	f.matrix, err = erasure.Extend(setup, rows, f.commitments, proofs)
	return f, err
})

func fixtureOf(t *testing.T) *fixture {
	t.Helper()
	f, err := square()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// network is a CellGetter over named peers, which are asked in turn, or at random if that is
// given.
type network struct {
	peers  map[string]behaviour
	random *rand.Rand
	turn   int

	mu       sync.Mutex
	asked    []erasure.Coord // guarded by mu, like the rest
	requests int
	banned   map[string]bool
}

// GetCells leaves out what the peer refuses of several cells; to refuse all is its error.
func (n *network) GetCells(ctx context.Context, request Request) ([]Answer, error) {
	n.mu.Lock()
	n.asked = append(n.asked, request.Coords...)
	n.requests++
	n.mu.Unlock()
	answers, failures := make([]Answer, len(request.Coords)), make([]error, len(request.Coords))
	var cells sync.WaitGroup
	for i, coord := range request.Coords {
		cells.Go(func() {
			answers[i].Cell, answers[i].Proof, failures[i] = n.peers[request.From](ctx, coord)
		})
	}
	cells.Wait()
	if slices.ContainsFunc(answers, func(a Answer) bool { return a.Cell != nil }) {
		return answers, nil
	}
	return answers, failures[0]
}

func (n *network) PickPeer(_ uint64, not []string) (string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	var names []string
	for name := range n.peers {
		if !slices.Contains(not, name) && !n.banned[name] {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "", errors.New("nobody to ask")
	}
	slices.Sort(names)
	if n.random != nil {
		return names[n.random.IntN(len(names))], nil
	}
	n.turn++
	return names[n.turn%len(names)], nil
}

// ban has a peer asked no more.
func (n *network) ban(name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.banned == nil {
		n.banned = make(map[string]bool)
	}
	n.banned[name] = true
}

// sampled is what came of a run.
type sampled struct {
	Availability
	err       error
	took      time.Duration // of the bubble's time
	delivered map[string]int
	garbled   map[string]int
	network   *network
	session   *Session
	sampler   *Sampler
}

// sample runs a session of 24 cells over peers, in virtual time.
func sample(t *testing.T, ctx context.Context, f *fixture, peers map[string]behaviour) *sampled {
	t.Helper()
	s := &sampled{delivered: map[string]int{}, garbled: map[string]int{}, network: &network{peers: peers}, session: newSession(t, 1, 2, 24)}
	s.sample(t, ctx, f)
	return s
}

// sample makes the sampler and runs it. A network at random bans who lied three times, as hosts do.
func (s *sampled) sample(t *testing.T, ctx context.Context, f *fixture) {
	t.Helper()
	sampler, err := New(Config{
		Setup: f.setup, Getter: s.network, Log: slog.New(slog.DiscardHandler),
		Delivered: func(from string, at erasure.Coord, cell *kzg.Cell, proof kzg.Proof) {
			want, _ := f.matrix.Proof(at)
			if *cell != *f.matrix.Cell(at) || proof != want {
				t.Errorf("cell %v was delivered and is not the matrix's", at)
			}
			s.delivered[from]++
		},
		Garbled: func(from string, coords []erasure.Coord) {
			if s.garbled[from] += len(coords); s.network.random != nil {
				s.network.ban(from)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.sampler = sampler
	s.run(ctx, f)
}

func (s *sampled) run(ctx context.Context, f *fixture) {
	start := time.Now()
	s.Availability, s.err = s.sampler.Run(ctx, s.session, f.commitments)
	s.took = time.Since(start)
}

func TestCoordinatesArePersistedFirst(t *testing.T) {
	f := fixtureOf(t)
	synctest.Test(t, func(t *testing.T) {
		n := &network{peers: map[string]behaviour{"honest": honest(f)}}
		var stored [][]byte
		sampler, err := New(Config{Setup: f.setup, Getter: n, Log: slog.New(slog.DiscardHandler), Persist: func(_ context.Context, s *Session) error {
			if len(stored) == 0 && len(n.asked) != 0 {
				t.Error("cells were asked for before their coordinates were stored")
			}
			encoded, err := s.MarshalBinary()
			stored = append(stored, encoded)
			return err
		}})
		if err != nil {
			t.Fatal(err)
		}
		session := newSession(t, 1, 2, 24)
		if _, err := sampler.Run(t.Context(), session, f.commitments); err != nil {
			t.Fatal(err)
		}
		first, err := DecodeSession(stored[0])
		if err != nil || !slices.Equal(first.Coords(), session.Coords()) || first.Done() {
			t.Errorf("what was stored first is not the session before its first request (%v)", err)
		}
		if last, err := DecodeSession(stored[len(stored)-1]); err != nil || !last.Done() {
			t.Errorf("what was stored last is not the session at its end (%v)", err)
		}
	})
}

// All cells that fall to a peer are asked for at once, up to a bound.
func TestCellsOfAPeerAreAskedForTogether(t *testing.T) {
	f := fixtureOf(t)
	synctest.Test(t, func(t *testing.T) {
		for peers, requests := range map[int]int{1: 2, 2: 2, 8: 8} { // for 24 cells
			n := map[string]behaviour{}
			for i := range peers {
				n[string(rune('a'+i))] = honest(f)
			}
			if s := sample(t, t.Context(), f, n); s.Verdict != Available || s.network.requests != requests || len(s.network.asked) != 24 {
				t.Errorf("%d peers: %d requests for %d cells, want %d for 24", peers, s.network.requests, len(s.network.asked), requests)
			}
		}
	})
}

func TestNothingIsAskedIfPersistingFails(t *testing.T) {
	f := fixtureOf(t)
	synctest.Test(t, func(t *testing.T) {
		full := errors.New("disk full")
		n := &network{peers: map[string]behaviour{"honest": honest(f)}}
		sampler, err := New(Config{Setup: f.setup, Getter: n, Log: slog.New(slog.DiscardHandler), Persist: func(context.Context, *Session) error { return full }})
		if err != nil {
			t.Fatal(err)
		}
		a, err := sampler.Run(t.Context(), newSession(t, 1, 2, 24), f.commitments)
		if !errors.Is(err, full) || a.Verdict != Pending || len(n.asked) != 0 {
			t.Errorf("%v, %v after %d requests; want the error, pending and none", a.Verdict, err, len(n.asked))
		}
	})
}

func TestRestartAsksForTheSameCells(t *testing.T) {
	f := fixtureOf(t)
	synctest.Test(t, func(t *testing.T) {
		first := sample(t, t.Context(), f, map[string]behaviour{"mute": silent})
		encoded, err := first.session.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if first.session, err = DecodeSession(encoded); err != nil {
			t.Fatal(err)
		}
		before := first.network.asked
		first.network.asked, first.network.peers = nil, map[string]behaviour{"honest": honest(f)}
		first.run(t.Context(), f)
		if first.Verdict != Available {
			t.Errorf("after a restart: %+v, %v", first.Availability, first.err)
		}
		for _, coord := range first.network.asked {
			if !slices.Contains(before, coord) {
				t.Errorf("cell %v was drawn after a restart", coord)
			}
		}
	})
}

func TestRunEndsWithItsContext(t *testing.T) {
	f := fixtureOf(t)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		s := sample(t, ctx, f, map[string]behaviour{"mute": silent})
		if !errors.Is(s.err, context.DeadlineExceeded) || s.Verdict != Pending || s.took != 5*time.Second {
			t.Errorf("%v, %v after %v", s.Verdict, s.err, s.took)
		}
	})
}

// A node that is shut down has not waited long enough to call a block unavailable, and
// asks again for what was under way.
func TestShutdownIsNoDeadline(t *testing.T) {
	f := fixtureOf(t)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		s := sample(t, ctx, f, map[string]behaviour{"a": withholding(f), "b": silent})
		if s.Verdict != Pending || s.Verified == 0 {
			t.Errorf("shut down: %+v (%v)", s.Availability, s.err)
		}
		s.network.peers = map[string]behaviour{"honest": honest(f)}
		if s.run(t.Context(), f); s.Verdict != Available {
			t.Errorf("afterwards: %+v (%v)", s.Availability, s.err)
		}
	})
}

func TestRunRefusesOtherCommitments(t *testing.T) {
	f := fixtureOf(t)
	sampler, err := New(Config{Setup: f.setup, Getter: &network{}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sampler.Run(t.Context(), newSession(t, 1, 2, 4), f.commitments[:1]); !errors.Is(err, ErrBadSession) {
		t.Errorf("one commitment for two rows: %v", err)
	}
	if _, err := sampler.Run(t.Context(), newSession(t, 1, 2, 4), make([]kzg.Commitment, 2)); err == nil {
		t.Error("commitments that are no points were accepted")
	}
}

func TestNewRefuses(t *testing.T) {
	valid := Config{Setup: &kzg.Setup{}, Getter: &network{}, Log: slog.New(slog.DiscardHandler)}
	for name, corrupt := range map[string]func(*Config){
		"no setup":             func(c *Config) { c.Setup = nil },
		"no getter":            func(c *Config) { c.Getter = nil },
		"no log":               func(c *Config) { c.Log = nil },
		"negative deadline":    func(c *Config) { c.Deadline = -1 },
		"negative timeout":     func(c *Config) { c.RequestTimeout = -1 },
		"negative patience":    func(c *Config) { c.Patience = -1 },
		"negative concurrency": func(c *Config) { c.Concurrency = -1 },
	} {
		config := valid
		corrupt(&config)
		if _, err := New(config); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
