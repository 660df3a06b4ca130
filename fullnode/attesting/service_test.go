package attesting

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/p2p"
)

func newSigner(t testing.TB, chain *fakeChain, squares Squares, retain time.Duration) *Signer {
	t.Helper()
	return NewSigner(chain, squares, open(t, filepath.Join(t.TempDir(), "attested")), retain, chain.secrets[0])
}

// TestSignerRefuses changes one thing about a node that may sign height 100, of a chain whose window
// of 20 heights takes 114 s.
func TestSignerRefuses(t *testing.T) {
	const day = 24 * time.Hour
	type node struct {
		chain   *fakeChain
		squares *fakeSquares
		retain  time.Duration
		height  uint64
	}
	for name, test := range map[string]struct {
		change func(*testing.T, *node)
		want   Reason
	}{
		"as it is":                      {func(*testing.T, *node) {}, ""},
		"keeps all":                     {func(_ *testing.T, n *node) { n.retain = 0 }, ""},
		"keeps just a window":           {func(_ *testing.T, n *node) { n.retain = 114 * time.Second }, ""},
		"keeps less than a window":      {func(_ *testing.T, n *node) { n.retain = 113 * time.Second }, RetainShort},
		"a young chain":                 {func(_ *testing.T, n *node) { n.retain, n.height = time.Second, 10 }, ""},
		"old enough to tell":            {func(_ *testing.T, n *node) { n.retain, n.height = time.Second, 18 }, RetainShort},
		"its first height":              {func(_ *testing.T, n *node) { n.height = 1 }, ""},
		"not its first":                 {func(_ *testing.T, n *node) { n.height, n.squares.tail = 5, 2 }, Missing},
		"a window that begins later":    {func(_ *testing.T, n *node) { n.squares.tail = 82 }, Missing},
		"just a window":                 {func(_ *testing.T, n *node) { n.squares.tail = 81 }, ""},
		"a gap":                         {func(_ *testing.T, n *node) { n.squares.contiguous = 99 }, Missing},
		"nothing":                       {func(_ *testing.T, n *node) { n.squares.tail, n.squares.contiguous = 0, 0 }, Missing},
		"a corrupt height":              {func(_ *testing.T, n *node) { n.squares.damaged = []uint64{81} }, Damaged},
		"a corrupt height long ago":     {func(_ *testing.T, n *node) { n.squares.damaged = []uint64{80} }, ""},
		"a key that nobody registered":  {func(t *testing.T, n *node) { n.chain.secrets[0] = otherSecret(t) }, NotMember},
		"a height that is not there":    {func(_ *testing.T, n *node) { n.height = 101 }, Unknown},
		"a header that differs":         {func(_ *testing.T, n *node) { n.chain.denied = da.ErrMismatch }, Unconfirmed},
		"a window that is one height":   {func(_ *testing.T, n *node) { n.chain.window, n.retain, n.squares.tail = 1, 1, 100 }, ""},
		"a window longer than the life": {func(_ *testing.T, n *node) { n.chain.window, n.retain = 1000, day }, ""},
		"that, and it keeps less":       {func(_ *testing.T, n *node) { n.chain.window, n.retain = 1000, time.Hour }, RetainShort},
	} {
		n := &node{newChain(t, 100), &fakeSquares{tail: 1, contiguous: 100}, day, 100}
		signer := newSigner(t, n.chain, n.squares, 0)
		test.change(t, n)
		signer.retain = n.retain
		attested, err := signer.Height(n.height)
		var refusal *Refusal
		if errors.As(err, &refusal); (refusal == nil) != (test.want == "") || refusal != nil && refusal.Reason != test.want {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
		if err == nil {
			if err := n.chain.secrets[0].Key().VerifyAttestation(attested.Attestation.Digest(), attested.Signature); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// TestSignerSignsByTheKeyOfTheSet: a key that was replaced is the set's for an epoch or two, and signs for as long.
func TestSignerSignsByTheKeyOfTheSet(t *testing.T) {
	chain := newChain(t, 30)
	before, after := chain.secrets[0], otherSecret(t)
	signer := NewSigner(chain, &fakeSquares{tail: 1, contiguous: 30}, open(t, filepath.Join(t.TempDir(), "attested")), 0, after, before)
	for height, secret := range map[uint64]*da.AttestationSecret{20: before, 30: after} {
		chain.secrets[0] = secret
		attested, err := signer.Height(height)
		if err != nil {
			t.Fatalf("height %d: %v", height, err)
		}
		if err := secret.Key().VerifyAttestation(attested.Attestation.Digest(), attested.Signature); err != nil {
			t.Errorf("height %d: %v", height, err)
		}
	}
	chain.secrets[0] = otherSecret(t)
	var refusal *Refusal
	if _, err := signer.Height(10); !errors.As(err, &refusal) || refusal.Reason != NotMember {
		t.Errorf("neither is in the set: %v", err)
	}
}

func otherSecret(t *testing.T) *da.AttestationSecret {
	t.Helper()
	secret, err := da.NewAttestationSecret(nil)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// TestSignerNeverContradictsItself: on another chain of the same heights, as after a rollback, nothing is
// signed that was signed otherwise.
func TestSignerNeverContradictsItself(t *testing.T) {
	chain := newChain(t, 30)
	signer := newSigner(t, chain, &fakeSquares{tail: 1, contiguous: 30}, 0)
	first, err := signer.Height(30)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := signer.Height(30); err != nil || again.Signature != first.Signature {
		t.Errorf("the same was not signed again: %v", err)
	}
	if _, err := signer.Rotation(2); err != nil {
		t.Fatal(err)
	}
	chain.fork = 1
	for name, sign := range map[string]func() (*p2p.Attested, error){
		"height":   func() (*p2p.Attested, error) { return signer.Height(30) },
		"rotation": func() (*p2p.Attested, error) { return signer.Rotation(2) },
	} {
		var refusal *Refusal
		if _, err := sign(); !errors.As(err, &refusal) || refusal.Reason != Conflict {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := signer.Height(29); err != nil {
		t.Errorf("a height that was not signed: %v", err)
	}
}

// published keeps what a service told the network.
type published struct {
	mu   sync.Mutex
	said []p2p.Attested // guarded by mu
}

func (p *published) publish(_ context.Context, a p2p.Attested) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.said = append(p.said, a)
	return nil
}

// heights are those attested, in order.
func (p *published) heights() (heights []uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, a := range p.said {
		if a.Attestation != nil {
			heights = append(heights, a.Attestation.Height)
		}
	}
	return heights
}

// epochs are those whose rotation was signed, in order.
func (p *published) epochs() (epochs []uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, a := range p.said {
		if a.Rotation != nil {
			epochs = append(epochs, a.Rotation.Epoch)
		}
	}
	return epochs
}

// runService runs a service in a bubble until the test ends.
func runService(t *testing.T, chain *fakeChain, squares *fakeSquares, signer *Signer, syncing func() bool) (*Service, *published) {
	t.Helper()
	told := new(published)
	service, err := New(Config{
		Chain: chain, Squares: squares, Archive: memoryArchive(), Signer: signer, Syncing: syncing,
		Publish: told.publish, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- service.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return service, told
}

func never() bool { return false }

// TestServiceSignsWhatIsStored: each height once stored, the newest ones alone after a while away,
// the rotations of their epochs, and again what has no certificate yet.
func TestServiceSignsWhatIsStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chain, squares := newChain(t, 1), &fakeSquares{tail: 1, contiguous: 1}
		service, told := runService(t, chain, squares, newSigner(t, chain, squares, 0), never)
		store := func(height uint64) {
			chain.grow(height)
			squares.contiguous = height
			service.Committed(height)
			service.Stored(height)
			synctest.Wait()
		}
		store(1)
		store(2)
		if got := told.heights(); !slices.Equal(got, []uint64{1, 2}) || !slices.Equal(told.epochs(), []uint64{0}) {
			t.Fatalf("signed are heights %v, rotations %v", got, told.epochs())
		}
		store(100)
		if got := told.heights()[2:]; len(got) != signBelow || got[0] != 101-signBelow || got[signBelow-1] != 100 {
			t.Errorf("after a while away it signs %v", got)
		}
		if got := told.epochs()[1:]; !slices.Equal(got, []uint64{8, 9}) {
			t.Errorf("and the rotations %v", got)
		}
		for i := 1; i < 3; i++ {
			service.Add(t.Context(), chain.signed(t, i, 100, 0))
		}
		said := len(told.heights())
		time.Sleep(publishAgain + time.Second)
		if again := told.heights()[said:]; len(again) != signBelow || !slices.Contains(again, 100) {
			t.Errorf("published once more are %v", again)
		}
		time.Sleep(publishAgain)
		if again := told.heights()[said+signBelow:]; len(again) != signBelow-1 || slices.Contains(again, 100) {
			t.Errorf("published again are %v", again)
		}
		if status := service.Status(); status.Signed != 100 || status.Refusal != nil || status.Certificate != 100 || status.Power != 30 || status.Total != 40 || *status.Key != chain.secrets[0].Key() {
			t.Errorf("status %+v", status)
		}
	})
}

// TestTheFirstHeightWaitsForTheNextHeader: what the newest height's own header does not confirm is signed with the next one.
func TestTheFirstHeightWaitsForTheNextHeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chain, squares := newChain(t, 1), &fakeSquares{tail: 1, contiguous: 1}
		chain.early = 1
		service, told := runService(t, chain, squares, newSigner(t, chain, squares, 0), never)
		service.Stored(1)
		synctest.Wait()
		if refusal := service.Status().Refusal; len(told.heights()) > 0 || refusal == nil || refusal.Reason != Early {
			t.Errorf("signed are %v, refused %v", told.heights(), refusal)
		}
		chain.grow(2)
		squares.contiguous = 2
		service.Stored(2)
		synctest.Wait()
		if status := service.Status(); !slices.Equal(told.heights(), []uint64{1, 2}) || status.Refusal != nil {
			t.Errorf("signed are %v, refused %v", told.heights(), status.Refusal)
		}
	})
}

// TestServiceRests: a node that is behind, or has no key, signs nothing and collects all the same.
func TestServiceRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chain, squares := newChain(t, 100), &fakeSquares{tail: 1, contiguous: 100}
		signer := newSigner(t, chain, squares, 0)
		behind, said := runService(t, chain, squares, signer, func() bool { return true })
		keyless, nothing := runService(t, chain, squares, nil, never)
		for _, service := range []*Service{behind, keyless} {
			service.Stored(100)
			synctest.Wait()
			for i := range 3 {
				if verdict := service.Add(t.Context(), chain.signed(t, i, 99, 0)); verdict != p2p.Accept {
					t.Errorf("verdict %d", verdict)
				}
			}
			if c, err := service.CertificateOf(99); err != nil || c.Height != 99 {
				t.Error(err)
			}
			for height, want := range map[uint64]error{98: ErrNotAttested, 101: da.ErrFutureHeight} {
				if _, err := service.CertificateOf(height); !errors.Is(err, want) {
					t.Errorf("height %d: %v", height, err)
				}
			}
			if _, taken, err := service.Attesters(0); err != nil || taken != 1_700_000_000 {
				t.Errorf("the first set was taken at %d: %v", taken, err)
			}
			if _, err := service.Covering(100); !errors.Is(err, ErrNotAttested) {
				t.Error(err)
			}
			if _, err := service.SignedRotation(3); !errors.Is(err, ErrNotAttested) {
				t.Error(err)
			}
		}
		if len(said.heights())+len(nothing.heights()) > 0 {
			t.Errorf("signed are %v, %v", said.heights(), nothing.heights())
		}
		if status := keyless.Status(); status.Refusal == nil || status.Refusal.Reason != NoKey || status.Key != nil {
			t.Errorf("status %+v", status)
		}
	})
}
