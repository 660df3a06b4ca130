package attesting

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/p2p"
)

const (
	// keepBelow and keepAbove are how far from the newest stored height signatures are taken:
	// others may be ahead, and a certificate gets better for a while. A false signature of a height further ahead is a fault too, and is
	// not heard here: it would take memory for as many heights as there are numbers, and nobody is led astray by a single
	// signature. Added up with others, in a certificate, it is evidence wherever that turns up, see Adopt.
	keepBelow, keepAbove = 64, 16
	// keepEpochs is how many rotations are collected.
	keepEpochs = 3
	// maxContents is how many different contents one attester's signatures of one height are kept
	// of: the second is evidence already.
	maxContents = 2
	// relayAgain is how long after it was relayed a signature is relayed again, so that nodes that
	// came later get it too.
	relayAgain = 5 * time.Second
)

// ErrNotAttested means that no quorum signed, as far as this node has heard.
var ErrNotAttested = errors.New("attesting: no certificate")

// Evidence is an attestation or a rotation that is not the chain's, with the signature of an attester, or the sum of those of several.
type Evidence struct {
	Attestation *da.Attestation // one of both
	Rotation    *da.Rotation
	// Signers are who signed, by their places in the set of Epoch, and Operators the same, in that order.
	Signers   da.Signers
	Operators [][da.AddressSize]byte
	Signature da.AttestationSignature
}

// Epoch is the one that was signed for.
func (e *Evidence) Epoch() uint64 {
	_, epoch, _ := about(e.attested())
	return epoch
}

func (e *Evidence) attested() *p2p.Attested {
	return &p2p.Attested{Attestation: e.Attestation, Rotation: e.Rotation}
}

// evidenceOf is that against one attester.
func evidenceOf(operator [da.AddressSize]byte, a *p2p.Attested) Evidence {
	e := Evidence{Attestation: a.Attestation, Rotation: a.Rotation, Operators: [][da.AddressSize]byte{operator}, Signature: a.Signature}
	e.Signers.Add(a.Attester)
	return e
}

// Collector verifies signatures and adds them up to certificates. It is safe for concurrent use.
type Collector struct {
	chain    Chain
	archive  *Archive
	log      *slog.Logger
	metrics  *metrics
	evidence func(Evidence)
	now      func() time.Time

	mu      sync.Mutex
	head    uint64              // newest height stored, 0 before the first; guarded by mu
	epoch   uint64              // that of head; guarded by mu
	sets    map[uint64]*members // by epoch; guarded by mu
	tallies map[subject]*tally  // guarded by mu
	commits map[uint64]time.Time
	changed chan struct{} // closed and replaced with each certificate or rotation; guarded by mu
}

func newCollector(chain Chain, archive *Archive, m *metrics, evidence func(Evidence), log *slog.Logger) *Collector {
	return &Collector{
		chain: chain, archive: archive, log: log, metrics: m, evidence: evidence, now: time.Now,
		sets: make(map[uint64]*members), tallies: make(map[subject]*tally), commits: make(map[uint64]time.Time), changed: make(chan struct{}),
	}
}

// tally is what is known of one height or rotation.
type tally struct {
	statements map[[da.AddressSize]byte][]*statement // by operator

	// What is the chain's own, once known.
	known       bool
	digest      [da.HashSize]byte
	attestation *da.Attestation // one of both
	rotation    *da.Rotation
	members     *members

	signers da.Signers // of that
	sum     da.AttestationSignature
	power   uint64
}

// statement is what one attester signed, verified.
type statement struct {
	p2p.Attested
	digest  [da.HashSize]byte
	relayed time.Time
	settled bool // counted, or reported as evidence
}

// about returns what is signed about, its epoch and its digest.
func about(a *p2p.Attested) (s subject, epoch uint64, digest [da.HashSize]byte) {
	if a.Rotation != nil {
		return subject{Rotations, a.Rotation.Epoch}, a.Rotation.Epoch, a.Rotation.Digest()
	}
	return subject{Heights, a.Attestation.Height}, a.Attestation.Epoch, a.Attestation.Digest()
}

// Add takes a signature from the network, and says whether to relay it. Everything is looked at
// before the signature is verified, which takes a millisecond.
func (c *Collector) Add(_ context.Context, a p2p.Attested) p2p.Verdict {
	s, epoch, digest := about(&a)
	operator, key, verdict := c.look(s, epoch, &a, digest)
	if key == nil {
		return verdict
	}
	if err := key.VerifyAttestation(digest, a.Signature); err != nil {
		return p2p.Reject
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.tallies[s]
	if t == nil {
		t = &tally{statements: make(map[[da.AddressSize]byte][]*statement)}
		c.tallies[s] = t
	}
	if verdict, again := t.seen(operator, digest, &a.Signature, c.now()); again {
		return verdict
	}
	t.statements[operator] = append(t.statements[operator], &statement{Attested: a, digest: digest, relayed: c.now()})
	c.settle(s, t)
	return p2p.Accept
}

// look returns whose key a signature is to be verified by, or a verdict where that is not needed.
func (c *Collector) look(s subject, epoch uint64, a *p2p.Attested, digest [da.HashSize]byte) (operator [da.AddressSize]byte, key *da.AttestationKey, _ p2p.Verdict) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.within(s, epoch) {
		return operator, nil, p2p.Ignore
	}
	m, err := c.members(epoch)
	if err != nil {
		return operator, nil, p2p.Ignore
	}
	if a.Attester >= len(m.set.Attesters) {
		return operator, nil, p2p.Reject
	}
	attester := &m.set.Attesters[a.Attester]
	if t := c.tallies[s]; t != nil {
		if verdict, again := t.seen(attester.Operator, digest, &a.Signature, c.now()); again {
			return operator, nil, verdict
		}
	}
	return attester.Operator, &attester.Key, p2p.Accept
}

// within tells whether signatures about s are taken. The caller holds mu.
func (c *Collector) within(s subject, epoch uint64) bool {
	near := epoch+keepEpochs > c.epoch && epoch <= c.epoch+1
	if c.head == 0 || !near {
		return false
	}
	return s.kind == Rotations || s.number+keepBelow > c.head && s.number <= c.head+keepAbove
}

// members returns an epoch's set. The caller holds mu.
func (c *Collector) members(epoch uint64) (*members, error) {
	if m := c.sets[epoch]; m != nil {
		return m, nil
	}
	m, err := loadMembers(c.chain, epoch)
	if err == nil {
		c.sets[epoch] = m
	}
	return m, err
}

// seen tells whether a signature is no news, and what it is worth then: there is but one
// signature of a digest by a key.
func (t *tally) seen(operator [da.AddressSize]byte, digest [da.HashSize]byte, signature *da.AttestationSignature, now time.Time) (p2p.Verdict, bool) {
	before := t.statements[operator]
	for _, st := range before {
		switch {
		case st.digest != digest:
			continue
		case st.Signature != *signature:
			return p2p.Reject, true
		case now.Sub(st.relayed) < relayAgain:
			return p2p.Ignore, true
		}
		st.relayed = now
		return p2p.Accept, true
	}
	return p2p.Ignore, len(before) >= maxContents
}

// settle counts what of a tally is the chain's own, and reports what is not, as far as that is
// known. The caller holds mu.
func (c *Collector) settle(s subject, t *tally) {
	if !t.known && !c.resolve(s, t) {
		return
	}
	better := false
	for operator, statements := range t.statements {
		for _, st := range statements {
			switch {
			case st.settled:
			case st.digest == t.digest:
				better = c.count(t, st) || better
			default:
				c.evidence(evidenceOf(operator, &st.Attested))
			}
			st.settled = true
		}
	}
	if better && t.members.quorum(t.power) {
		c.certify(s, t)
	}
}

// quorum tells whether a power is more than two thirds of all: certificates are verified by da,
// whose rule this is.
func (m *members) quorum(power uint64) bool {
	total := m.set.Total
	return power > total/3*2+(total%3)*2/3
}

// resolve looks up what the chain says. The caller holds mu.
func (c *Collector) resolve(s subject, t *tally) bool {
	var epoch uint64
	if s.kind == Rotations {
		rotation, err := c.chain.Rotation(s.number)
		if err != nil {
			return false
		}
		t.rotation, t.digest, epoch = rotation, rotation.Digest(), rotation.Epoch
	} else {
		attestation, err := c.chain.Attestation(s.number)
		if err != nil {
			return false
		}
		t.attestation, t.digest, epoch = attestation, attestation.Digest(), attestation.Epoch
	}
	m, err := c.members(epoch)
	t.members, t.known = m, err == nil
	return t.known
}

// count adds a signature of the chain's own digest up, which is one of its epoch's set then. The
// caller holds mu.
func (c *Collector) count(t *tally, st *statement) bool {
	if t.signers.Has(st.Attester) {
		return false
	}
	sum := st.Signature
	if t.signers.Count() > 0 {
		var err error
		if sum, err = da.AggregateSignatures([]da.AttestationSignature{t.sum, st.Signature}); err != nil {
			c.log.Error("signatures cannot be added", "error", err) // they cancel out: nobody finds such keys
			return false
		}
	}
	t.sum = sum
	t.signers.Add(st.Attester)
	t.power += t.members.set.Attesters[st.Attester].Power
	return true
}

// certify stores the certificate of a tally that has a quorum, unless a better one is there: from
// before this process began, or from a block. The caller holds mu.
func (c *Collector) certify(s subject, t *tally) {
	held, err := c.held(s, t)
	if err == nil && held < t.power {
		err = c.store(s, t, held == 0)
	}
	if err != nil {
		c.log.Error("a certificate is not stored", "kind", string(s.kind), "number", s.number, "error", err)
	}
}

// held is the power of those who signed what the archive has, 0 if it has nothing. The caller
// holds mu.
func (c *Collector) held(s subject, t *tally) (uint64, error) {
	if s.kind == Rotations {
		r, err := c.archive.Rotation(s.number)
		if r == nil || err != nil {
			return 0, err
		}
		return t.members.power(&r.Signers), nil
	}
	certificate, err := c.archive.Certificate(s.number)
	if certificate == nil || err != nil {
		return 0, err
	}
	return t.members.power(&certificate.Signers), nil
}

// store stores the certificate of a tally; the first of its height or epoch is synced. The caller
// holds mu.
func (c *Collector) store(s subject, t *tally, first bool) error {
	defer c.wake()
	if s.kind == Rotations {
		return c.archive.putRotation(&da.SignedRotation{Rotation: *t.rotation, Signers: t.signers, Signature: t.sum}, first)
	}
	if committed, known := c.commits[s.number]; known && first {
		c.metrics.delay.Observe(c.now().Sub(committed).Seconds())
	}
	c.metrics.note(s.number, t.power, t.members.set.Total)
	return c.archive.put(&da.Certificate{Attestation: *t.attestation, Signers: t.signers, Signature: t.sum}, first)
}

// wake tells who waits that there is news. The caller holds mu.
func (c *Collector) wake() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// Changed returns a channel that is closed once there is another certificate or rotation.
func (c *Collector) Changed() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changed
}

// Committed notes when a height was committed: from then on its certificate is waited for.
func (c *Collector) Committed(height uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.commits[height] = c.now()
	delete(c.commits, height-min(height, keepBelow))
}

// Advance takes note of a height that is committed and stored, settles what was ahead of it and
// forgets what is far below.
func (c *Collector) Advance(height uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if height <= c.head {
		return
	}
	attestation, err := c.chain.Attestation(height)
	if err != nil {
		c.log.Error("the chain does not say what to attest", "height", height, "error", err)
		return
	}
	if c.head == 0 || c.epoch != attestation.Epoch {
		c.keepSets(attestation.Epoch)
	}
	c.head, c.epoch = height, attestation.Epoch
	for s, t := range c.tallies {
		if old := s.kind == Heights && s.number+keepBelow <= c.head || s.kind == Rotations && s.number+keepEpochs <= c.epoch; old {
			delete(c.tallies, s)
		} else if !t.known {
			c.settle(s, t)
		}
	}
	for epoch := range c.sets {
		if epoch+keepEpochs <= c.epoch {
			delete(c.sets, epoch)
		}
	}
	c.wake() // who waits for a height that was ahead learns that it is there
}
