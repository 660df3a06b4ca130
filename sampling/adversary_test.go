package sampling

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// behaviour is what a peer does when asked for a cell.
type behaviour func(ctx context.Context, at erasure.Coord) (*kzg.Cell, kzg.Proof, error)

// honest serves the matrix.
func honest(f *fixture) behaviour {
	return func(_ context.Context, at erasure.Coord) (*kzg.Cell, kzg.Proof, error) {
		cell := *f.matrix.Cell(at)
		proof, _ := f.matrix.Proof(at)
		return &cell, proof, nil
	}
}

// silent never answers.
func silent(ctx context.Context, _ erasure.Coord) (*kzg.Cell, kzg.Proof, error) {
	<-ctx.Done()
	return nil, kzg.Proof{}, ctx.Err()
}

// empty holds nothing.
func empty(context.Context, erasure.Coord) (*kzg.Cell, kzg.Proof, error) {
	return nil, kzg.Proof{}, errors.New("not found")
}

// slow answers as another, later.
func slow(by time.Duration, as behaviour) behaviour {
	return func(ctx context.Context, at erasure.Coord) (*kzg.Cell, kzg.Proof, error) {
		select {
		case <-ctx.Done():
			return nil, kzg.Proof{}, ctx.Err()
		case <-time.After(by):
			return as(ctx, at)
		}
	}
}

// flipping serves cells of which one bit is wrong.
func flipping(f *fixture) behaviour {
	return func(ctx context.Context, at erasure.Coord) (*kzg.Cell, kzg.Proof, error) {
		cell, proof, err := honest(f)(ctx, at)
		cell[kzg.CellSize-1] ^= 1
		return cell, proof, err
	}
}

// overflowing serves scalars that are not less than the modulus.
func overflowing(f *fixture) behaviour {
	return func(ctx context.Context, at erasure.Coord) (*kzg.Cell, kzg.Proof, error) {
		cell, proof, err := honest(f)(ctx, at)
		cell[0] = 0xff
		return cell, proof, err
	}
}

// pointless serves proofs that are no points.
func pointless(f *fixture) behaviour {
	return func(ctx context.Context, at erasure.Coord) (*kzg.Cell, kzg.Proof, error) {
		cell, _, err := honest(f)(ctx, at)
		return cell, kzg.Proof{1}, err
	}
}

// elsewhere serves a cell and a proof that hold, of the coordinate one further on.
func elsewhere(f *fixture) behaviour {
	return func(ctx context.Context, at erasure.Coord) (*kzg.Cell, kzg.Proof, error) {
		at.Column = (at.Column + 1) % kzg.Columns
		return honest(f)(ctx, at)
	}
}

// withholding serves all but a smallest unrecoverable set.
func withholding(f *fixture) behaviour {
	withheld := map[erasure.Coord]bool{}
	for _, at := range erasure.Withholding(f.matrix.K()) {
		withheld[at] = true
	}
	return func(ctx context.Context, at erasure.Coord) (*kzg.Cell, kzg.Proof, error) {
		if withheld[at] {
			return empty(ctx, at)
		}
		return honest(f)(ctx, at)
	}
}

func TestSamplerAgainstAdversaries(t *testing.T) {
	f := fixtureOf(t)
	for _, test := range []struct {
		name    string
		peers   map[string]behaviour
		verdict Verdict
		took    time.Duration // exactly, if not 0
		garbler string        // who must have been named
	}{
		{"all honest", map[string]behaviour{"a": honest(f), "b": honest(f)}, Available, 0, ""},
		{"nobody there", nil, Pending, time.Minute, ""},
		{"nobody answers", map[string]behaviour{"a": silent, "b": silent}, Pending, time.Minute, ""},
		{"nobody holds it", map[string]behaviour{"a": empty}, Pending, time.Minute, ""},
		{"all slow", map[string]behaviour{"a": slow(4*time.Second, honest(f))}, Available, 4 * time.Second, ""},
		{"all too slow", map[string]behaviour{"a": slow(11*time.Second, honest(f))}, Pending, time.Minute, ""},
		{"one honest, one too slow", map[string]behaviour{"a": honest(f), "b": slow(11*time.Second, honest(f))}, Available, time.Second, ""},
		{"one honest, one silent", map[string]behaviour{"a": honest(f), "b": silent}, Available, time.Second, ""},
		{"one honest, one empty", map[string]behaviour{"a": honest(f), "b": empty}, Available, 0, ""},
		{"wrong bits", map[string]behaviour{"a": honest(f), "bad": flipping(f)}, Available, 0, "bad"},
		{"wrong scalars", map[string]behaviour{"a": honest(f), "bad": overflowing(f)}, Available, 0, "bad"},
		{"wrong points", map[string]behaviour{"a": honest(f), "bad": pointless(f)}, Available, 0, "bad"},
		{"wrong coordinate", map[string]behaviour{"a": honest(f), "bad": elsewhere(f)}, Available, 0, "bad"},
		{"wrong bits only", map[string]behaviour{"bad": flipping(f)}, Pending, time.Minute, "bad"},
		{"wrong coordinate only", map[string]behaviour{"bad": elsewhere(f)}, Pending, time.Minute, "bad"},
		{"one bad of three, late", map[string]behaviour{"a": honest(f), "b": silent, "bad": slow(time.Second, flipping(f))}, Available, 0, "bad"},
		{"withheld", map[string]behaviour{"a": withholding(f), "b": withholding(f)}, Unavailable, time.Minute, ""},
		{"withheld by all but one", map[string]behaviour{"a": honest(f), "b": withholding(f), "c": empty}, Available, 0, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := sample(t, t.Context(), f, test.peers)
				if s.err != nil || s.Verdict != test.verdict {
					t.Errorf("%+v (%v), want %v", s.Availability, s.err, test.verdict)
				}
				if test.took != 0 && s.took != test.took {
					t.Errorf("took %v, want %v", s.took, test.took)
				}
				if test.garbler != "" && s.garbled[test.garbler] == 0 {
					t.Errorf("%s was not named: %v", test.garbler, s.garbled)
				}
				delete(s.garbled, test.garbler)
				if len(s.garbled) != 0 || s.delivered[test.garbler] != 0 {
					t.Errorf("blamed %v, credited %v", s.garbled, s.delivered)
				}
			})
		})
	}
}

// Once every peer has failed a cell there is nobody left to ask for it, again and again until
// the deadline. What the peers did is still what is told of it.
func TestNobodyLeftToAskForgetsNothing(t *testing.T) {
	f := fixtureOf(t)
	for _, test := range []struct {
		name                       string
		peers                      map[string]behaviour
		asked                      int
		refused, timedOut, garbled int
	}{
		{"nobody there", nil, 0, 0, 0, 0},
		{"all refuse", map[string]behaviour{"a": empty}, 1, 24, 0, 0},
		{"all silent", map[string]behaviour{"a": silent}, 1, 0, 24, 0},
		{"all lie", map[string]behaviour{"bad": flipping(f)}, 1, 0, 0, 24},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := sample(t, t.Context(), f, test.peers).Availability
				if a.Verdict != Pending || a.Peers != test.asked || a.Refused != test.refused || a.TimedOut != test.timedOut || a.Garbled != test.garbled {
					t.Errorf("%+v, want %+v", a, test)
				}
			})
		})
	}
}

// A node that loses its last peer after some cells has not seen them withheld: the height stays
// pending, whether requests were under way or not.
func TestCutOffHalfwayIsPending(t *testing.T) {
	f := fixtureOf(t)
	for name, then := range map[string]behaviour{"its requests fail": empty, "its requests hang": silent} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &sampled{delivered: map[string]int{}, garbled: map[string]int{}, network: &network{}, session: newSession(t, 1, 2, 24)}
				served := 0
				s.network.peers = map[string]behaviour{"a": func(ctx context.Context, at erasure.Coord) (*kzg.Cell, kzg.Proof, error) {
					s.network.mu.Lock()
					served++
					gone := served > 9
					s.network.mu.Unlock()
					if gone {
						s.network.ban("a")
						return then(ctx, at)
					}
					return honest(f)(ctx, at)
				}}
				s.sample(t, t.Context(), f)
				if s.err != nil || s.Verdict != Pending || s.Verified != 9 || s.Confidence != 0 {
					t.Errorf("%+v (%v), want 9 cells verified and no verdict", s.Availability, s.err)
				}
				s.network.banned, s.network.peers = nil, map[string]behaviour{"b": withholding(f)}
				s.sample(t, t.Context(), f)
				if s.err != nil || s.Verdict != Unavailable {
					t.Errorf("%+v (%v), want unavailable once there is somebody who withholds", s.Availability, s.err)
				}
			})
		})
	}
}

// What was withheld until the deadline and comes afterwards turns the verdict.
func TestLateCellsReviseTheVerdict(t *testing.T) {
	f := fixtureOf(t)
	synctest.Test(t, func(t *testing.T) {
		s := sample(t, t.Context(), f, map[string]behaviour{"a": withholding(f)})
		if s.Verdict != Unavailable {
			t.Fatalf("withheld: %+v", s.Availability)
		}
		s.network.peers["a"] = honest(f)
		if s.run(t.Context(), f); s.Verdict != Available || s.Confidence == 0 {
			t.Errorf("published late: %+v (%v)", s.Availability, s.err)
		}
	})
}

// An honest peer among twenty hostile ones is found in time, whatever they do: each cell goes to
// another peer as soon as one fails it, or keeps it waiting.
func TestOneHonestPeerIsFoundAmongTwenty(t *testing.T) {
	f := fixtureOf(t)
	const inTime = 30 * time.Second
	for name, hostile := range map[string]behaviour{
		"silent": silent, "empty": empty, "lying": flipping(f), "withholding": withholding(f),
		"late to refuse": slow(900*time.Millisecond, empty), "late to lie": slow(900*time.Millisecond, flipping(f)), "too slow": slow(11*time.Second, honest(f)),
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(3) {
				synctest.Test(t, func(t *testing.T) {
					peers := map[string]behaviour{"honest": honest(f)}
					for i := range 20 {
						peers[fmt.Sprint("hostile ", i)] = hostile
					}
					s := sampled{delivered: map[string]int{}, garbled: map[string]int{}, network: &network{peers: peers, random: rand.New(rand.NewPCG(seed, 20))}, session: newSession(t, seed, 2, 30)}
					s.sample(t, t.Context(), f)
					if s.err != nil || s.Verdict != Available || s.took > inTime {
						t.Errorf("seed %d: %+v (%v) after %v, want available within %v", seed, s.Availability, s.err, s.took, inTime)
					}
				})
			}
		})
	}
}

// What comes from a peer that was given up on counts, once.
func TestWhatIsOverdueStillCounts(t *testing.T) {
	f := fixtureOf(t)
	synctest.Test(t, func(t *testing.T) {
		s := sample(t, t.Context(), f, map[string]behaviour{"a": slow(3*time.Second, honest(f)), "b": slow(3500*time.Millisecond, honest(f))})
		if s.Verdict != Available || s.took > 5*time.Second || s.delivered["a"]+s.delivered["b"] != 24 {
			t.Errorf("%+v after %v, delivered %v", s.Availability, s.took, s.delivered)
		}
		if len(s.network.asked) > 48 {
			t.Errorf("two peers were asked for 24 cells %d times", len(s.network.asked))
		}
	})
}
