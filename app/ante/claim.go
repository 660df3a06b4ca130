package ante

import (
	"slices"

	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"

	"github.com/ashlar-da/ashlar/app/blob"
	"github.com/ashlar-da/ashlar/da"
)

// Claim is what the blobs of an envelope, which has passed all other checks, assert: commitments
// and cell proofs that KZG is to verify.
type Claim struct {
	// Err is what Settle found, nil if the blobs are good.
	Err error
	// Height is that at which it was made.
	Height int64

	envelope *da.Envelope
	key      [da.HashSize]byte
	signer   [da.AddressSize]byte
	// holds tells that Settle found the blobs good.
	holds bool
	// risky tells that no good blobs of the signer were known, and that unsettled counts it.
	risky bool
}

// Deferred is what Verify left to Settle.
type Deferred struct{ claim *Claim }

// Defer runs a check in which Verify leaves KZG undone, and returns what is left to do: nil if
// nothing is. The caller must hand it to Settle or Drop.
func (v *Verifier) Defer(check func()) *Claim {
	v.deferred = new(Deferred)
	defer func() { v.deferred = nil }()
	check()
	return v.deferred.claim
}

// Deferring tells whether Defer runs.
func (v *Verifier) Deferring() bool { return v.deferred != nil }

// claim collects what an envelope asserts.
func (v *Verifier) claim(height int64, tx *blob.Tx, key [da.HashSize]byte) *Claim {
	signer := tx.Message.Signer
	c := &Claim{envelope: tx.Envelope, key: key, signer: signer, Height: height, risky: !v.proven.Contains(signer)}
	if c.risky {
		v.mu.Lock()
		v.unsettled++
		v.mu.Unlock()
	}
	return c
}

// Drop forgets a claim that is not to be settled.
func (v *Verifier) Drop(c *Claim) {
	if c.risky {
		c.risky = false
		v.mu.Lock()
		v.unsettled--
		v.mu.Unlock()
	}
}

// Settle computes the KZG of claims, together where that is cheaper, and sets Err of those that do
// not hold. It may run beside everything, itself included. A panic leaves none of them without a verdict.
func (v *Verifier) Settle(claims []*Claim) {
	defer func() {
		for _, c := range claims {
			v.Drop(c)
			if !c.holds && c.Err == nil {
				c.Err = sdkerrors.ErrPanic.Wrap("the blobs could not be verified: the node's log has the reason")
			}
		}
	}()
	var known, risky []*Claim
	for _, c := range claims {
		if c.risky {
			risky = append(risky, c)
		} else {
			known = append(known, c)
		}
	}
	v.search(known, false)
	v.search(risky, false)
}

// search verifies claims together, and looks for those to blame by halves where they do not all
// hold, which failed tells if it is known.
func (v *Verifier) search(claims []*Claim, failed bool) {
	if left := v.spare(claims); len(left) < len(claims) {
		claims, failed = left, false
	}
	if len(claims) == 0 {
		return
	}
	var err error
	if !failed || len(claims) == 1 {
		if err = v.verify(claims); err == nil {
			v.credit(claims)
			return
		}
	}
	if len(claims) == 1 {
		claims[0].Err = blob.Wrap(err)
		v.blame(claims[0].Height, claims[0].signer)
		return
	}
	first, second := claims[:len(claims)/2], claims[len(claims)/2:]
	v.search(first, false)
	v.search(second, !slices.ContainsFunc(first, func(c *Claim) bool { return c.Err != nil }))
}

// spare returns the claims without those whose signer was found out since: theirs fail.
func (v *Verifier) spare(claims []*Claim) []*Claim {
	var left []*Claim
	for _, c := range claims {
		if c.Err = v.backOff(c.Height, c.signer); c.Err == nil {
			left = append(left, c)
		}
	}
	return left
}

func (v *Verifier) verify(claims []*Claim) error {
	envelopes := make([]*da.Envelope, len(claims))
	for i, c := range claims {
		envelopes[i] = c.envelope
	}
	return da.VerifyEnvelopes(v.setup, envelopes)
}

// credit remembers claims that hold.
func (v *Verifier) credit(claims []*Claim) {
	for _, c := range claims {
		c.holds = true
		v.offences.Remove(c.signer)
		v.proven.Add(c.signer, struct{}{})
		v.verified.Add(c.key, struct{}{})
	}
	v.computed.Add(uint64(len(claims)))
}

// blame counts a false envelope, the signer's and the height's.
func (v *Verifier) blame(height int64, signer [da.AddressSize]byte) {
	v.computed.Add(1)
	v.mu.Lock()
	defer v.mu.Unlock()
	past, _ := v.offences.Get(signer)
	v.offences.Add(signer, past.again(height))
	v.failures = v.failures.at(height)
	v.failures.count++
}
