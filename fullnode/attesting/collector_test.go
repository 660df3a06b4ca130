package attesting

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/p2p"
)

// TestCertificatesGrow: three of four make a certificate, the fourth makes it better, and each verifies
// against the set.
func TestCertificatesGrow(t *testing.T) {
	b := newBench(t, 15)
	for i := range 4 {
		changed := b.Changed()
		b.expect(t, "a signature", b.chain.signed(t, i, 14, 0), p2p.Accept)
		held, err := b.archive.Certificate(14)
		if err != nil {
			t.Fatal(err)
		}
		if i < 2 {
			if held != nil {
				t.Fatalf("a certificate of %d of 4", i+1)
			}
			continue
		}
		if held == nil {
			t.Fatalf("no certificate of %d of 4", i+1)
		}
		if err := held.Verify(testChain, b.chain.set(1)); err != nil || held.Signers.Count() != i+1 {
			t.Errorf("the certificate of %d signers: %v", held.Signers.Count(), err)
		}
		select {
		case <-changed:
		default:
			t.Error("nobody was told")
		}
	}
	if got := b.metrics.newest.Load(); got != 14 {
		t.Errorf("the newest certificate is of height %d", got)
	}
}

func TestRotationsAreCollected(t *testing.T) {
	b := newBench(t, 15)
	for i := range 3 {
		b.expect(t, "a rotation", b.chain.rotated(t, i, 1, 0), p2p.Accept)
	}
	held, err := b.archive.Rotation(1)
	if err != nil || held == nil {
		t.Fatal(held, err)
	}
	if err := held.Verify(testChain, b.chain.set(1), b.chain.set(2)); err != nil {
		t.Error(err)
	}
	b.expect(t, "another next set", b.chain.rotated(t, 3, 1, 9), p2p.Accept)
	if len(b.reported) != 1 || b.reported[0].Rotation == nil || b.reported[0].Operators[0] != [da.AddressSize]byte{4} || !b.reported[0].Signers.Has(3) || b.reported[0].Signers.Count() != 1 || b.reported[0].Epoch() != 1 {
		t.Errorf("a false rotation is not evidence: %+v", b.reported)
	}
	if again, err := b.archive.Rotation(1); err != nil || *again != *held {
		t.Errorf("a false rotation changed the certificate: %v", err)
	}
}

// TestCollectorRefuses corrupts one signature that would be taken.
func TestCollectorRefuses(t *testing.T) {
	b := newBench(t, 100)
	tests := []struct {
		name    string
		corrupt func(*p2p.Attested)
		want    p2p.Verdict
	}{
		{"as it is", func(*p2p.Attested) {}, p2p.Accept},
		{"another's signature", func(a *p2p.Attested) { a.Attester = 2 }, p2p.Reject},
		{"no member", func(a *p2p.Attested) { a.Attester = 4 }, p2p.Reject},
		{"another height", func(a *p2p.Attested) { a.Attestation.Height-- }, p2p.Reject},
		{"another root", func(a *p2p.Attested) { a.Attestation.HistoryRoot[0]++ }, p2p.Reject},
		{"no signature", func(a *p2p.Attested) { a.Signature = da.AttestationSignature{} }, p2p.Reject},
		{"infinity", func(a *p2p.Attested) { a.Signature = da.AttestationSignature{0xc0} }, p2p.Reject},
		{"a height long ago", func(a *p2p.Attested) { *a = b.chain.signed(t, 0, 100-keepBelow, 0) }, p2p.Ignore},
		{"the oldest height taken", func(a *p2p.Attested) { *a = b.chain.signed(t, 1, 101-keepEpochs*epochBlocks, 0) }, p2p.Accept},
		{"a height far ahead", func(a *p2p.Attested) { *a = b.chain.signed(t, 1, 101+keepAbove, 0) }, p2p.Ignore},
		{"an epoch far ahead", func(a *p2p.Attested) { a.Attestation.Epoch += 2 }, p2p.Ignore},
		{"a height ahead", func(a *p2p.Attested) { *a = b.chain.signed(t, 1, 110, 0) }, p2p.Accept},
		{"a rotation long ago", func(a *p2p.Attested) { *a = b.chain.rotated(t, 1, 6, 0) }, p2p.Ignore},
		{"a rotation of the epoch before", func(a *p2p.Attested) { *a = b.chain.rotated(t, 1, 8, 0) }, p2p.Accept},
		{"a rotation's signature for a height", func(a *p2p.Attested) { a.Signature = b.chain.rotated(t, 1, 9, 0).Signature }, p2p.Reject},
	}
	for _, test := range tests {
		a := b.chain.signed(t, 1, 99, 0)
		test.corrupt(&a)
		b.expect(t, test.name, a, test.want)
	}
}

// TestRepeatsAreRelayedRarely: a signature that is known is not verified again, and relayed again for those who
// came later; another one of the same digest is wrong.
func TestRepeatsAreRelayedRarely(t *testing.T) {
	b := newBench(t, 15)
	a := b.chain.signed(t, 0, 15, 0)
	b.expect(t, "first", a, p2p.Accept)
	b.expect(t, "at once again", a, p2p.Ignore)
	b.time = b.time.Add(relayAgain)
	b.expect(t, "later", a, p2p.Accept)
	b.expect(t, "and at once again", a, p2p.Ignore)
	a.Signature[95] ^= 1
	b.expect(t, "another signature", a, p2p.Reject)
}

// TestFalseAttestationsAreEvidence: what a member signed that is not the chain's counts for nothing
// and is reported once, also where the height was ahead; a third content is not even verified.
func TestFalseAttestationsAreEvidence(t *testing.T) {
	b := newBench(t, 15)
	b.expect(t, "a fork", b.chain.signed(t, 0, 15, 1), p2p.Accept)
	b.expect(t, "a fork ahead", b.chain.signed(t, 1, 17, 1), p2p.Accept)
	if len(b.reported) != 1 || b.reported[0].Operators[0] != [da.AddressSize]byte{1} || b.reported[0].Attestation.DataRoot[2] != 1 {
		t.Fatalf("reported are %+v", b.reported)
	}
	b.expect(t, "the truth beside it", b.chain.signed(t, 0, 15, 0), p2p.Accept)
	b.expect(t, "a third content", b.chain.signed(t, 0, 15, 2), p2p.Ignore)
	b.expect(t, "the truth", b.chain.signed(t, 1, 15, 0), p2p.Accept)
	b.chain.grow(17)
	b.Advance(17)
	if len(b.reported) != 2 || b.reported[1].Operators[0] != [da.AddressSize]byte{2} || b.reported[1].Attestation.Height != 17 {
		t.Errorf("reported are %+v", b.reported)
	}
	if held, err := b.archive.Certificate(15); held != nil || err != nil {
		t.Errorf("two of four signed the chain's own: %v, %v", held, err)
	}
}

// TestWhoIsAheadIsHeard: signatures of heights that this node does not know yet count once it does.
func TestWhoIsAheadIsHeard(t *testing.T) {
	b := newBench(t, 15)
	for i := range 4 {
		b.expect(t, "ahead", b.chain.signed(t, i, 21, 0), p2p.Accept) // of the next epoch
	}
	if held, err := b.archive.Certificate(21); held != nil || err != nil {
		t.Fatalf("a certificate of a height that is not known: %v, %v", held, err)
	}
	b.chain.grow(21)
	b.Advance(21)
	if held, err := b.archive.Certificate(21); err != nil || held == nil || held.Signers.Count() != 4 {
		t.Errorf("certificate %+v, %v", held, err)
	}
	b.chain.grow(300)
	b.Advance(300)
	if len(b.tallies) != 0 || len(b.sets) > keepEpochs {
		t.Errorf("%d tallies and %d sets are kept of heights long ago", len(b.tallies), len(b.sets))
	}
}

// TestBetterCertificatesStay: after a restart, and beside one from a block, fewer signers replace nothing.
func TestBetterCertificatesStay(t *testing.T) {
	b := newBench(t, 15)
	for i := range 4 {
		b.expect(t, "a signature", b.chain.signed(t, i, 15, 0), p2p.Accept)
	}
	full, err := b.archive.Certificate(15)
	if err != nil {
		t.Fatal(err)
	}
	again := newBench(t, 15)
	if err := again.Adopt(full); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		again.expect(t, "a signature", again.chain.signed(t, i, 15, 0), p2p.Accept)
	}
	if held, err := again.archive.Certificate(15); err != nil || *held != *full {
		t.Errorf("a worse certificate took its place: %v", err)
	}
}

func TestAdoptRefuses(t *testing.T) {
	b := newBench(t, 15)
	for i := range 3 {
		b.expect(t, "a signature", b.chain.signed(t, i, 15, 0), p2p.Accept)
	}
	good, err := b.archive.Certificate(15)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		corrupt func(*da.Certificate)
		want    error
	}{
		"as it is":     {func(*da.Certificate) {}, nil},
		"another root": {func(c *da.Certificate) { c.DataRoot[0]++ }, da.ErrMismatch},
		"another's name": {func(c *da.Certificate) {
			c.Signers = da.Signers{}
			c.Signers.Add(0)
			c.Signers.Add(1)
			c.Signers.Add(3)
		}, da.ErrInvalidSignature},
		"no quorum":         {func(c *da.Certificate) { c.Signers = da.Signers{}; c.Signers.Add(0) }, da.ErrNoQuorum},
		"a height to come":  {func(c *da.Certificate) { c.Height = 16 }, da.ErrFutureHeight},
		"an epoch to come":  {func(c *da.Certificate) { c.Epoch = 9 }, da.ErrMismatch},
		"another signature": {func(c *da.Certificate) { c.Signature[95] ^= 1 }, da.ErrInvalidSignature},
	} {
		fresh, c := newBench(t, 15), *good
		test.corrupt(&c)
		if err := fresh.Adopt(&c); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}

// TestAFalseSumIsEvidence: a certificate or a rotation that is not the chain's is evidence against those who are named in it, if they signed it,
// also where they are no quorum, and against nobody if they did not.
func TestAFalseSumIsEvidence(t *testing.T) {
	b := newBench(t, 15)
	sum := func(sign func(i int) p2p.Attested) (signers da.Signers, signature da.AttestationSignature, of p2p.Attested) {
		var signatures []da.AttestationSignature
		for _, i := range []int{1, 3} {
			of = sign(i)
			signers.Add(i)
			signatures = append(signatures, of.Signature)
		}
		signature, err := da.AggregateSignatures(signatures)
		if err != nil {
			t.Fatal(err)
		}
		return signers, signature, of
	}
	signers, signature, of := sum(func(i int) p2p.Attested { return b.chain.signed(t, i, 12, 1) })
	lie := &da.Certificate{Attestation: *of.Attestation, Signers: signers, Signature: signature}
	unsigned := *lie
	unsigned.Signers.Add(0)
	if err := b.Adopt(&unsigned); !errors.Is(err, da.ErrMismatch) || len(b.reported) > 0 {
		t.Errorf("one is named who did not sign: %v, reported are %+v", err, b.reported)
	}
	if err := b.Adopt(lie); !errors.Is(err, da.ErrMismatch) {
		t.Error(err)
	}
	signers, signature, of = sum(func(i int) p2p.Attested { return b.chain.rotated(t, i, 0, 1) })
	if err := b.AdoptRotation(&da.SignedRotation{Rotation: *of.Rotation, Signers: signers, Signature: signature}); !errors.Is(err, da.ErrMismatch) {
		t.Error(err)
	}
	if len(b.reported) != 2 || b.reported[0].Attestation == nil || b.reported[1].Rotation == nil {
		t.Fatalf("reported are %+v", b.reported)
	}
	for _, e := range b.reported {
		if !slices.Equal(e.Operators, [][da.AddressSize]byte{{2}, {4}}) || e.Signers != signers {
			t.Errorf("against %x", e.Operators)
		}
	}
}

// TestArchive looks up and prunes.
func TestArchive(t *testing.T) {
	a, err := OpenArchive(t.TempDir(), testChain)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, height := range []uint64{3, 5, 300} {
		if err := a.put(&da.Certificate{Attestation: da.Attestation{ChainID: testChain, Height: height}}, true); err != nil {
			t.Fatal(err)
		}
	}
	rotation := &da.SignedRotation{Rotation: da.Rotation{ChainID: testChain, Epoch: 4, SetHash: [32]byte{1}, NextHash: [32]byte{2}, Time: 9}, Signers: da.Signers{3}, Signature: da.AttestationSignature{4}}
	if err := a.putRotation(rotation, true); err != nil {
		t.Fatal(err)
	}
	if got, err := a.Rotation(4); err != nil || *got != *rotation {
		t.Errorf("the rotation became %+v, %v", got, err)
	}
	set := newChain(t, 1).set(7)
	if err := a.putSet(set); err != nil {
		t.Fatal(err)
	}
	if got, err := a.Set(7); err != nil || !reflect.DeepEqual(got, set) {
		t.Errorf("the set became %+v, %v", got, err)
	}
	if got, err := a.Set(8); got != nil || err != nil {
		t.Errorf("a set that is not there: %+v, %v", got, err)
	}
	for _, test := range []struct{ after, until, want uint64 }{{0, 1 << 62, 300}, {0, 299, 5}, {0, 5, 5}, {3, 4, 0}, {3, 5, 5}, {5, 5, 0}, {0, 2, 0}, {6, 5, 0}} {
		expectHeight(t, "newest", test.want)(a.Newest(test.after, test.until))
	}
	for height, want := range map[uint64]uint64{0: 3, 3: 3, 4: 5, 6: 300, 301: 0} {
		expectHeight(t, "covering", want)(a.Covering(height))
	}
	if err := a.Prune(5); err != nil {
		t.Fatal(err)
	}
	expectHeight(t, "covering after pruning", 5)(a.Covering(1))
	if got, err := a.Rotation(4); err != nil || got == nil {
		t.Errorf("the rotation was pruned: %v", err)
	}
}

func expectHeight(t *testing.T, what string, want uint64) func(*da.Certificate, error) {
	t.Helper()
	return func(c *da.Certificate, err error) {
		t.Helper()
		var got uint64
		if c != nil {
			got = c.Height
		}
		if err != nil || got != want {
			t.Errorf("%s: height %d, %v; want %d", what, got, err, want)
		}
	}
}
