package fullnode

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	abci "github.com/cometbft/cometbft/abci/types"
)

// watched stands between CometBFT and the application: it tells the follower what was
// committed and the node that a block did not execute.
type watched struct {
	abci.Application

	finalized atomic.Int64 // height of the last FinalizeBlock
	committed atomic.Int64 // height of the last Commit
	running   atomic.Bool  // replay is over
	wake      chan struct{}
	halted    chan error

	settle  sync.Once
	settled chan struct{} // closed once this process has committed a block
}

func watch(application abci.Application) *watched {
	return &watched{
		Application: application,
		wake:        make(chan struct{}, 1),
		halted:      make(chan error, 1),
		settled:     make(chan struct{}),
	}
}

// codeUnsettled is the code of a transaction that came too early, in no codespace.
const codeUnsettled = 1

// CheckTx refuses transactions until this process has committed a block. From its start
// until then BaseApp checks them at height 0, where the ante chain takes them for genesis
// transactions: no fee, no blob would be looked at.
func (w *watched) CheckTx(ctx context.Context, req *abci.RequestCheckTx) (*abci.ResponseCheckTx, error) {
	select {
	case <-w.settled:
		return w.Application.CheckTx(ctx, req)
	default:
		return &abci.ResponseCheckTx{Code: codeUnsettled, Log: "this node has just started: send it again after the next block"}, nil
	}
}

// waitSettled returns once CheckTx checks, or with ctx's error.
func (w *watched) waitSettled(ctx context.Context) error {
	select {
	case <-w.settled:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for the first block since the start: %w", ctx.Err())
	}
}

// FinalizeBlock reports a block that must not be executed and, after replay, never
// returns then. CometBFT answers the error by a panic, in block sync one that nobody
// can recover, and the process would be gone before it has said why and closed its
// store. During replay New returns the error.
func (w *watched) FinalizeBlock(ctx context.Context, req *abci.RequestFinalizeBlock) (*abci.ResponseFinalizeBlock, error) {
	response, err := w.Application.FinalizeBlock(ctx, req)
	if err != nil && w.running.Load() {
		w.halted <- fmt.Errorf("%w: block %d (%X): %w", ErrHalted, req.Height, req.Hash, err)
		select {}
	}
	if err != nil {
		return nil, err
	}
	w.finalized.Store(req.Height)
	return response, nil
}

// Commit notes the height and wakes the follower.
func (w *watched) Commit(ctx context.Context, req *abci.RequestCommit) (*abci.ResponseCommit, error) {
	response, err := w.Application.Commit(ctx, req)
	if err != nil {
		return nil, err
	}
	w.committed.Store(w.finalized.Load())
	w.settle.Do(func() { close(w.settled) })
	select {
	case w.wake <- struct{}{}:
	default:
	}
	return response, nil
}
