package attesting

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/p2p"
)

// certificateOf has three of four sign a height.
func (c *fakeChain) certificateOf(t testing.TB, height uint64) *da.Certificate {
	t.Helper()
	signed := make([]da.AttestationSignature, 3)
	made := new(da.Certificate)
	for i := range signed {
		a := c.signed(t, i, height, 0)
		made.Attestation, signed[i] = *a.Attestation, a.Signature
		made.Signers.Add(i)
	}
	var err error
	if made.Signature, err = da.AggregateSignatures(signed); err != nil {
		t.Fatal(err)
	}
	return made
}

// rotationOf has three of four sign a rotation.
func (c *fakeChain) rotationOf(t testing.TB, epoch uint64) *da.SignedRotation {
	t.Helper()
	signed := make([]da.AttestationSignature, 3)
	made := new(da.SignedRotation)
	for i := range signed {
		a := c.rotated(t, i, epoch, 0)
		made.Rotation, signed[i] = *a.Rotation, a.Signature
		made.Signers.Add(i)
	}
	var err error
	if made.Signature, err = da.AggregateSignatures(signed); err != nil {
		t.Fatal(err)
	}
	return made
}

// source is a peer: a service of its own, or one that lies about what it has.
type source struct {
	*Service
	certificates func([]*da.Certificate)
	rotations    func([]*da.SignedRotation)
}

// world are the peers of a fetcher, asked in their order.
type world struct {
	order   []peer.ID
	sources map[peer.ID]*source
	asked   map[peer.ID]int
	struck  map[peer.ID]int
}

func (w *world) Pick(_ p2p.Protocol, _ uint64, not ...peer.ID) (peer.ID, error) {
	for _, id := range w.order {
		if !slices.Contains(not, id) && w.struck[id] < 3 {
			return id, nil
		}
	}
	return "", p2p.ErrNoPeer
}

func (w *world) GetCertificates(ctx context.Context, from peer.ID, first uint64, count int) ([]*da.Certificate, error) {
	w.asked[from]++
	if count < 1 || count > p2p.MaxCertificates {
		return nil, fmt.Errorf("asked for %d certificates", count)
	}
	got, err := w.sources[from].Certificates(ctx, first, count)
	if lie := w.sources[from].certificates; lie != nil {
		lie(got)
	}
	return got, err
}

func (w *world) GetRotations(ctx context.Context, from peer.ID, first uint64, count int) ([]*da.SignedRotation, error) {
	w.asked[from]++
	got, err := w.sources[from].Rotations(ctx, first, count)
	if lie := w.sources[from].rotations; lie != nil {
		lie(got)
	}
	return got, err
}

func (w *world) Verified(peer.ID, int)         {}
func (w *world) Garbage(from peer.ID, _ error) { w.struck[from]++ }

func newWorld() *world {
	return &world{sources: make(map[peer.ID]*source), asked: make(map[peer.ID]int), struck: make(map[peer.ID]int)}
}

// add adds a peer that has certificates of heights and rotations of epochs.
func (w *world) add(t *testing.T, chain *fakeChain, id peer.ID, heights, epochs []uint64) *source {
	t.Helper()
	archive := memoryArchive()
	for _, height := range heights {
		if err := archive.put(chain.certificateOf(t, height), true); err != nil {
			t.Fatal(err)
		}
	}
	for _, epoch := range epochs {
		if err := archive.putRotation(chain.rotationOf(t, epoch), true); err != nil {
			t.Fatal(err)
		}
	}
	service, err := New(Config{Chain: chain, Archive: archive, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	w.order = append(w.order, id)
	w.sources[id] = &source{Service: service}
	return w.sources[id]
}

// runFetcher runs a service that is at the chain's head and its fetcher in a bubble until the test ends.
func runFetcher(t *testing.T, chain *fakeChain, peers Peers, syncing func() bool) *Service {
	t.Helper()
	head, _ := chain.state()
	service, _ := runService(t, chain, &fakeSquares{tail: 1, contiguous: head}, nil, syncing)
	service.Stored(head)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- NewFetcher(service, peers).Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return service
}

func upTo(last uint64) (numbers []uint64) {
	for n := range last + 1 {
		numbers = append(numbers, n)
	}
	return numbers
}

// expectHeld compares what a service has of both kinds.
func expectHeld(t *testing.T, s *Service, heights, epochs []uint64) {
	t.Helper()
	got, err := s.config.Archive.numbers(certificateKey, 0, 1<<62)
	if err != nil || !slices.Equal(got, heights) {
		t.Errorf("certificates of %v, %v; want those of %v", got, err, heights)
	}
	if got, err = s.config.Archive.numbers(rotationKey, 0, 1<<62); err != nil || !slices.Equal(got, epochs) {
		t.Errorf("rotations of %v, %v; want those of %v", got, err, epochs)
	}
}

// TestMissedCertificatesAreFetched: a node that was away has, of the window and for all epochs whose sets it knows, what its
// peers have together; it asks for what comes into being later, and for what nobody has ever more rarely.
func TestMissedCertificatesAreFetched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chain, w := newChain(t, 150), newWorld()
		chain.window = 100
		a := w.add(t, chain, "a", upTo(100)[1:], upTo(9))
		w.add(t, chain, "b", upTo(146)[90:], upTo(14)[8:])
		service := runFetcher(t, chain, w, never)
		time.Sleep(fetchSoon + time.Second)
		expectHeld(t, service, upTo(146)[51:], upTo(14))

		before := w.asked["a"] + w.asked["b"]
		time.Sleep(5 * time.Minute)
		if asked := w.asked["a"] + w.asked["b"]; asked != before {
			t.Errorf("asked %d more times for what is all there", asked-before)
		}
		chain.grow(160)
		service.Stored(160)
		time.Sleep(time.Minute)
		if err := a.config.Archive.put(chain.certificateOf(t, 151), true); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		expectHeld(t, service, append(upTo(146)[51:], 151), upTo(14))
		if asked := w.asked["a"] + w.asked["b"] - before; asked > 100 {
			t.Errorf("asked %d times within an hour for what nobody has", asked)
		}
	})
}

// slow is peers that take their time.
type slow struct{ *world }

func (s slow) GetCertificates(ctx context.Context, from peer.ID, first uint64, count int) ([]*da.Certificate, error) {
	select {
	case <-time.After(20 * time.Second):
		return s.world.GetCertificates(ctx, from, first, count)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// TestSlowPeersDoNotHoldUpTheNewest: a node that has much to ask for asks for what is new soon, however slowly it gets the rest.
func TestSlowPeersDoNotHoldUpTheNewest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chain, w := newChain(t, 30*rangeSize), newWorld()
		chain.window = 30 * rangeSize
		a := w.add(t, chain, "a", nil, nil)
		service := runFetcher(t, chain, slow{w}, never)
		time.Sleep(fetchSoon + 2*time.Minute)
		chain.grow(30*rangeSize + 8)
		newest := uint64(30*rangeSize + 1)
		if err := a.config.Archive.put(chain.certificateOf(t, newest), true); err != nil {
			t.Fatal(err)
		}
		service.Stored(30*rangeSize + 8)
		time.Sleep(2*fetchLimit + fetchEvery)
		expectHeld(t, service, []uint64{newest}, nil)
	})
}

// TestFetcherWaitsForTheChain: a node that is behind asks for nothing, since its window is not the chain's.
func TestFetcherWaitsForTheChain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chain, w := newChain(t, 150), newWorld()
		w.add(t, chain, "a", upTo(150)[1:], upTo(14))
		var behind atomic.Bool
		behind.Store(true)
		service := runFetcher(t, chain, w, behind.Load)
		time.Sleep(time.Minute)
		synctest.Wait()
		if w.asked["a"] > 0 {
			t.Error("asked while it is behind")
		}
		behind.Store(false)
		time.Sleep(fetchEvery)
		expectHeld(t, service, upTo(146)[131:], upTo(14))
	})
}

// TestFalseCertificatesAreNotKept: who gives what does not verify is told of, nothing of it is kept, and another peer is asked.
func TestFalseCertificatesAreNotKept(t *testing.T) {
	other := otherSecret(t)
	for name, lie := range map[string]struct {
		certificates func([]*da.Certificate)
		rotations    func([]*da.SignedRotation)
	}{
		"other roots": {
			func(cs []*da.Certificate) { cs[len(cs)-1].DataRoot[0]++ },
			func(rs []*da.SignedRotation) { rs[len(rs)-1].NextHash[0]++ },
		},
		"another epoch": {
			func(cs []*da.Certificate) { cs[0].Epoch++ },
			func(rs []*da.SignedRotation) { rs[0].SetHash[0]++ },
		},
		"another signer": {
			func(cs []*da.Certificate) {
				cs[0].Signers = da.Signers{}
				cs[0].Signers.Add(0)
				cs[0].Signers.Add(1)
				cs[0].Signers.Add(3)
			},
			func(rs []*da.SignedRotation) { rs[0].Signers.Add(3) },
		},
		"no quorum": {
			func(cs []*da.Certificate) { cs[0].Signers = da.Signers{}; cs[0].Signers.Add(0) },
			func(rs []*da.SignedRotation) { rs[0].Signers = da.Signers{} },
		},
		"nobody's signature": {
			func(cs []*da.Certificate) { cs[0].Signature, _ = other.Attest(cs[0].Digest()) },
			func(rs []*da.SignedRotation) { rs[0].Signature = da.AttestationSignature{0xc0} },
		},
		"another time": {
			func(cs []*da.Certificate) { cs[0].Time++ },
			func(rs []*da.SignedRotation) { rs[0].Time++ },
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			chain, w := newChain(t, 50), newWorld()
			chain.window = 30
			liar := w.add(t, chain, "liar", upTo(46)[1:], upTo(4))
			liar.certificates, liar.rotations = lie.certificates, lie.rotations
			w.add(t, chain, "honest", upTo(46)[1:], upTo(4))
			service := runFetcher(t, chain, w, never)
			time.Sleep(fetchSoon + time.Second)
			expectHeld(t, service, upTo(46)[21:], upTo(4))
			if w.struck["liar"] != 2 || w.struck["honest"] != 0 {
				t.Errorf("%s: struck are %v", name, w.struck)
			}
			for epoch := range uint64(5) {
				if held, err := service.SignedRotation(epoch); err != nil || held.Verify(testChain, chain.set(epoch), chain.set(epoch+1)) != nil {
					t.Errorf("%s: the rotation of epoch %d: %v", name, epoch, err)
				}
			}
			for height := uint64(21); height <= 46; height++ {
				if held, err := service.CertificateOf(height); err != nil || held.Verify(testChain, chain.set(held.Epoch)) != nil {
					t.Errorf("%s: the certificate of height %d: %v", name, height, err)
				}
			}
		})
	}
}

// TestSetsAreKept: those of all epochs that state has when a node comes back, also where it skipped some.
func TestSetsAreKept(t *testing.T) {
	b := newBench(t, 15)
	b.chain.grow(95)
	b.Advance(95)
	for epoch := range uint64(11) {
		if set, err := b.archive.Set(epoch); err != nil || set == nil || set.Epoch != epoch {
			t.Errorf("the set of epoch %d: %+v, %v", epoch, set, err)
		}
	}
	if set, err := b.archive.Set(11); set != nil || err != nil {
		t.Errorf("the set of an epoch to come: %+v, %v", set, err)
	}
}

// TestProposersWaitForLateSignatures: a block takes the newest certificate that all signed, or that had two blocks' time to be.
func TestProposersWaitForLateSignatures(t *testing.T) {
	b := newBench(t, 20)
	s := &Service{Collector: b.Collector, config: Config{Archive: b.archive, Log: b.log}}
	for height := uint64(14); height <= 20; height++ {
		for i := range 4 {
			if i < 3 || height == 16 {
				b.expect(t, "a signature", b.chain.signed(t, i, height, 0), p2p.Accept)
			}
		}
	}
	for _, test := range []struct{ after, until, want uint64 }{
		{0, 20, 18}, {17, 20, 18}, {18, 20, 0}, {0, 17, 16}, {0, 16, 16}, {15, 16, 16}, {0, 15, 0}, {0, 13, 0}, {13, 16, 16}, {16, 18, 0}, {13, 15, 0},
	} {
		expectHeight(t, fmt.Sprintf("after %d, until %d", test.after, test.until), test.want)(s.Certificate(test.after, test.until), nil)
	}
	b.expect(t, "the late one", b.chain.signed(t, 3, 20, 0), p2p.Accept)
	expectHeight(t, "all have signed", 20)(s.Certificate(0, 20), nil)
}

// TestServedRanges: what is held of a range, and an error where that is nothing.
func TestServedRanges(t *testing.T) {
	chain, w := newChain(t, 50), newWorld()
	s := w.add(t, chain, "a", []uint64{3, 5, 40}, []uint64{0, 2})
	for _, test := range []struct {
		first uint64
		count int
		want  []uint64
	}{{1, 5, []uint64{3, 5}}, {5, 1, []uint64{5}}, {5, 64, []uint64{5, 40}}, {6, 10, nil}, {41, 64, nil}, {1<<64 - 1, 64, nil}} {
		got, err := s.Certificates(t.Context(), test.first, test.count)
		var heights []uint64
		for _, c := range got {
			heights = append(heights, c.Height)
		}
		if !slices.Equal(heights, test.want) || errors.Is(err, da.ErrNotFound) != (test.want == nil) {
			t.Errorf("%d of %d: %v, %v", test.count, test.first, heights, err)
		}
	}
	if got, err := s.Rotations(t.Context(), 0, 64); err != nil || len(got) != 2 || got[1].Epoch != 2 {
		t.Errorf("rotations %v, %v", got, err)
	}
}
