// Package ledger is the validium's state and the data it publishes: accounts in a Merkle tree,
// batches of deposits and transfers that move it from root to root, and checkpoints of all of it. Both
// kinds of data are the first scalars of a blob; from them alone anyone rebuilds the state.
package ledger

import (
	"errors"
	"fmt"
	"math"
)

var (
	// ErrMalformed means that data is not a batch or a checkpoint.
	ErrMalformed = errors.New("ledger: malformed")
	// ErrInvalid means that a batch does not follow from the state.
	ErrInvalid = errors.New("ledger: invalid")
)

// ExitAccount receives what leaves: nobody can sign for it.
const ExitAccount = 0

// Shape is what circuits are made for.
type Shape struct {
	// Depth of the state tree: 2^Depth accounts.
	Depth int
	// SliceDepth of a checkpoint's slices: 2^SliceDepth accounts each.
	SliceDepth int
	// Deposits and Transfers are how many of each a batch has room for.
	Deposits, Transfers int
}

// Ledger is the state.
type Ledger struct {
	shape    Shape
	accounts []Account
	tree     *Tree
	deposits int
}

// New is the state before any batch: the exit account alone.
func New(shape Shape) *Ledger {
	l := &Ledger{shape: shape, accounts: make([]Account, 1<<shape.Depth), tree: newTree(shape.Depth)}
	l.set(ExitAccount, Account{Owner: [20]byte{19: 1}})
	return l
}

func (l *Ledger) set(index int, a Account) {
	l.accounts[index] = a
	l.tree.set(index, a.Leaf())
}

// Shape returns what the ledger was made for.
func (l *Ledger) Shape() Shape { return l.shape }

// Root is the state root.
func (l *Ledger) Root() Scalar { return l.tree.Root() }

// Deposits is how many deposits are in the state; deposit i opened account i+1.
func (l *Ledger) Deposits() int { return l.deposits }

// Account returns an account and the siblings from its leaf up.
func (l *Ledger) Account(index int) (Account, []Scalar) { return l.accounts[index], l.tree.Path(index) }

// Clone copies the state.
func (l *Ledger) Clone() *Ledger {
	c := New(l.shape)
	for i := range l.accounts {
		if l.accounts[i] != c.accounts[i] {
			c.set(i, l.accounts[i])
		}
	}
	c.deposits = l.deposits
	return c
}

// Deposit opens the next account. It fails with ErrInvalid when there is no room.
func (l *Ledger) Deposit(d Deposit) error {
	if l.deposits+1 >= len(l.accounts) {
		return fmt.Errorf("%w: all %d accounts are taken", ErrInvalid, len(l.accounts))
	}
	l.deposits++
	l.set(l.deposits, d.Account())
	return nil
}

// Transfer moves money, and returns the recipient as it was between debit and credit, with its path.
// It fails with ErrInvalid, and then changes nothing; who signed is not its business.
func (l *Ledger) Transfer(t Transfer) (recipient Account, path []Scalar, _ error) {
	if int(t.From) >= len(l.accounts) || int(t.To) >= len(l.accounts) || t.From == ExitAccount || t.Amount == 0 {
		return recipient, nil, fmt.Errorf("%w: a transfer of %d from %d to %d", ErrInvalid, t.Amount, t.From, t.To)
	}
	before := l.accounts[t.From]
	if before.Balance < t.Amount || before.Nonce+1 >= 1<<NonceBits {
		return recipient, nil, fmt.Errorf("%w: account %d has %d, not %d", ErrInvalid, t.From, before.Balance, t.Amount)
	}
	after := before
	after.Balance, after.Nonce = before.Balance-t.Amount, before.Nonce+1
	l.set(int(t.From), after)
	recipient, path = l.Account(int(t.To))
	if recipient == (Account{}) || recipient.Balance > math.MaxUint64-t.Amount {
		l.set(int(t.From), before)
		return recipient, nil, fmt.Errorf("%w: account %d cannot receive %d", ErrInvalid, t.To, t.Amount)
	}
	credited := recipient
	credited.Balance += t.Amount
	l.set(int(t.To), credited)
	return recipient, path, nil
}

// Apply moves the state by a batch. On ErrInvalid the state is as it was.
func (l *Ledger) Apply(b *Batch) error {
	if b.Old != l.Root() {
		return fmt.Errorf("%w: the batch is for root %s, the state has %s", ErrInvalid, short(b.Old), short(l.Root()))
	}
	next := l.Clone()
	for _, d := range b.Deposits {
		if err := next.Deposit(d); err != nil {
			return err
		}
	}
	for _, t := range b.Transfers {
		if _, _, err := next.Transfer(t); err != nil {
			return err
		}
	}
	if next.Root() != b.New {
		return fmt.Errorf("%w: the batch ends at root %s, and says %s", ErrInvalid, short(next.Root()), short(b.New))
	}
	*l = *next
	return nil
}

// short is the beginning of a scalar, for people.
func short(s Scalar) string {
	b := s.Bytes()
	return fmt.Sprintf("%x…", b[:4])
}
