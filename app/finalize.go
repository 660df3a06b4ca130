package app

import (
	"errors"
	"fmt"

	abci "github.com/cometbft/cometbft/abci/types"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ashlar-da/ashlar/app/blob"
)

// errNoVerdict is the verdict on a block while there is none.
var errNoVerdict = errors.New("verification did not finish: the log has the reason")

// FinalizeBlock executes a decided block. Block sync and replay never call
// ProcessProposal, so a block that did not pass here before is verified first, on block
// and state alone. If it breaks the rules, more than two thirds of the stake do: the
// error halts the node and names the height and the reason.
func (a *App) FinalizeBlock(req *abci.RequestFinalizeBlock) (*abci.ResponseFinalizeBlock, error) {
	if err := a.verify(req); err != nil {
		return nil, fmt.Errorf("halting at height %d: the decided block %X breaks the rules: %w", req.Height, req.Hash, err)
	}
	resp, err := a.BaseApp.FinalizeBlock(req)
	if err == nil {
		a.noteIncluded(req.Height, req.Txs, resp.TxResults)
	}
	return resp, err
}

// verify leaves the block's verdict in a.verdict and returns its error.
func (a *App) verify(req *abci.RequestFinalizeBlock) error {
	v, known := a.recall(req.Hash)
	if known {
		a.verdict = v
		return v.err
	}
	a.verdict = verdict{err: errNoVerdict}
	_, err := a.ProcessProposal(&abci.RequestProcessProposal{
		Txs:                req.Txs,
		ProposedLastCommit: req.DecidedLastCommit,
		Misbehavior:        req.Misbehavior,
		Hash:               req.Hash,
		Height:             req.Height,
		Time:               req.Time,
		NextValidatorsHash: req.NextValidatorsHash,
		ProposerAddress:    req.ProposerAddress,
	})
	if err != nil {
		return err
	}
	return a.verdict.err
}

// preBlock runs before anything else of a block is executed. It takes the fees on the
// state the block was verified on, gives the modules their turns, which may move that
// state to another program's form, and records the block's square and its certificate.
func (a *App) preBlock(ctx sdk.Context, req *abci.RequestFinalizeBlock) (*sdk.ResponsePreBlock, error) {
	if err := a.pay(ctx, req.Txs); err != nil {
		return nil, err
	}
	resp, err := a.modules.PreBlock(ctx)
	if err != nil {
		return nil, err
	}
	if err := a.Keepers.Blob.SetRoots(ctx, a.verdict.roots); err != nil || a.verdict.certificate == nil {
		return resp, err
	}
	return resp, a.Keepers.Attest.Inject(ctx, a.verdict.certificate)
}

// pay runs the ante of every transaction, in order.
func (a *App) pay(ctx sdk.Context, txs [][]byte) error {
	a.antes.Begin(len(txs))
	for i, raw := range txs {
		if blob.IsInjected(raw) {
			continue
		}
		tx, err := a.TxDecode(raw)
		if err != nil {
			return fmt.Errorf("decode transaction %d of a verified block: %w", i, err)
		}
		if err := a.antes.Pay(ctx, i, raw, tx); err != nil {
			return err
		}
		if envelope, ok := tx.(*blob.Tx); ok {
			a.verifier.Trust(envelope.Message.Signer)
		}
	}
	return nil
}
