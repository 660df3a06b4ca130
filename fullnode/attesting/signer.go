package attesting

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/p2p"
)

// Reason is why a node does not sign.
type Reason string

// The reasons, all there are.
const (
	// NoKey: the node has no attestation key.
	NoKey Reason = "no_key"
	// NotMember: its key is not in the epoch's set.
	NotMember Reason = "not_member"
	// RetainShort: it keeps squares for less time than the chain's window takes.
	RetainShort Reason = "retain_short"
	// Missing: it lacks the square of a height of the window.
	Missing Reason = "missing_heights"
	// Damaged: the square of a height of the window is corrupt.
	Damaged Reason = "damaged_heights"
	// Unconfirmed: the chain's state says otherwise than the header that was signed, or than what that commits to.
	Unconfirmed Reason = "unconfirmed"
	// Early: it takes the next height's header to confirm it.
	Early Reason = "early"
	// Conflict: something else was signed for the height or epoch before.
	Conflict Reason = "conflict"
	// Unwritten: the journal of what was signed does not take it.
	Unwritten Reason = "journal"
	// Unknown: the chain's state does not answer.
	Unknown Reason = "state"
)

// Refusal is why a height or a rotation is not signed.
type Refusal struct {
	Reason Reason
	Err    error
}

// Error says what to do about it, too.
func (r *Refusal) Error() string { return r.Err.Error() }

// Unwrap returns the cause.
func (r *Refusal) Unwrap() error { return r.Err }

func refuse(reason Reason, format string, args ...any) *Refusal {
	return &Refusal{reason, fmt.Errorf(format, args...)}
}

// Signer signs for one validator. It is safe for concurrent use as far as its parts are.
type Signer struct {
	chain   Chain
	squares Squares
	journal *Journal
	secrets []*da.AttestationSecret
	keys    []da.AttestationKey // of the secrets
	retain  time.Duration

	mu     sync.Mutex
	epoch  uint64 // of seat; guarded by mu
	seat   seat   // guarded by mu
	seated bool   // seat was looked up; guarded by mu
}

// seat is the node's place in an epoch's set, and the secret of the key that is there, nil if there is none: a
// set does not change.
type seat struct {
	index  int
	secret *da.AttestationSecret
}

// NewSigner signs what the squares that are kept for so long, 0 for ever, allow: with a secret, and for epochs whose
// sets were taken before its key was registered with those that it replaces. All share the journal, so that no
// height is signed twice in conflict by different keys either.
func NewSigner(chain Chain, squares Squares, journal *Journal, retain time.Duration, secret *da.AttestationSecret, replaced ...*da.AttestationSecret) *Signer {
	s := &Signer{chain: chain, squares: squares, journal: journal, secrets: append([]*da.AttestationSecret{secret}, replaced...), retain: retain}
	for _, secret := range s.secrets {
		s.keys = append(s.keys, secret.Key())
	}
	return s
}

// Height signs a height. It fails with a *Refusal.
func (s *Signer) Height(height uint64) (*p2p.Attested, error) {
	attestation, err := s.chain.Attestation(height)
	if err != nil {
		return nil, &Refusal{Unknown, err}
	}
	index, secret, err := s.member(attestation.Epoch)
	if err != nil {
		return nil, err
	}
	if err := s.holds(attestation); err != nil {
		return nil, err
	}
	if err := s.chain.Confirm(attestation); err != nil {
		return nil, unconfirmed(err)
	}
	signature, err := s.sign(secret, Heights, height, attestation.Digest())
	return &p2p.Attested{Attester: index, Attestation: attestation, Signature: signature}, err
}

// Rotation signs the next epoch's set, under the same rules as its newest height. It fails with a
// *Refusal.
func (s *Signer) Rotation(epoch uint64) (*p2p.Attested, error) {
	rotation, err := s.chain.Rotation(epoch)
	if err != nil {
		return nil, &Refusal{Unknown, err}
	}
	index, secret, err := s.member(epoch)
	if err != nil {
		return nil, err
	}
	if err := s.chain.ConfirmRotation(rotation); err != nil {
		return nil, unconfirmed(err)
	}
	signature, err := s.sign(secret, Rotations, epoch, rotation.Digest())
	return &p2p.Attested{Attester: index, Rotation: rotation, Signature: signature}, err
}

// unconfirmed is Early where the chain only has to go on, Unconfirmed otherwise.
func unconfirmed(err error) *Refusal {
	if errors.Is(err, da.ErrFutureHeight) {
		return &Refusal{Early, err}
	}
	return &Refusal{Unconfirmed, err}
}

// member returns the node's place in an epoch's set, and the secret of the key that is there.
func (s *Signer) member(epoch uint64) (int, *da.AttestationSecret, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.seated || s.epoch != epoch {
		set, err := s.chain.AttesterSet(epoch)
		if err != nil {
			return 0, nil, &Refusal{Unknown, err}
		}
		s.epoch, s.seat, s.seated = epoch, s.find(set), true
	}
	if s.seat.secret != nil {
		return s.seat.index, s.seat.secret, nil
	}
	return 0, nil, refuse(NotMember, "key %s is not in the attester set of epoch %d: a bonded validator joins the set after next once `ashlar attest register` has named the key", s.keys[0], epoch)
}

func (s *Signer) find(set *da.AttesterSet) seat {
	for i, key := range s.keys {
		index := slices.IndexFunc(set.Attesters, func(a da.Attester) bool { return a.Key == key })
		if index >= 0 {
			return seat{index, s.secrets[i]}
		}
	}
	return seat{}
}

// holds fails unless every height of the window that ends with the attestation's is here, and will
// be for as long as a window lasts.
func (s *Signer) holds(newest *da.Attestation) error {
	window, err := s.chain.Window()
	if err != nil {
		return &Refusal{Unknown, err}
	}
	first := uint64(1)
	if newest.Height > window {
		first = newest.Height - window + 1
	}
	if tail, contiguous := s.squares.Tail(), s.squares.Contiguous(); tail == 0 || tail > first || contiguous < newest.Height {
		return refuse(Missing, "an attestation of height %d vouches for heights %d on, and this node holds %d to %d without a gap: it attests once it has held a whole window of %d heights", newest.Height, first, tail, contiguous, window)
	}
	for _, height := range s.squares.Damaged() {
		if height >= first && height <= newest.Height {
			return refuse(Damaged, "the square of height %d is corrupt: the node attests once it is mended", height)
		}
	}
	return s.retains(newest, first, window)
}

// leastBlocks is how many blocks it takes to tell how long a window lasts.
const leastBlocks = 16

// retains fails if squares are kept for less time than a window takes, going by the blocks from
// first on. Of a chain too young to tell nothing is pruned that matters.
func (s *Signer) retains(newest *da.Attestation, first, window uint64) error {
	first = max(first, 2) // block 1 has the time of the genesis
	if s.retain == 0 || newest.Height < first+min(leastBlocks, window-1) || newest.Height == first {
		return nil
	}
	oldest, err := s.chain.Attestation(first)
	if err != nil {
		return &Refusal{Unknown, err}
	}
	elapsed := time.Duration(newest.Time-oldest.Time) * time.Second
	lasts := time.Duration(float64(elapsed) * float64(window-1) / float64(newest.Height-first))
	if s.retain < lasts {
		return refuse(RetainShort, "retain is %v, and the chain's window of %d heights takes %v: an attestation would vouch for squares that are pruned; raise --retain", s.retain, window, lasts.Round(time.Second))
	}
	return nil
}

// sign signs once the journal has it.
func (s *Signer) sign(secret *da.AttestationSecret, kind Kind, number uint64, digest [da.HashSize]byte) (da.AttestationSignature, error) {
	switch err := s.journal.Sign(kind, number, digest); {
	case errors.Is(err, ErrConflict):
		return da.AttestationSignature{}, &Refusal{Conflict, err}
	case err != nil:
		return da.AttestationSignature{}, &Refusal{Unwritten, err}
	}
	signature, err := secret.Attest(digest)
	if err != nil {
		return signature, &Refusal{Unknown, err}
	}
	return signature, nil
}
