package attesting

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	dbm "github.com/cosmos/cosmos-db"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/p2p"
)

const testChain = "ashlar-test"

// fakeChain has epochs of ten blocks, six seconds apart, and four attesters of power 10 each in all
// of them: a certificate takes three.
type fakeChain struct {
	secrets []*da.AttestationSecret
	window  uint64

	denied error  // what Confirm and ConfirmRotation say
	early  uint64 // the height that only the next header confirms

	mu   sync.Mutex
	head uint64 // guarded by mu
	fork byte   // differs for another chain; guarded by mu
}

const epochBlocks = 10

func newChain(t testing.TB, head uint64) *fakeChain {
	t.Helper()
	c := &fakeChain{head: head, window: 20}
	random := rand.NewChaCha8([32]byte{7})
	for range 4 {
		secret, err := da.NewAttestationSecret(random)
		if err != nil {
			t.Fatal(err)
		}
		c.secrets = append(c.secrets, secret)
	}
	return c
}

func (c *fakeChain) grow(head uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.head = head
}

func (c *fakeChain) state() (head uint64, fork byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.head, c.fork
}

func (c *fakeChain) Window() (uint64, error) { return c.window, nil }

func (c *fakeChain) Attestation(height uint64) (*da.Attestation, error) {
	head, fork := c.state()
	if height > head {
		return nil, fmt.Errorf("%w: height %d", da.ErrFutureHeight, height)
	}
	if height+200 < head {
		return nil, fmt.Errorf("%w: height %d", da.ErrPruned, height)
	}
	return c.attestation(height, fork)
}

func (c *fakeChain) Confirm(a *da.Attestation) error {
	if head, _ := c.state(); a.Height == c.early && head == c.early {
		return fmt.Errorf("%w: the next header says", da.ErrFutureHeight)
	}
	return c.denied
}

func (c *fakeChain) ConfirmRotation(*da.Rotation) error { return c.denied }

// attestation is that of any height, committed or not.
func (c *fakeChain) attestation(height uint64, fork byte) (*da.Attestation, error) {
	epoch := (height - 1) / epochBlocks
	hash, err := c.set(epoch).Hash()
	return &da.Attestation{
		ChainID: testChain, Epoch: epoch, SetHash: hash, Height: height, Time: 1_700_000_000 + 6*height,
		HeaderHash: [32]byte{1, byte(height), fork}, DataRoot: [32]byte{2, byte(height), fork}, BlobTreeRoot: [32]byte{3}, HistoryRoot: [32]byte{4, byte(height)},
	}, err
}

func (c *fakeChain) set(epoch uint64) *da.AttesterSet {
	set := &da.AttesterSet{Epoch: epoch, Total: 40}
	for i, secret := range c.secrets {
		set.Attesters = append(set.Attesters, da.Attester{Operator: [da.AddressSize]byte{byte(i) + 1}, Key: secret.Key(), Power: 10})
	}
	return set
}

func (c *fakeChain) AttesterSet(epoch uint64) (*da.AttesterSet, error) {
	if head, _ := c.state(); epoch > (max(head, 1)-1)/epochBlocks+1 {
		return nil, fmt.Errorf("%w: epoch %d", da.ErrFutureHeight, epoch)
	}
	return c.set(epoch), nil
}

func (c *fakeChain) SetTaken(epoch uint64) (uint64, error) {
	if _, err := c.AttesterSet(epoch); err != nil {
		return 0, err
	}
	return 1_700_000_000 + 60*(max(epoch, 1)-1), nil
}

func (c *fakeChain) Rotation(epoch uint64) (*da.Rotation, error) {
	head, fork := c.state()
	if epoch*epochBlocks >= head {
		return nil, fmt.Errorf("%w: epoch %d", da.ErrFutureHeight, epoch)
	}
	return c.rotation(epoch, fork)
}

func (c *fakeChain) rotation(epoch uint64, fork byte) (*da.Rotation, error) {
	hash, err := c.set(epoch).Hash()
	if err != nil {
		return nil, err
	}
	next, err := c.set(epoch + 1).Hash()
	next[0] ^= fork
	return &da.Rotation{ChainID: testChain, Epoch: epoch, SetHash: hash, NextHash: next, Time: 1_700_000_000 + 60*epoch}, err
}

// signed is what an attester signs of a height, of another chain where fork is not 0.
func (c *fakeChain) signed(t testing.TB, attester int, height uint64, fork byte) p2p.Attested {
	t.Helper()
	attestation, err := c.attestation(height, fork)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := c.secrets[attester].Attest(attestation.Digest())
	if err != nil {
		t.Fatal(err)
	}
	return p2p.Attested{Attester: attester, Attestation: attestation, Signature: signature}
}

func (c *fakeChain) rotated(t testing.TB, attester int, epoch uint64, fork byte) p2p.Attested {
	t.Helper()
	rotation, err := c.rotation(epoch, fork)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := c.secrets[attester].Attest(rotation.Digest())
	if err != nil {
		t.Fatal(err)
	}
	return p2p.Attested{Attester: attester, Rotation: rotation, Signature: signature}
}

// fakeSquares are those of all heights from tail to contiguous.
type fakeSquares struct {
	tail, contiguous uint64
	damaged          []uint64
}

func (s *fakeSquares) Tail() uint64       { return s.tail }
func (s *fakeSquares) Contiguous() uint64 { return s.contiguous }
func (s *fakeSquares) Damaged() []uint64  { return s.damaged }

func memoryArchive() *Archive { return &Archive{dbm.NewMemDB(), testChain} }

// bench is a collector at a height, with a clock and the evidence that it reports.
type bench struct {
	*Collector
	chain    *fakeChain
	time     time.Time
	reported []Evidence
}

func newBench(t testing.TB, head uint64) *bench {
	t.Helper()
	b := &bench{chain: newChain(t, head), time: time.Unix(1_700_000_000, 0)}
	b.Collector = newCollector(b.chain, memoryArchive(), newMetrics(), func(e Evidence) { b.reported = append(b.reported, e) }, slog.New(slog.DiscardHandler))
	b.now = func() time.Time { return b.time }
	b.Advance(head)
	return b
}

func (b *bench) expect(t *testing.T, what string, a p2p.Attested, want p2p.Verdict) {
	t.Helper()
	if got := b.Add(context.Background(), a); got != want {
		t.Errorf("%s: verdict %d, want %d", what, got, want)
	}
}
