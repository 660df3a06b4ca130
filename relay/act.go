package relay

import (
	"context"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
)

func bigUint(n uint64) *big.Int { return new(big.Int).SetUint64(n) }

// act does what was decided.
func (r *Relay) act(ctx context.Context, view *View, d *Decision) error {
	switch d.Do {
	case Send:
		return r.send(ctx, view, d)
	case Resend:
		return r.resend(ctx, view, d)
	case Settle:
		return r.settle(view, d.Nonce)
	}
	return nil
}

// send signs a transaction, notes it in the journal and sends it, in this order.
func (r *Relay) send(ctx context.Context, view *View, d *Decision) error {
	tx, err := r.sign(d)
	if err != nil {
		return err
	}
	raw, err := tx.MarshalBinary()
	if err != nil {
		return err
	}
	attempt := Attempt{Task: d.Task, Fees: d.Fees, Gas: d.Gas, Hash: Root(tx.Hash()), Raw: raw, Head: view.Head.Number}
	if err := r.journal.add(d.Nonce, attempt); err != nil {
		return err
	}
	r.log.Info("sending", "task", d.Task.String(), "nonce", d.Nonce, "tx", tx.Hash(), "fee_cap", inGwei(d.Fees.Cap)+" gwei", "tip", inGwei(d.Fees.Tip)+" gwei", "gas", d.Gas)
	r.count(func(s *Status) { s.Sent++ })
	return r.offer(ctx, view, d.Nonce, tx)
}

// sign makes the transaction that a decision asks for.
func (r *Relay) sign(d *Decision) (*types.Transaction, error) {
	to, input := r.cfg.Contract, []byte(nil)
	if d.Task.Kind == Cancel {
		to = r.account
	} else {
		var err error
		if input, err = r.input(d.Task); err != nil {
			return nil, err
		}
	}
	chainID := bigUint(r.identity.ChainID)
	return types.SignNewTx(r.cfg.Key, types.LatestSignerForChainID(chainID), &types.DynamicFeeTx{
		ChainID: chainID, Nonce: d.Nonce, GasFeeCap: bigUint(d.Fees.Cap), GasTipCap: bigUint(d.Fees.Tip), Gas: d.Gas, To: &to, Data: input,
	})
}

func (r *Relay) resend(ctx context.Context, view *View, d *Decision) error {
	for i := range r.journal.Slots {
		if s := &r.journal.Slots[i]; s.Nonce == d.Nonce {
			tx := new(types.Transaction)
			if err := tx.UnmarshalBinary(s.last().Raw); err != nil {
				return fmt.Errorf("%w: nonce %d: %w", ErrJournal, s.Nonce, err)
			}
			r.log.Info("sending again what the node does not know", "task", d.Task.String(), "nonce", d.Nonce, "tx", tx.Hash())
			return r.offer(ctx, view, d.Nonce, tx)
		}
	}
	return nil
}

// offer gives a transaction to the node. What the node says against it is for the next look to judge.
func (r *Relay) offer(ctx context.Context, view *View, nonce uint64, tx *types.Transaction) error {
	err := r.l1.SendTransaction(ctx, tx)
	r.offered[nonce] = view.Head.Number
	delete(r.underpriced, nonce)
	switch {
	case err == nil || strings.Contains(err.Error(), "already known"):
		return nil
	case strings.Contains(err.Error(), "replacement transaction underpriced"):
		r.underpriced[nonce] = true
		return nil
	case strings.Contains(err.Error(), "nonce too low"):
		return nil
	}
	return fmt.Errorf("the Ethereum node does not take transaction %s: %w", tx.Hash(), err)
}

// settle takes a slot out of the journal, and tells what became of it.
func (r *Relay) settle(view *View, nonce uint64) error {
	delete(r.offered, nonce)
	delete(r.underpriced, nonce)
	var attested time.Time
	for i := range view.Slots {
		s := &view.Slots[i]
		if s.Nonce != nonce {
			continue
		}
		if s.Included == nil {
			r.log.Info("given up", "task", s.last().Task.String(), "nonce", nonce)
			break
		}
		r.log.Info("settled", "task", s.Included.Task.String(), "nonce", nonce, "tx", common.Hash(s.Included.Hash), "block", s.Block, "reverted", s.Reverted, "paid", inEther(s.Paid)+" ETH")
		r.count(func(status *Status) { status.note(s) })
		if s.Included.Task.Kind == Attest && !s.Reverted {
			attested = s.Time
		}
	}
	return r.journal.settle(nonce, attested)
}

// estimate asks how much gas a task takes.
func (r *Relay) estimate(ctx context.Context, task Task) (uint64, error) {
	input, err := r.input(task)
	if err != nil {
		return 0, err
	}
	return r.l1.EstimateGas(ctx, ethereum.CallMsg{From: r.account, To: &r.cfg.Contract, Data: input})
}

// inputOf is the input of a signed transaction.
func inputOf(raw []byte) ([]byte, error) {
	tx := new(types.Transaction)
	if err := tx.UnmarshalBinary(raw); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrJournal, err)
	}
	return tx.Data(), nil
}
