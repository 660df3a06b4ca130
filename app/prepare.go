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
	room, err := newRoom(limits, req.MaxTxBytes, a.GetMaximumBlockGas(ctx))
	if err != nil {
		return nil, err
	}
	certificate := a.certificate(ctx)
	if certificate != nil && room.reserve(da.CertificateTx(certificate)) != nil {
		certificate = nil
	}
	chosen := a.choose(ctx, limits, room)
	if certificate != nil && (len(chosen) > 0 || a.Keepers.Attest.CheckQuiet(ctx) == nil) {
		chosen = append([][]byte{da.CertificateTx(certificate)}, chosen...)
	}
	block, err := da.BuildBlock(a.setup, limits, chosen)
	if err != nil {
		return nil, fmt.Errorf("build the square of %d transactions: %w", len(chosen), err)
	}
	return &abci.ResponsePrepareProposal{Txs: block.Txs}, nil
}

// choose picks the transactions of users, blob transactions first, as many as the
// room of a block holds, and each only if its ante succeeds on the state
// the ones before it leave. First come those that tip most together, then, by tip, whatever
// still has room.
func (a *App) choose(ctx sdk.Context, limits da.Limits, room *room) [][]byte {
	blobs, others := sorted(a.candidates(ctx))
	f := &filling{app: a, room: room, taken: make(map[sdk.Tx]bool), waits: make(map[string]bool)}
	f.take(a.packed(blobs, limits))
	f.take(blobs)
	f.waits = make(map[string]bool)
	f.take(others)
	return f.chosen
}

// certificate returns the one that the proposal at hand may carry, nil where the source has none. Others would
// reject a false one, so it is held against the state first.
func (a *App) certificate(ctx sdk.Context) *da.Certificate {
	if a.certificates == nil {
		return nil
	}
	last, err := a.Keepers.Attest.Injected(ctx)
	newest := uint64(ctx.BlockHeight()) - 1
	if err != nil || last.Height >= newest {
		return nil
	}
	certificate := a.certificates.Certificate(last.Height, newest)
	if certificate == nil {
		return nil
	}
	if err := a.Keepers.Attest.CheckCertificate(ctx, certificate); err != nil {
		a.Logger().Error("leaving a certificate out of the proposal", "height", certificate.Height, "reason", err.Error())
		return nil
	}
	return certificate
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

// reserve takes room for what is injected beside the header and the proofs.
func (r *room) reserve(raw []byte) error {
	size := cmttypes.ComputeProtoSizeForTxs([]cmttypes.Tx{raw})
	if size > r.bytes {
		return errors.New("the block's bytes are used up")
	}
	if err := r.square.AddTx(len(raw)); err != nil {
		return err
	}
	r.bytes -= size
	return nil
}

// injectedSize returns the most bytes that the DA header and the proofs take of a block.
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
