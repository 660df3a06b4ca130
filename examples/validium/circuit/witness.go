package circuit

import (
	"fmt"

	"github.com/consensys/gnark/frontend"

	"github.com/ashlar-da/ashlar/examples/validium/ledger"
)

// Statement is what the contract adds to a batch: the public inputs that are not in its data.
type Statement struct {
	OldQueue, NewQueue ledger.Scalar
	DepositsBefore     int
	Domain             ledger.Scalar
	// Exits is the account that the first transfer takes everything out of because its owner asked the contract for that,
	// or 0.
	Exits uint16
	// Z is drawn by Challenge.
	Z ledger.Scalar
}

// AssignBatch is the witness of a batch over the state before it. It fails with ledger's errors where
// the batch does not follow, and where a signature is missing.
func AssignBatch(before *ledger.Ledger, batch *ledger.Batch, s Statement) (*Batch, error) {
	shape := before.Shape()
	scalars, err := batch.Scalars(shape)
	if err != nil {
		return nil, err
	}
	c := NewBatch(shape)
	c.OldRoot, c.NewRoot = batch.Old, batch.New
	c.OldQueue, c.NewQueue, c.DepositsBefore, c.Domain = s.OldQueue, s.NewQueue, s.DepositsBefore, s.Domain
	c.Exits = s.Exits
	c.Digest, c.Z, c.Y = ledger.Chain(scalars...), s.Z, Evaluate(scalars, s.Z)
	state := before.Clone()
	for i := range c.Deposits {
		if err := assignDeposit(&c.Deposits[i], state, batch.Deposits, i); err != nil {
			return nil, err
		}
	}
	for i := range c.Transfers {
		if err := assignTransfer(&c.Transfers[i], state, batch.Transfers, i, s); err != nil {
			return nil, err
		}
	}
	if state.Root() != batch.New {
		return nil, fmt.Errorf("%w: the batch does not end at its root", ledger.ErrInvalid)
	}
	return c, nil
}

func assignDeposit(slot *DepositSlot, state *ledger.Ledger, deposits []ledger.Deposit, i int) error {
	if i >= len(deposits) {
		_, path := state.Account(0)
		*slot = DepositSlot{X: 0, Y: 0, Packed: 0, Path: variables(path)}
		return nil
	}
	a := deposits[i].Account()
	if err := state.Deposit(deposits[i]); err != nil {
		return err
	}
	_, path := state.Account(state.Deposits())
	*slot = DepositSlot{X: a.Key.X, Y: a.Key.Y, Packed: a.Packed(), Path: variables(path)}
	return nil
}

func assignTransfer(slot *TransferSlot, state *ledger.Ledger, transfers []ledger.Transfer, i int, s Statement) error {
	if i >= len(transfers) {
		return assignEmpty(slot, state, s.Domain)
	}
	t := transfers[i]
	sender, path := state.Account(int(t.From))
	if i == 0 && s.Exits != 0 {
		var err error
		if t, err = t.Sign(ledger.Placeholder(), sender.Nonce, s.Domain); err != nil {
			return err
		}
	} else if err := t.Verify(sender, s.Domain); err != nil {
		return fmt.Errorf("transfer %d: %w", i, err)
	}
	slot.From, slot.To, slot.Amount = t.From, t.To, t.Amount
	slot.Sender = accountSlot(sender, path)
	recipient, path, err := state.Transfer(t)
	if err != nil {
		return err
	}
	slot.Recipient = accountSlot(recipient, path)
	return assignSignature(slot, t.Signature)
}

// assignEmpty fills a slot that moves nothing: its accounts are read nowhere, its signature is the
// placeholder's.
func assignEmpty(slot *TransferSlot, state *ledger.Ledger, domain ledger.Scalar) error {
	_, path := state.Account(0)
	slot.From, slot.To, slot.Amount = 0, 0, 0
	slot.Sender = accountSlot(ledger.Account{}, path)
	slot.Recipient = accountSlot(ledger.Account{}, path)
	t, err := ledger.Transfer{}.Sign(ledger.Placeholder(), 0, domain)
	if err != nil {
		return err
	}
	return assignSignature(slot, t.Signature)
}

func assignSignature(slot *TransferSlot, signature ledger.Signature) error {
	x, y, s, err := signature.Open()
	slot.RX, slot.RY, slot.S = x, y, s
	return err
}

func accountSlot(a ledger.Account, path []ledger.Scalar) AccountSlot {
	return AccountSlot{X: a.Key.X, Y: a.Key.Y, Packed: a.Packed(), Path: variables(path)}
}

func variables(scalars []ledger.Scalar) []frontend.Variable {
	out := make([]frontend.Variable, len(scalars))
	for i := range scalars {
		out[i] = scalars[i]
	}
	return out
}

// AssignCheckpoint is the witness of one slice of a checkpoint.
func AssignCheckpoint(state *ledger.Ledger, slice int, z ledger.Scalar) *Checkpoint {
	scalars := state.Slice(slice)
	c := NewCheckpoint(state.Shape())
	c.Root, c.Slice, c.Z, c.Y = state.Root(), slice, z, Evaluate(scalars, z)
	copy(c.Path, variables(state.SlicePath(slice)))
	first := len(scalars) - 3*len(c.Accounts)
	for i := range c.Accounts {
		copy(c.Accounts[i][:], variables(scalars[first+3*i:][:3]))
	}
	return c
}
