package client

import (
	"fmt"
	"slices"
)

// State is how far a submission has come.
type State string

// The states of a submission, in the order they are reached. Failed may follow any but Final
// and Attested.
const (
	// Queued: its blobs' ids are known, and are in the journal if there is one.
	Queued State = "queued"
	// Signed: a transaction that posts it was signed, and is in the journal if there is one.
	Signed State = "signed"
	// Accepted: a node's mempool holds the transaction.
	Accepted State = "accepted"
	// Included: it is in a block, proven under the DA header that a node gave.
	Included State = "included"
	// Final: and that block's header is one that the client's Trust takes for the chain's.
	Final State = "final"
	// Attested: a certificate, of the block or of one above whose history includes it, verifies
	// against a set of the client's Sets. Only waiting for it looks for one.
	Attested State = "attested"
	// Failed: it is not posted, and the client has given up; Update.Err is the cause.
	Failed State = "failed"
)

// reached lists the states that follow one another.
func reached() []State { return []State{Queued, Signed, Accepted, Included, Final, Attested} }

// has tells whether a submission in state s has come as far as want.
func (s State) has(want State) bool {
	order := reached()
	return slices.Index(order, s) >= slices.Index(order, want) && s != Failed
}

// ended tells whether nothing but an attestation can follow.
func (s State) ended() bool { return s == Failed || s.has(Final) }

// ParseState returns the state of that name, if it is one to wait for.
func ParseState(name string) (State, error) {
	if s := State(name); slices.Contains(reached()[2:], s) {
		return s, nil
	}
	return "", fmt.Errorf("cannot wait for %q: choose %s, %s, %s or %s", name, Accepted, Included, Final, Attested)
}

// Waitable fails for what cannot be waited for.
func (s State) Waitable() error {
	if !slices.Contains(reached(), s) {
		return fmt.Errorf("cannot wait for state %q", string(s))
	}
	return nil
}
