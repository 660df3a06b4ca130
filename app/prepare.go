package app

import (
	"errors"
	"fmt"

	abci "github.com/cometbft/cometbft/abci/types"
	cmttypes "github.com/cometbft/cometbft/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/mempool"

	"github.com/ashlar-da/ashlar/app/blob"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// PrepareProposal offers a block. Whatever goes wrong in building one, the proposer
// offers the empty square: a slot without transactions beats a round without a block.
func (a *App) PrepareProposal(req *abci.RequestPrepareProposal) (*abci.ResponsePrepareProposal, error) {
	resp, err := a.BaseApp.PrepareProposal(req)
	if err == nil && len(resp.Txs) > 0 && blob.IsInjected(resp.Txs[0]) {
		return resp, nil
	}
	// BaseApp logged the error or panic, and offers raw transactions in its place.
	a.Logger().Error("no square could be built, offering the empty one", "height", req.Height, "err", err)
	return &abci.ResponsePrepareProposal{Txs: da.EmptyTxs()}, nil
}

// prepareProposal chooses transactions by fee and builds their square.
func (a *App) prepareProposal(ctx sdk.Context, req *abci.RequestPrepareProposal) (*abci.ResponsePrepareProposal, error) {
	if a.setup == nil {
		return nil, errNoSetup
	}
	limits, err := a.Keepers.Blob.Limits(ctx)
	if err != nil {
		return nil, err
	}
	chosen, err := a.choose(ctx, limits, req.MaxTxBytes)
	if err != nil {
		return nil, err
	}
	block, err := da.BuildBlock(a.setup, limits, chosen)
	if err != nil {
		return nil, fmt.Errorf("build the square of %d transactions: %w", len(chosen), err)
	}
	return &abci.ResponsePrepareProposal{Txs: block.Txs}, nil
}

// choose picks the transactions of a block, blob transactions first, as many as the
// square, the block's bytes and its gas hold, and each only if its ante succeeds on the state
// the ones before it leave. First come those that tip most together, then, by tip, whatever
// still has room.
func (a *App) choose(ctx sdk.Context, limits da.Limits, maxBytes int64) ([][]byte, error) {
	room, err := newRoom(limits, maxBytes, a.GetMaximumBlockGas(ctx))
	if err != nil {
		return nil, err
	}
	blobs, others := sorted(a.candidates(ctx))
	f := &filling{app: a, room: room, taken: make(map[sdk.Tx]bool), waits: make(map[string]bool)}
	f.take(a.packed(blobs, limits))
	f.take(blobs)
	f.waits = make(map[string]bool)
	f.take(others)
	return f.chosen, nil
}

// candidates returns what the mempool holds that a block can include: by priority, each
// sender's in sequence, nothing under the base fee or behind what is.
func (a *App) candidates(ctx sdk.Context) []mempool.PooledTx {
	var list []mempool.PooledTx
	for it := a.Mempool().Select(ctx, nil); it != nil; it = it.Next() {
		list = append(list, it.Tx())
	}
	return list
}

// admit takes a transaction into what room is left. One that breaks a rule does not wait on.
func (a *App) admit(pooled mempool.PooledTx, room *room) ([]byte, error) {
	raw, err := a.TxEncode(pooled.Tx)
	if err != nil {
		return nil, err
	}
	left, err := room.after(pooled, raw)
	if err != nil {
		return nil, err
	}
	if _, err := a.PrepareProposalVerifyTx(pooled.Tx); err != nil {
		a.pool.Refuse(pooled.Tx, err)
		return nil, err
	}
	*room = left
	return raw, nil
}

// room is what is left of a block while it is filled.
type room struct {
	square da.SquareBuilder
	bytes  int64
	gas    uint64
}

// newRoom returns the room of an empty block: maxGas 0 is no bound.
func newRoom(limits da.Limits, maxBytes int64, maxGas uint64) (*room, error) {
	square, err := da.NewSquareBuilder(limits)
	if err != nil {
		return nil, err
	}
	if maxGas == 0 {
		maxGas = 1<<64 - 1
	}
	return &room{square: *square, bytes: maxBytes - injectedSize(limits), gas: maxGas}, nil
}

// injectedSize returns the most bytes that the injected transactions take of a block.
func injectedSize(limits da.Limits) int64 {
	const framing = 16
	proven := limits.MaxTxRows + limits.MaxSharedRows
	return da.MaxHeaderSize + int64(proven)*kzg.Columns*kzg.PointSize + framing
}

// after returns the room left beside one more transaction.
func (r room) after(pooled mempool.PooledTx, raw []byte) (room, error) {
	r.bytes -= cmttypes.ComputeProtoSizeForTxs([]cmttypes.Tx{raw})
	if r.bytes < 0 {
		return r, errors.New("the block's bytes are used up")
	}
	if pooled.GasWanted > r.gas {
		return r, errors.New("the block's gas is used up")
	}
	r.gas -= pooled.GasWanted
	if tx, ok := pooled.Tx.(*blob.Tx); ok {
		return r, r.square.AddBlobTx(len(tx.Envelope.Tx), tx.Message)
	}
	return r, r.square.AddTx(len(raw))
}
