package app

import (
	"errors"
	"fmt"

	"cosmossdk.io/math"
	abci "github.com/cometbft/cometbft/abci/types"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ashlar-da/ashlar/app/blob"
	"github.com/ashlar-da/ashlar/da"
	blobpb "github.com/ashlar-da/ashlar/proto/blob"
)

var (
	// errOwnFault is wrapped by verdicts that say nothing of the block: they are not remembered.
	errOwnFault = errors.New("this node cannot judge")
	// errNoSetup is why an application opened for commands only neither offers nor accepts blocks.
	errNoSetup = fmt.Errorf("%w: the application was opened without a setup: blocks can be neither proven nor verified", errOwnFault)
)

// blockHash is CometBFT's hash of a block. It covers the block and, through the
// application hash, the parent state: all a verdict depends on.
type blockHash [da.HashSize]byte

// verdict is what verifying a block came to.
type verdict struct {
	// err is why the block breaks the rules, nil if it does not.
	err error
	// roots are those of the block's square.
	roots blobpb.BlockRoots
	// certificate is the one it carries, or nil.
	certificate *da.Certificate
}

// processProposal votes on a proposal. Each round of consensus asks again, so the
// verdict is remembered by block hash.
func (a *App) processProposal(ctx sdk.Context, req *abci.RequestProcessProposal) (*abci.ResponseProcessProposal, error) {
	v, known := a.recall(req.Hash)
	if !known {
		if v = a.judge(ctx, req.Txs); !errors.Is(v.err, errOwnFault) {
			a.remember(req.Hash, v)
		}
	}
	a.verdict = v
	if v.err != nil {
		a.Logger().Error("rejecting a block", "height", req.Height, "hash", fmt.Sprintf("%X", req.Hash), "reason", v.err)
		return &abci.ResponseProcessProposal{Status: abci.ResponseProcessProposal_REJECT}, nil
	}
	return &abci.ResponseProcessProposal{Status: abci.ResponseProcessProposal_ACCEPT}, nil
}

// recall returns the verdict on a block seen before.
func (a *App) recall(hash []byte) (verdict, bool) {
	if len(hash) != da.HashSize {
		return verdict{}, false
	}
	return a.verdicts.Get(blockHash(hash))
}

func (a *App) remember(hash []byte, v verdict) {
	if len(hash) == da.HashSize {
		a.verdicts.Add(blockHash(hash), v)
	}
}

// judge holds a block against the rules, on block and parent state alone: what this
// node happens to have seen saves work and changes no verdict.
func (a *App) judge(ctx sdk.Context, txs [][]byte) verdict {
	if a.setup == nil {
		return verdict{err: errNoSetup}
	}
	limits, err := a.Keepers.Blob.Limits(ctx)
	if err != nil {
		return verdict{err: fmt.Errorf("%w: %w", errOwnFault, err)}
	}
	block, err := da.ParseBlock(limits, txs)
	if err != nil {
		return verdict{err: fmt.Errorf("layout: %w", err)}
	}
	if err := a.checkCertificate(ctx, block); err != nil {
		return verdict{err: err}
	}
	if err := a.runAntes(ctx, block); err != nil {
		return verdict{err: err}
	}
	if err := block.Verify(a.setup, a.verifier.Known); err != nil {
		return verdict{err: fmt.Errorf("square: %w", err)}
	}
	baseFee, err := a.Keepers.Blob.BaseFee(ctx)
	if err != nil {
		return verdict{err: fmt.Errorf("%w: %w", errOwnFault, err)}
	}
	return verdict{roots: blockRoots(block, baseFee), certificate: block.Certificate}
}

// checkCertificate holds the certificate that a block carries, if it does, against the state before the block.
func (a *App) checkCertificate(ctx sdk.Context, block *da.Block) error {
	if block.Certificate == nil {
		return nil
	}
	err := a.Keepers.Attest.CheckCertificate(ctx, block.Certificate)
	if err == nil && len(block.Envelopes)+len(block.Plain) == 0 {
		err = a.Keepers.Attest.CheckQuiet(ctx)
	}
	if err != nil {
		return fmt.Errorf("certificate: %s", err.Error())
	}
	return nil
}

// runAntes runs every transaction's ante, in order, each on the state the ones before
// it leave, and holds the gas they name against the block's bound.
func (a *App) runAntes(ctx sdk.Context, block *da.Block) error {
	var total uint64
	most := a.GetMaximumBlockGas(ctx)
	for i, raw := range block.Txs {
		if blob.IsInjected(raw) {
			continue
		}
		_, gas, err := a.ProcessProposalVerifyTx(raw)
		if err != nil {
			// By its text: the SDK's errors add source paths when they are wrapped.
			return fmt.Errorf("transaction %d: %s", i, err.Error())
		}
		if most > 0 && gas > most-total {
			return fmt.Errorf("transaction %d: the block names more than %d gas", i, most)
		}
		total += gas
	}
	return nil
}

// blockRoots returns what state keeps of a block's square and of the price it paid.
func blockRoots(block *da.Block, baseFee math.Int) blobpb.BlockRoots {
	dataRoot := block.Header.DataRoot()
	return blobpb.BlockRoots{
		DataRoot:     dataRoot[:],
		IndexRoot:    block.Header.IndexRoot[:],
		BlobTreeRoot: block.Header.BlobTreeRoot[:],
		BlobGasUsed:  blobGas(block),
		BaseFee:      baseFee,
	}
}

// blobGas returns the blob gas of a block: what its transactions are charged for together.
func blobGas(block *da.Block) uint64 {
	var gas uint64
	for i, message := range block.Messages {
		gas += message.BlobGas() + da.TxBlobGas(len(block.Envelopes[i].Tx))
	}
	for _, tx := range block.Plain {
		gas += da.TxBlobGas(len(tx))
	}
	return gas
}
