package attesting

import (
	"github.com/ashlar-da/ashlar/da"
)

// Chain is what this package asks of the chain's committed state; the application implements it.
// Calls are concurrent.
type Chain interface {
	// Attestation returns what there is to sign of a committed height. It fails with
	// da.ErrFutureHeight and da.ErrPruned.
	Attestation(height uint64) (*da.Attestation, error)
	// Confirm fails unless an attestation follows from headers that more than two thirds of the validators signed: hash, time
	// and data from its height's, the epoch, the set and the history from proofs under a header's hash of
	// state. It fails with da.ErrFutureHeight where it takes the next header to tell.
	Confirm(attestation *da.Attestation) error
	// ConfirmRotation is Confirm of a rotation, of which all is state's.
	ConfirmRotation(rotation *da.Rotation) error
	// AttesterSet returns an epoch's set. It fails as Attestation does.
	AttesterSet(epoch uint64) (*da.AttesterSet, error)
	// SetTaken returns when an epoch's set was taken, in seconds since 1970. It fails as Attestation does.
	SetTaken(epoch uint64) (uint64, error)
	// Rotation returns what an epoch's set signs of the next, once that was taken. It fails as
	// Attestation does.
	Rotation(epoch uint64) (*da.Rotation, error)
	// Window is how many heights, its own included, an attestation vouches for.
	Window() (uint64, error)
}

// Squares tells which squares are durably stored; *store.Store implements it.
type Squares interface {
	// Tail is the oldest height held, 0 if there is none; Contiguous that up to which all from
	// there on are; Damaged those found corrupt.
	Tail() uint64
	Contiguous() uint64
	Damaged() []uint64
}

// members is an epoch's set, as signatures are verified against it.
type members struct {
	set  *da.AttesterSet
	hash [da.HashSize]byte
}

func loadMembers(chain Chain, epoch uint64) (*members, error) {
	set, err := chain.AttesterSet(epoch)
	if err != nil {
		return nil, err
	}
	hash, err := set.Hash()
	if err != nil {
		return nil, err
	}
	return &members{set, hash}, nil
}

// power is that of the signers.
func (m *members) power(signers *da.Signers) (sum uint64) {
	for i := range m.set.Attesters {
		if signers.Has(i) {
			sum += m.set.Attesters[i].Power
		}
	}
	return sum
}
