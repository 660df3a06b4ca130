// Package operator runs the validium: it takes deposits and transfers, makes batches and checkpoints of them, publishes the
// data, proves, and moves the contract's root.
package operator

import (
	"context"
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto/kzg4844"

	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/examples/validium/circuit"
	"github.com/ashlar-da/ashlar/examples/validium/l1"
	"github.com/ashlar-da/ashlar/examples/validium/ledger"
)

// Operator has the state, and the only key that the contract takes batches from.
type Operator struct {
	wallet   *l1.Wallet
	validium *l1.Validium
	keys     *Keys
	setup    *kzg.Setup
	domain   ledger.Scalar
	state    *ledger.Ledger
	waiting  []ledger.Transfer
}

// New begins with the state before any batch.
func New(ctx context.Context, wallet *l1.Wallet, validium *l1.Validium, keys *Keys, setup *kzg.Setup) (*Operator, error) {
	domain, err := validium.Domain(ctx)
	if err != nil {
		return nil, err
	}
	return &Operator{wallet: wallet, validium: validium, keys: keys, setup: setup, domain: domain, state: ledger.New(keys.Shape)}, nil
}

// State is the state as of the last batch that landed.
func (o *Operator) State() *ledger.Ledger { return o.state }

// Submit takes a transfer for the next batch. Whether it is signed and covered shows there.
func (o *Operator) Submit(t ledger.Transfer) { o.waiting = append(o.waiting, t) }

// Batch makes and proves a batch of what waits, as much as there is room for: deposits, an exit that was asked for, transfers. What
// is not valid is dropped.
func (o *Operator) Batch(ctx context.Context) (*Move, error) {
	batch, next := &ledger.Batch{Old: o.state.Root()}, o.state.Clone()
	deposits, err := o.validium.Deposits(ctx)
	if err != nil {
		return nil, err
	}
	for _, d := range deposits[o.state.Deposits():] {
		if len(batch.Deposits) == o.keys.Shape.Deposits {
			break
		}
		if err := next.Deposit(d); err != nil {
			return nil, err
		}
		batch.Deposits = append(batch.Deposits, d)
	}
	exits, err := o.exit(ctx, next)
	if err != nil {
		return nil, err
	}
	if exits.Amount > 0 {
		batch.Transfers = append(batch.Transfers, exits)
	}
	for len(o.waiting) > 0 && len(batch.Transfers) < o.keys.Shape.Transfers {
		t := o.waiting[0]
		o.waiting = o.waiting[1:]
		if o.covers(next, t) {
			batch.Transfers = append(batch.Transfers, t)
		}
	}
	batch.New = next.Root()
	return o.prove(ctx, batch, next.Deposits(), exits.From)
}

// exit takes out what the first account has whose exit was asked for, of those that have anything; the amount is 0 if there is none.
func (o *Operator) exit(ctx context.Context, next *ledger.Ledger) (t ledger.Transfer, _ error) {
	asked, err := o.validium.Asked(ctx)
	if err != nil {
		return t, err
	}
	for _, index := range asked {
		account, _ := next.Account(index)
		if account.Balance == 0 {
			continue // Empty shows that, or the deposit is still to come
		}
		t = ledger.Transfer{From: uint16(index), To: ledger.ExitAccount, Amount: account.Balance}
		_, _, err := next.Transfer(t)
		return t, err
	}
	return t, nil
}

// Empty answers whoever asked for the exit of an account that has nothing, as of the last batch that landed.
func (o *Operator) Empty(ctx context.Context) error {
	asked, err := o.validium.Asked(ctx)
	if err != nil {
		return err
	}
	for _, index := range asked {
		if account, _ := o.state.Account(index); index > o.state.Deposits() || account.Balance != 0 {
			continue
		}
		if err := o.validium.ShowEmpty(ctx, o.wallet, o.state, index); err != nil {
			return err
		}
	}
	return nil
}

// covers applies a transfer that is signed and covered.
func (o *Operator) covers(next *ledger.Ledger, t ledger.Transfer) bool {
	if int(t.From) >= 1<<o.keys.Shape.Depth {
		return false
	}
	sender, _ := next.Account(int(t.From))
	if t.Verify(sender, o.domain) != nil {
		return false
	}
	_, _, err := next.Transfer(t)
	return err == nil
}

func (o *Operator) prove(ctx context.Context, batch *ledger.Batch, deposits int, exits uint16) (*Move, error) {
	s := circuit.Statement{DepositsBefore: o.state.Deposits(), Domain: o.domain, Exits: exits}
	var err error
	if s.OldQueue, err = o.validium.Queue(ctx, o.state.Deposits()); err != nil {
		return nil, err
	}
	if s.NewQueue, err = o.validium.Queue(ctx, deposits); err != nil {
		return nil, err
	}
	return o.keys.Prove(o.setup, o.state, batch, s)
}

// Checkpoint makes and proves all slices of the state.
func (o *Operator) Checkpoint() ([]*Slice, error) {
	slices := make([]*Slice, o.state.Slices())
	for i := range slices {
		var err error
		if slices[i], err = o.keys.ProveSlice(o.setup, o.state, i); err != nil {
			return nil, err
		}
	}
	return slices, nil
}

// Land moves the root by data that Ashlar attested.
func (o *Operator) Land(ctx context.Context, m *Move, posted l1.Posted) (*types.Receipt, error) {
	receipt, err := o.validium.Send(ctx, o.wallet, "update", m.Claim, m.At, posted)
	return o.landed(m, receipt, err)
}

// LandByBlob moves the root by data that the transaction carries.
func (o *Operator) LandByBlob(ctx context.Context, m *Move) (*types.Receipt, error) {
	receipt, err := o.validium.SendBlobs(ctx, o.wallet, []*kzg4844.Blob{m.Blob()}, "updateByBlob", m.Claim, m.At, new(big.Int))
	return o.landed(m, receipt, err)
}

func (o *Operator) landed(m *Move, receipt *types.Receipt, err error) (*types.Receipt, error) {
	if err != nil {
		return nil, fmt.Errorf("batch: %w", err)
	}
	o.state = m.After
	return receipt, nil
}

// LandSlice lands a slice of a checkpoint that Ashlar attested.
func (o *Operator) LandSlice(ctx context.Context, s *Slice, posted l1.Posted) (*types.Receipt, error) {
	return o.validium.Send(ctx, o.wallet, "checkpoint", big.NewInt(int64(s.Index)), s.Proven.Points, s.At, posted)
}

// LandSliceByBlob lands a slice of a checkpoint that the transaction carries.
func (o *Operator) LandSliceByBlob(ctx context.Context, s *Slice) (*types.Receipt, error) {
	return o.validium.SendBlobs(ctx, o.wallet, []*kzg4844.Blob{s.Blob()}, "checkpointByBlob", big.NewInt(int64(s.Index)), s.Proven.Points, s.At, new(big.Int))
}
