package ante

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/ashlar-da/ashlar/app/blob"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

const (
	// verifiedEnvelopes bounds how many envelopes are remembered as verified: more than
	// a mempool of the default size holds.
	verifiedEnvelopes = 8192
	// knownSigners bounds how many signers are remembered, of false blobs and of good ones each.
	knownSigners = 4096
	// failuresPerHeight bounds what signers of whom no good blobs are known may cost: they
	// are an account each, which costs its funder little.
	failuresPerHeight = 32
	// maxBackOff bounds the blocks a signer is refused for, as a power of two.
	maxBackOff = 10
)

// ErrLater is why a check in Defer is not finished: whether the signer's blobs are looked at at this height
// depends on others that are being verified.
var ErrLater = errors.New("others of whom no good blobs are known are being verified")

// Verifier checks blobs against commitments and proofs, and remembers: what was
// verified, so that no envelope is verified twice, and whose blobs were false, so that
// they cannot make a node verify at will. Verify, which settles what is not deferred, and Defer are
// called under ABCI's mutex, Settle beside it.
type Verifier struct {
	setup    *kzg.Setup
	verified *lru.Cache[[da.HashSize]byte, struct{}]
	offences *lru.Cache[[da.AddressSize]byte, offence]
	proven   *lru.Cache[[da.AddressSize]byte, struct{}]
	computed atomic.Uint64 // envelopes KZG was computed for
	deferred *Deferred     // where Verify leaves KZG, nil if it computes it; guarded by ABCI's mutex

	mu       sync.Mutex
	failures failures // guarded by mu
	// unsettled are the claims of signers of whom no good blobs are known: each may fail.
	unsettled int // guarded by mu
}

// failures counts those of one height.
type failures struct {
	height int64
	count  int
}

// at returns the failures of a height: none if it is a new one.
func (f failures) at(height int64) failures {
	if f.height != height {
		return failures{height: height}
	}
	return f
}

// offence is what is remembered of a signer of false blobs.
type offence struct {
	// count is how many false envelopes there were since the last good one.
	count int
	// until is the height from which the signer's blobs are looked at again.
	until int64
}

// again returns the offence after one more at height: twice as long, up to a bound.
func (o offence) again(height int64) offence {
	count := o.count + 1
	return offence{count: count, until: height + 1<<min(count, maxBackOff)}
}

// NewVerifier returns a verifier that remembers nothing yet. Without a setup it refuses
// every envelope.
func NewVerifier(setup *kzg.Setup) (*Verifier, error) {
	verified, err := lru.New[[da.HashSize]byte, struct{}](verifiedEnvelopes)
	if err != nil {
		return nil, fmt.Errorf("cache of verified envelopes: %w", err)
	}
	offences, err := lru.New[[da.AddressSize]byte, offence](knownSigners)
	if err != nil {
		return nil, fmt.Errorf("cache of signers of false blobs: %w", err)
	}
	proven, err := lru.New[[da.AddressSize]byte, struct{}](knownSigners)
	if err != nil {
		return nil, fmt.Errorf("cache of signers of good blobs: %w", err)
	}
	return &Verifier{setup: setup, verified: verified, offences: offences, proven: proven}, nil
}

// Verify checks everything about the blobs of a signed transaction. What a stranger may
// have changed only drops the envelope. Where keccaks and proof hash match, what is
// wrong is the signer's doing: it is refused for a number of blocks that doubles each time.
// While Defer runs, KZG is left to Settle.
func (v *Verifier) Verify(height int64, limits da.Limits, tx *blob.Tx) error {
	if err := v.admit(height, tx.Message.Signer); err != nil {
		return err
	}
	if _, err := tx.Envelope.Check(limits); err != nil {
		return blob.Wrap(err)
	}
	if v.setup == nil {
		return errors.New("this application has no setup to verify blobs with")
	}
	key, err := tx.Envelope.Key()
	if err != nil {
		return blob.Wrap(err)
	}
	if v.verified.Contains(key) {
		return nil
	}
	claim := v.claim(height, tx, key)
	if v.deferred != nil {
		v.deferred.claim = claim
		return nil
	}
	v.Settle([]*Claim{claim})
	return claim.Err
}

// Verifications returns how many envelopes KZG was computed for. It may be called beside Verify.
func (v *Verifier) Verifications() uint64 { return v.computed.Load() }

// admit tells whether blobs of the signer are looked at. Of signers of whom no good blobs are
// known, what is still being verified counts as failed: in Defer, which can wait, that is ErrLater.
func (v *Verifier) admit(height int64, signer [da.AddressSize]byte) error {
	if err := v.backOff(height, signer); err != nil {
		return err
	}
	v.mu.Lock()
	failed, unsettled := v.failures.at(height).count, v.unsettled
	v.mu.Unlock()
	if failed+unsettled < failuresPerHeight || v.proven.Contains(signer) {
		return nil
	}
	if failed < failuresPerHeight && v.deferred != nil {
		return ErrLater
	}
	return blob.ErrBackOff.Wrapf("%d envelopes with false blobs came since height %d, or are being verified, and no good ones of this signer yet: submit again in the next block", failuresPerHeight, height)
}

// backOff tells whether a signer's blobs were false lately.
func (v *Verifier) backOff(height int64, signer [da.AddressSize]byte) error {
	if past, _ := v.offences.Get(signer); height < past.until {
		return blob.ErrBackOff.Wrapf("its last %d envelopes held false blobs: submit again at height %d", past.count, past.until)
	}
	return nil
}

// Trust notes that blobs of the signer were good: they are in a block that holds. So those
// who use the chain are known after a restart too, whatever strangers sign meanwhile.
func (v *Verifier) Trust(signer [da.AddressSize]byte) {
	v.proven.Add(signer, struct{}{})
}

// Known tells whether the envelope's blobs, commitments and proofs were verified before.
func (v *Verifier) Known(e *da.Envelope) bool {
	key, err := e.Key()
	if err != nil {
		return false
	}
	_, ok := v.verified.Get(key)
	return ok
}
