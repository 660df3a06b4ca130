package ledger

import (
	"fmt"
	"math/big"
)

// Kinds of data: the first scalar of a blob.
const (
	KindBatch      = 1
	KindCheckpoint = 2
)

// header is how many scalars stand before the deposits of a batch: kind, old root, new root.
const header = 3

// Deposit opens an account with what its owner paid on Ethereum.
type Deposit struct {
	Key    Key
	Owner  [20]byte
	Amount uint64
}

// Account is what the deposit opens.
func (d Deposit) Account() Account { return Account{Key: d.Key, Owner: d.Owner, Balance: d.Amount} }

// Transfer moves an amount, in gwei, between accounts.
type Transfer struct {
	From, To uint16
	Amount   uint64
	// Signature is not published: that it is there is proven.
	Signature Signature
}

// Scalar is the transfer as it is published: from, to and amount in 16, 16 and 64 bits, from the least.
func (t Transfer) Scalar() (s Scalar) {
	n := new(big.Int).SetUint64(t.Amount)
	n.Lsh(n, 16).Or(n, big.NewInt(int64(t.To)))
	n.Lsh(n, 16).Or(n, big.NewInt(int64(t.From)))
	return *s.SetBigInt(n)
}

// Message is what the sender signs: the transfer, its nonce, and the domain of the one contract that it is for.
func (t Transfer) Message(nonce uint32, domain Scalar) Scalar {
	n := new(big.Int).SetUint64(uint64(nonce))
	n.Lsh(n, 96)
	var high Scalar
	high.SetBigInt(n)
	s := t.Scalar()
	return Hash(*s.Add(&s, &high), domain)
}

// Sign signs a transfer that is the sender's nonce-th.
func (t Transfer) Sign(secret *Secret, nonce uint32, domain Scalar) (Transfer, error) {
	var err error
	t.Signature, err = secret.sign(t.Message(nonce, domain))
	return t, err
}

// Verify fails with ErrSignature unless the sender signed.
func (t Transfer) Verify(sender Account, domain Scalar) error {
	return sender.Key.verify(t.Message(sender.Nonce, domain), t.Signature)
}

// Batch moves the state from one root to the next.
type Batch struct {
	Old, New  Scalar
	Deposits  []Deposit
	Transfers []Transfer
}

// Scalars is how many scalars a batch of this shape takes.
func (s Shape) Scalars() int { return header + 3*s.Deposits + s.Transfers }

// TransferPlace is where among a batch's scalars the transfer of a slot is.
func (s Shape) TransferPlace(slot int) int { return header + 3*s.Deposits + slot }

// Scalars are what is published of a batch: fixed places, zeros where there is room left.
func (b *Batch) Scalars(shape Shape) ([]Scalar, error) {
	if len(b.Deposits) > shape.Deposits || len(b.Transfers) > shape.Transfers {
		return nil, fmt.Errorf("%w: %d deposits and %d transfers, at most %d and %d", ErrInvalid, len(b.Deposits), len(b.Transfers), shape.Deposits, shape.Transfers)
	}
	scalars := make([]Scalar, shape.Scalars())
	scalars[0].SetUint64(KindBatch)
	scalars[1], scalars[2] = b.Old, b.New
	for i, d := range b.Deposits {
		a := d.Account()
		copy(scalars[header+3*i:], []Scalar{d.Key.X, d.Key.Y, a.Packed()})
	}
	for i, t := range b.Transfers {
		scalars[header+3*shape.Deposits+i] = t.Scalar()
	}
	return scalars, nil
}

// Digest is the circuit's own commitment to a batch's scalars.
func (b *Batch) Digest(shape Shape) (Scalar, error) {
	scalars, err := b.Scalars(shape)
	return Chain(scalars...), err
}

// ParseBatch is the inverse of Scalars. It fails with ErrMalformed.
func ParseBatch(shape Shape, scalars []Scalar) (*Batch, error) {
	if len(scalars) != shape.Scalars() || !scalars[0].IsUint64() || scalars[0].Uint64() != KindBatch {
		return nil, fmt.Errorf("%w: %d scalars are no batch", ErrMalformed, len(scalars))
	}
	b := &Batch{Old: scalars[1], New: scalars[2]}
	for i := range shape.Deposits {
		s := scalars[header+3*i:]
		if s[2].IsZero() {
			continue
		}
		var a Account
		if err := a.unpack(s[2]); err != nil {
			return nil, err
		}
		b.Deposits = append(b.Deposits, Deposit{Key{s[0], s[1]}, a.Owner, a.Balance})
	}
	for _, s := range scalars[header+3*shape.Deposits:] {
		if s.IsZero() {
			continue
		}
		t, err := parseTransfer(s)
		if err != nil {
			return nil, err
		}
		b.Transfers = append(b.Transfers, t)
	}
	return b, nil
}

func parseTransfer(s Scalar) (t Transfer, _ error) {
	n := s.BigInt(new(big.Int))
	if n.BitLen() > 96 {
		return t, fmt.Errorf("%w: a transfer of %d bits", ErrMalformed, n.BitLen())
	}
	low := uint32(n.Uint64())
	return Transfer{From: uint16(low), To: uint16(low >> 16), Amount: n.Rsh(n, 32).Uint64()}, nil
}
