// Package test runs the relay against the real contract on a simulated Ethereum and against the API of a full node,
// behind which is a chain of this test's: real keys, real sets, real certificates, and blocks that are mere numbers.
package test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/ashlar-da/ashlar/api"
	"github.com/ashlar-da/ashlar/da"
)

const (
	chainID = "ashlar-test-1"
	// epochBlocks is how many heights an epoch has.
	epochBlocks = 10
)

// ashlar is a chain of attesters.
type ashlar struct {
	t    *testing.T
	size int

	mu      sync.Mutex
	height  uint64                                      // guarded by mu
	now     uint64                                      // in seconds since 1970; guarded by mu
	sets    []*da.AttesterSet                           // by epoch; guarded by mu
	taken   []uint64                                    // when, by epoch; guarded by mu
	secrets map[da.AttestationKey]*da.AttestationSecret // guarded by mu
	random  *rand.ChaCha8                               // guarded by mu
	// lie changes what is answered, nil: nothing is.
	lie func(any)
	// change makes the next set of one that is a copy of the last.
	change func(*da.AttesterSet)
}

// newAshlar starts a chain at height 1, whose first set was taken now. Of another seed it has other keys.
func newAshlar(t *testing.T, size int, now uint64, seed byte) *ashlar {
	a := &ashlar{t: t, size: size, height: 1, now: now, secrets: make(map[da.AttestationKey]*da.AttestationSecret), random: rand.NewChaCha8([32]byte{seed})}
	a.change = func(set *da.AttesterSet) { // one leaves, and another comes in its place
		set.Attesters[int(set.Epoch)%size] = a.newcomer(set.Epoch<<8 | 255)
	}
	first := &da.AttesterSet{}
	for i := range size {
		first.Attesters = append(first.Attesters, a.newcomer(uint64(i)))
	}
	a.take(first)
	a.advance(0)
	return a
}

func (a *ashlar) newcomer(id uint64) da.Attester {
	secret, err := da.NewAttestationSecret(a.random)
	if err != nil {
		a.t.Fatal(err)
	}
	a.secrets[secret.Key()] = secret
	return da.Attester{Operator: [da.AddressSize]byte{byte(id >> 16), byte(id >> 8), byte(id), 1}, Key: secret.Key(), Power: 10}
}

func (a *ashlar) take(set *da.AttesterSet) {
	set.Total = uint64(10*len(set.Attesters) + 5)
	a.sets, a.taken = append(a.sets, set), append(a.taken, a.now)
}

// advance adds heights, and the sets of the epochs after those that have begun.
func (a *ashlar) advance(heights uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.height += heights
	for uint64(len(a.sets)) < epochOf(a.height)+2 {
		last := a.sets[len(a.sets)-1]
		next := &da.AttesterSet{Epoch: last.Epoch + 1, Attesters: append([]da.Attester(nil), last.Attesters...)}
		a.change(next)
		a.take(next)
	}
}

// setTime says what time it is for the sets and certificates that follow.
func (a *ashlar) setTime(now uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.now = now
}

func epochOf(height uint64) uint64 { return (height - 1) / epochBlocks }

// sign has all but the last attester sign.
func (a *ashlar) sign(set *da.AttesterSet, digest [da.HashSize]byte) (signers da.Signers, _ da.AttestationSignature) {
	var signatures []da.AttestationSignature
	for i := range set.Attesters[:max(1, len(set.Attesters)-1)] {
		signature, err := a.secrets[set.Attesters[i].Key].Attest(digest)
		if err != nil {
			a.t.Error(err)
		}
		signatures = append(signatures, signature)
		signers.Add(i)
	}
	sum, err := da.AggregateSignatures(signatures)
	if err != nil {
		a.t.Error(err)
	}
	return signers, sum
}

func hashOf(set *da.AttesterSet) [da.HashSize]byte {
	hash, err := set.Hash()
	if err != nil {
		panic(err) // a mistake of the test
	}
	return hash
}

// Certificate implements api.Attestations.
func (a *ashlar) Certificate(_ context.Context, height uint64) (*da.Certificate, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if height == 0 {
		height = a.height
	}
	if height > a.height {
		return nil, fmt.Errorf("%w: height %d", da.ErrFutureHeight, height)
	}
	set := a.sets[epochOf(height)]
	c := &da.Certificate{Attestation: da.Attestation{
		ChainID: chainID, Epoch: set.Epoch, SetHash: hashOf(set), Height: height, Time: a.now - (a.height - height),
		HeaderHash: root("header", height), DataRoot: root("data", height), BlobTreeRoot: root("blobs", height), HistoryRoot: root("history", height),
	}}
	c.Signers, c.Signature = a.sign(set, c.Digest())
	if a.lie != nil {
		a.lie(c)
	}
	return c, nil
}

func root(of string, height uint64) [da.HashSize]byte {
	return da.Keccak256(fmt.Appendf(nil, "%s %d", of, height))
}

// Covering implements api.Attestations.
func (a *ashlar) Covering(ctx context.Context, height uint64) (*da.Certificate, error) {
	return a.Certificate(ctx, height)
}

// Changed implements api.Attestations.
func (a *ashlar) Changed() <-chan struct{} { return nil }

// CurrentEpoch implements api.Attestations.
func (a *ashlar) CurrentEpoch(context.Context) (uint64, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return epochOf(a.height), nil
}

// Attesters implements api.Attestations.
func (a *ashlar) Attesters(_ context.Context, epoch uint64) (*da.AttesterSet, uint64, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if epoch >= uint64(len(a.sets)) {
		return nil, 0, fmt.Errorf("%w: epoch %d", da.ErrFutureHeight, epoch)
	}
	set := *a.sets[epoch]
	set.Attesters = append([]da.Attester(nil), set.Attesters...)
	if a.lie != nil {
		a.lie(&set)
	}
	return &set, a.taken[epoch], nil
}

// Rotation implements api.Attestations.
func (a *ashlar) Rotation(_ context.Context, epoch uint64) (*da.SignedRotation, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if epoch+1 >= uint64(len(a.sets)) {
		return nil, fmt.Errorf("%w: epoch %d hands over to none yet", api.ErrNotAttested, epoch)
	}
	set := a.sets[epoch]
	r := &da.SignedRotation{Rotation: da.Rotation{ChainID: chainID, Epoch: epoch, SetHash: hashOf(set), NextHash: hashOf(a.sets[epoch+1]), Time: a.taken[epoch+1]}}
	r.Signers, r.Signature = a.sign(set, r.Digest())
	if a.lie != nil {
		a.lie(r)
	}
	return r, nil
}

// History implements api.Attestations.
func (a *ashlar) History(context.Context, uint64, uint64) (of, in *da.Attestation, proof *da.HistoryProof, err error) {
	return nil, nil, nil, api.ErrNotAttested
}

// fullNode is what else the API of a full node needs, of which nothing is asked but the status.
type fullNode struct {
	api.Chain
	api.Submitter
}

func (fullNode) Status(context.Context) (*api.Status, error) {
	return &api.Status{ChainID: chainID}, nil
}

type noSquares struct{ api.Squares }

func (noSquares) Head() uint64   { return 0 }
func (noSquares) Tail() uint64   { return 0 }
func (noSquares) DiskFull() bool { return false }

// serve serves the API of a full node of the chain.
func (a *ashlar) serve() string {
	handler, err := api.NewHandler(api.Config{
		Full: &api.Full{Squares: noSquares{}, Chain: fullNode{}, Submitter: fullNode{}, Attestations: a},
		Log:  slog.New(slog.DiscardHandler),
	})
	if err != nil {
		a.t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	a.t.Cleanup(server.Close)
	return server.URL
}
