package p2p

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"testing"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/proto/wire"
)

func testAttestation() *da.Attestation {
	return &da.Attestation{
		ChainID: testChain, Epoch: 1 << 60, SetHash: [32]byte{1}, Height: 1 << 60, Time: 1 << 60, HeaderHash: [32]byte{2},
		DataRoot: [32]byte{3}, BlobTreeRoot: [32]byte{4}, HistoryRoot: [32]byte{5},
	}
}

func testRotation() *da.Rotation {
	return &da.Rotation{ChainID: testChain, Epoch: 1 << 60, SetHash: [32]byte{1}, NextHash: [32]byte{2}, Time: 1 << 60}
}

func TestAttestedSurvivesTheWire(t *testing.T) {
	for _, a := range []Attested{
		{Attester: 255, Attestation: testAttestation(), Signature: da.AttestationSignature{95: 1}},
		{Attester: 0, Rotation: testRotation(), Signature: da.AttestationSignature{1}},
	} {
		got, err := decodeAttested(marshal(t, encodeAttested(a)), testChain)
		if err != nil || !reflect.DeepEqual(got, a) {
			t.Errorf("%+v became %+v: %v", a, got, err)
		}
	}
}

func TestAttestedDecoderRefuses(t *testing.T) {
	for name, corrupt := range map[string]func(*wire.Attested){
		"an attester of no set":  func(m *wire.Attested) { m.Attester = da.MaxAttesters },
		"a short signature":      func(m *wire.Attested) { m.Signature = m.Signature[1:] },
		"a long signature":       func(m *wire.Attested) { m.Signature = append(m.Signature, 0) },
		"neither":                func(m *wire.Attested) { m.Attestation = nil },
		"both":                   func(m *wire.Attested) { m.Rotation = encodeAttested(Attested{Rotation: testRotation()}).Rotation },
		"height 0":               func(m *wire.Attested) { m.Attestation.Height = 0 },
		"a short set hash":       func(m *wire.Attested) { m.Attestation.SetHash = make([]byte, 31) },
		"no header hash":         func(m *wire.Attested) { m.Attestation.HeaderHash = nil },
		"a long data root":       func(m *wire.Attested) { m.Attestation.DataRoot = make([]byte, 33) },
		"no blob tree root":      func(m *wire.Attested) { m.Attestation.BlobTreeRoot = nil },
		"a short history root":   func(m *wire.Attested) { m.Attestation.HistoryRoot = make([]byte, 16) },
		"a rotation to no where": func(m *wire.Attested) { m.Attestation, m.Rotation = nil, &wire.Rotation{SetHash: make([]byte, 32)} },
	} {
		m := encodeAttested(Attested{Attestation: testAttestation()})
		corrupt(m)
		if _, err := decodeAttested(marshal(t, m), testChain); !errors.Is(err, errShape) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// collector keeps what a host was asked to judge.
type collector struct {
	verdict Verdict
	mu      sync.Mutex
	got     []Attested // guarded by mu
}

func (c *collector) check(_ context.Context, a Attested) Verdict {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.got = append(c.got, a)
	return c.verdict
}

func (c *collector) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.got)
}

func (c *collector) first() Attested {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.got[0]
}

// TestOnlyAcceptedAttestationsAreRelayed: what the host in the middle accepts arrives behind it, and
// nothing else does; a host that checks none stays out of it.
func TestOnlyAcceptedAttestationsAreRelayed(t *testing.T) {
	for _, verdict := range []Verdict{Accept, Ignore, Reject} {
		middle, end := &collector{verdict: verdict}, &collector{verdict: Accept}
		a := start(t, func(c *Config) { c.CheckAttested = (&collector{verdict: Accept}).check })
		b := start(t, func(c *Config) { c.CheckAttested = middle.check })
		c := start(t, func(c *Config) { c.CheckAttested = end.check })
		connect(t, a, b)
		connect(t, c, b)
		eventually(t, "the mesh", func() bool { return len(b.gossip.attested.topic.ListPeers()) == 2 })
		eventually(t, "a judgement", func() bool {
			if err := a.Publish(t.Context(), Attested{Attester: 7, Attestation: testAttestation()}); err != nil {
				t.Fatal(err)
			}
			return middle.count() > 0 && (verdict != Accept || end.count() > 0)
		})
		if verdict == Accept && !reflect.DeepEqual(end.first().Attestation, testAttestation()) {
			t.Errorf("relayed was %+v", end.first())
		}
		if verdict != Accept && end.count() > 0 {
			t.Errorf("verdict %d: it was relayed", verdict)
		}
	}
	if err := start(t).Publish(t.Context(), Attested{Attestation: testAttestation()}); err == nil {
		t.Error("a host that checks none publishes")
	}
}

// TestAttestationsOfAPeerAreLimited: who relays more than attesters sign is not listened to, and
// pays for nobody else.
func TestAttestationsOfAPeerAreLimited(t *testing.T) {
	h := start(t, func(c *Config) { c.CheckAttested = (&collector{verdict: Accept}).check })
	for range attestedBurst {
		if err := h.gossiped.take("loud", "", 1); err != nil {
			t.Fatal(err)
		}
	}
	if h.gossiped.take("loud", "", attestedRate) == nil || h.gossiped.take("quiet", "", 1) != nil {
		t.Error("the limit is not each peer's own")
	}
}
