package fullnode

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"

	"github.com/ashlar-da/ashlar/fullnode/attesting"
)

// watched stands between CometBFT and the application: it tells the follower what was
// committed and the node that a block did not execute, and keeps transactions out while
// the disk is full.
type watched struct {
	abci.Application

	finalized atomic.Int64 // height of the last FinalizeBlock
	committed atomic.Int64 // height of the last Commit
	running   atomic.Bool  // replay is over
	wake      chan struct{}
	halted    chan error
	stuck     chan struct{} // closed once FinalizeBlock never returns
	diskFull  func() bool
	held      func(call string, took time.Duration)
	attesting *attesting.Service // nil during replay
}

func watch(application abci.Application, diskFull func() bool, held func(string, time.Duration)) *watched {
	return &watched{
		Application: application,
		wake:        make(chan struct{}, 1),
		halted:      make(chan error, 1),
		stuck:       make(chan struct{}),
		diskFull:    diskFull,
		held:        held,
	}
}

// time times a call, which CometBFT makes under its mutex; the function returned ends it.
func (w *watched) time(call string) func() {
	started := time.Now()
	return func() { w.held(call, time.Since(started)) }
}

// PrepareProposal is timed.
func (w *watched) PrepareProposal(ctx context.Context, req *abci.RequestPrepareProposal) (*abci.ResponsePrepareProposal, error) {
	defer w.time("prepare_proposal")()
	return w.Application.PrepareProposal(ctx, req)
}

// ProcessProposal is timed.
func (w *watched) ProcessProposal(ctx context.Context, req *abci.RequestProcessProposal) (*abci.ResponseProcessProposal, error) {
	defer w.time("process_proposal")()
	return w.Application.ProcessProposal(ctx, req)
}

// CheckTx refuses new transactions while the disk is full, whoever sends them: what this
// node proposes then is empty. Those accepted before stay.
func (w *watched) CheckTx(ctx context.Context, req *abci.RequestCheckTx) (*abci.ResponseCheckTx, error) {
	call := "check_tx"
	if req.Type == abci.CheckTxType_Recheck {
		call = "recheck_tx"
	}
	defer w.time(call)()
	if req.Type == abci.CheckTxType_New && w.diskFull() {
		err := errDiskFull.Wrap("nothing is accepted until there is room: post to another node, or try again later")
		return sdkerrors.ResponseCheckTxWithEvents(err, 0, 0, nil, false), nil
	}
	return w.Application.CheckTx(ctx, req)
}

// FinalizeBlock reports a block that must not be executed and, after replay, never
// returns then. CometBFT answers the error by a panic, in block sync one that nobody
// can recover, and the process would be gone before it has said why and closed its
// store. During replay New returns the error.
func (w *watched) FinalizeBlock(ctx context.Context, req *abci.RequestFinalizeBlock) (*abci.ResponseFinalizeBlock, error) {
	defer w.time("finalize_block")()
	response, err := w.Application.FinalizeBlock(ctx, req)
	if err != nil && w.running.Load() {
		w.halted <- fmt.Errorf("%w: block %d (%X): %w", ErrHalted, req.Height, req.Hash, err)
		close(w.stuck)
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
	defer w.time("commit")()
	response, err := w.Application.Commit(ctx, req)
	if err != nil {
		return nil, err
	}
	w.committed.Store(w.finalized.Load())
	if w.attesting != nil {
		w.attesting.Committed(uint64(w.committed.Load()))
	}
	select {
	case w.wake <- struct{}{}:
	default:
	}
	return response, nil
}
