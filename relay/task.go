package relay

import (
	"fmt"

	"github.com/ashlar-da/ashlar/da"
)

// Kind is what a transaction is for.
type Kind string

const (
	// Rotate hands the contract the next epoch's set.
	Rotate Kind = "rotate"
	// Stage hands the contract keys of the next epoch's set beforehand, where too many are new.
	Stage Kind = "stage"
	// Attest has the contract remember a certificate.
	Attest Kind = "attest"
	// Cancel does nothing but use up the nonce of a transaction that is not wanted any more.
	Cancel Kind = "cancel"
)

// Task is what a transaction does.
type Task struct {
	Kind Kind `json:"kind"`
	// Epoch is the one whose set signed.
	Epoch uint64 `json:"epoch"`
	// Height is the certificate's, 0 for a rotation.
	Height uint64 `json:"height,omitempty"`
	// Root is the certificate's history root, or the hash of the next set.
	Root Root `json:"root"`
}

// Root is a hash that JSON shows as hex.
type Root [da.HashSize]byte

// MarshalText implements encoding.TextMarshaler.
func (r Root) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%x", r[:]), nil }

// UnmarshalText implements encoding.TextUnmarshaler. It fails with da.ErrMalformed.
func (r *Root) UnmarshalText(text []byte) error {
	var decoded []byte
	if _, err := fmt.Sscanf(string(text), "%x", &decoded); err != nil || len(decoded) != len(r) {
		return fmt.Errorf("%w: %.80q is not a hash in hex", da.ErrMalformed, text)
	}
	copy(r[:], decoded)
	return nil
}

// String says what the task is to people.
func (t Task) String() string {
	switch t.Kind {
	case Rotate:
		return fmt.Sprintf("the rotation from epoch %d to %d", t.Epoch, t.Epoch+1)
	case Stage:
		return fmt.Sprintf("the keys of epoch %d", t.Epoch+1)
	case Attest:
		return fmt.Sprintf("the certificate of height %d", t.Height)
	}
	return "a cancellation"
}

// Fees are what a transaction offers per unit of gas, in wei: Cap in all, Tip for the proposer.
type Fees struct {
	Cap uint64 `json:"cap"`
	Tip uint64 `json:"tip"`
}

// bumped is the least that nodes take in place of these fees: an eighth more of each, rounded up. Go-ethereum
// asks for a tenth, others for an eighth.
func (f Fees) bumped() Fees { return Fees{eighthMore(f.Cap), eighthMore(f.Tip)} }

func eighthMore(fee uint64) uint64 { return saturatingAdd(fee, fee/8+1) }

func saturatingAdd(a, b uint64) uint64 {
	if sum := a + b; sum >= a {
		return sum
	}
	return ^uint64(0)
}

// Attempt is a transaction as it was signed.
type Attempt struct {
	Task Task   `json:"task"`
	Fees Fees   `json:"fees"`
	Gas  uint64 `json:"gas"`
	// Hash and Raw are the signed transaction.
	Hash Root   `json:"hash"`
	Raw  []byte `json:"raw"`
	// Head was the newest block then.
	Head uint64 `json:"head"`
}

// Slot is a nonce of the account and what was signed for it. Each attempt replaces the one before; at most
// one of them is ever included.
type Slot struct {
	Nonce    uint64    `json:"nonce"`
	Attempts []Attempt `json:"attempts"`
}

func (s *Slot) last() *Attempt { return &s.Attempts[len(s.Attempts)-1] }
