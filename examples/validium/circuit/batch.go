// Package circuit proves what the validium's contract believes: that a batch moves the state from one
// root to the next as its senders signed, or that a checkpoint is all of the state with a root; and in
// either case that exactly this data is what a blob holds.
//
// The latter is one point evaluation. The contract draws z from the blob's versioned hash and from the
// circuit's own commitment to the data (Digest); the circuit evaluates the data's polynomial at z, and
// the contract checks the blob's value there with the point-evaluation precompile. Two polynomials of
// degree below 4096 that differ agree at a random z with a probability below 2⁻²⁴².
package circuit

import (
	"github.com/consensys/gnark/frontend"

	"github.com/ashlar-da/ashlar/examples/validium/ledger"
)

// Batch is the circuit of one batch. Its public inputs come first, in the order in which the contract
// puts them together.
type Batch struct {
	OldRoot frontend.Variable `gnark:",public"`
	NewRoot frontend.Variable `gnark:",public"`
	// OldQueue and NewQueue are the chain of deposits before and after, as the contract keeps it.
	OldQueue frontend.Variable `gnark:",public"`
	NewQueue frontend.Variable `gnark:",public"`
	// DepositsBefore is how many deposits the state has.
	DepositsBefore frontend.Variable `gnark:",public"`
	// Domain is the one contract that transfers are signed for.
	Domain frontend.Variable `gnark:",public"`
	Digest frontend.Variable `gnark:",public"`
	Z      frontend.Variable `gnark:",public"`
	Y      frontend.Variable `gnark:",public"`
	// Exits is the account that the first transfer takes all money out of, as its owner asked the contract for, or
	// zero. That transfer no key signs.
	Exits frontend.Variable `gnark:",public"`

	Deposits  []DepositSlot
	Transfers []TransferSlot

	shape ledger.Shape
}

// DepositSlot has room for a deposit; empty iff Packed is zero.
type DepositSlot struct {
	X, Y, Packed frontend.Variable
	Path         []frontend.Variable
}

// TransferSlot has room for a transfer; empty iff Amount is zero.
type TransferSlot struct {
	From, To, Amount  frontend.Variable
	Sender, Recipient AccountSlot
	RX, RY, S         frontend.Variable
}

// AccountSlot is an account and the siblings from its leaf up.
type AccountSlot struct {
	X, Y, Packed frontend.Variable
	Path         []frontend.Variable
}

// NewBatch is an empty circuit for a shape.
func NewBatch(shape ledger.Shape) *Batch {
	c := &Batch{Deposits: make([]DepositSlot, shape.Deposits), Transfers: make([]TransferSlot, shape.Transfers), shape: shape}
	for i := range c.Deposits {
		c.Deposits[i].Path = make([]frontend.Variable, shape.Depth)
	}
	for i := range c.Transfers {
		c.Transfers[i].Sender.Path = make([]frontend.Variable, shape.Depth)
		c.Transfers[i].Recipient.Path = make([]frontend.Variable, shape.Depth)
	}
	return c
}

// Define implements frontend.Circuit.
func (c *Batch) Define(api frontend.API) error {
	b, err := newBuilder(api)
	if err != nil {
		return err
	}
	published := []frontend.Variable{ledger.KindBatch, c.OldRoot, c.NewRoot}
	state := state{root: c.OldRoot, queue: c.OldQueue}
	enabled := frontend.Variable(1)
	for i := range c.Deposits {
		d := &c.Deposits[i]
		enabled = b.deposit(&state, d, enabled, api.Add(c.DepositsBefore, i+1))
		published = append(published, d.X, d.Y, d.Packed)
	}
	exits := c.Exits
	for i := range c.Transfers {
		published = append(published, b.transfer(&state, &c.Transfers[i], exits, c.Domain))
		exits = 0
	}
	api.AssertIsEqual(state.root, c.NewRoot)
	api.AssertIsEqual(state.queue, c.NewQueue)
	digest := frontend.Variable(0)
	for _, s := range published {
		digest = b.hash(digest, s)
	}
	api.AssertIsEqual(digest, c.Digest)
	api.AssertIsEqual(b.evaluate(published, c.Z), c.Y)
	return nil
}

// state is what slots pass on.
type state struct{ root, queue frontend.Variable }

// deposit opens the account at an index, which must be empty; before tells whether the slot before was
// taken, and the return value whether this one is.
func (b *builder) deposit(s *state, d *DepositSlot, before, index frontend.Variable) frontend.Variable {
	enabled := b.Sub(1, b.IsZero(d.Packed))
	b.AssertIsEqual(b.Mul(enabled, b.Sub(1, before)), 0) // no gaps
	b.zeroUnless(enabled, d.X, d.Y)
	leaf := b.hash(b.hash(d.X, d.Y), d.Packed)
	bits := b.ToBinary(b.Mul(enabled, index), len(d.Path))
	b.equalIf(enabled, b.climb(0, bits, d.Path), s.root)
	s.root = b.Select(enabled, b.climb(leaf, bits, d.Path), s.root)
	s.queue = b.Select(enabled, b.hash(s.queue, leaf), s.queue)
	return enabled
}

// transfer moves an amount from account to account, and returns what is published of it. If exits is not zero, it is all
// that this account has, to the exit account.
func (b *builder) transfer(s *state, t *TransferSlot, exits, domain frontend.Variable) frontend.Variable {
	enabled := b.Sub(1, b.IsZero(t.Amount))
	asked := b.Sub(1, b.IsZero(exits))
	b.zeroUnless(enabled, t.From, t.To)
	b.ToBinary(t.Amount, ledger.BalanceBits)
	b.AssertIsEqual(b.Mul(enabled, b.IsZero(t.From)), 0) // nothing leaves the exit account
	published := b.Add(t.From, b.Mul(t.To, 1<<16), b.Mul(t.Amount, 1<<32))

	from, to := b.unpack(t.Sender.Packed), b.unpack(t.Recipient.Packed)
	b.AssertIsEqual(b.Mul(asked, b.Sub(1, enabled)), 0)
	b.equalIf(asked, t.From, exits)
	b.equalIf(asked, t.To, ledger.ExitAccount)
	b.equalIf(asked, t.Amount, from.balance)
	b.signed(t, b.Mul(enabled, b.Sub(1, asked)), published, from.nonce, domain)

	from.balance, from.nonce = b.Sub(from.balance, t.Amount), b.Add(from.nonce, enabled)
	b.ToBinary(from.balance, ledger.BalanceBits)
	b.ToBinary(from.nonce, ledger.NonceBits)
	b.update(s, enabled, t.From, &t.Sender, b.pack(from))

	to.balance = b.Add(to.balance, t.Amount)
	b.ToBinary(to.balance, ledger.BalanceBits)
	b.update(s, enabled, t.To, &t.Recipient, b.pack(to))
	return published
}

// update replaces an account's packed part in the state.
func (b *builder) update(s *state, enabled, index frontend.Variable, a *AccountSlot, packed frontend.Variable) {
	bits := b.ToBinary(index, len(a.Path))
	key := b.hash(a.X, a.Y)
	b.equalIf(enabled, b.climb(b.hash(key, a.Packed), bits, a.Path), s.root)
	s.root = b.Select(enabled, b.climb(b.hash(key, packed), bits, a.Path), s.root)
}
