package fullnode

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	errorsmod "cosmossdk.io/errors"
	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/mempool"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"

	"github.com/ashlar-da/ashlar/api"
	"github.com/ashlar-da/ashlar/app/blob"
	"github.com/ashlar-da/ashlar/app/pool"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// submitter takes the API's transactions.
type submitter struct {
	node *Node
}

var _ api.Submitter = submitter{}

// SubmitTx implements api.Submitter. Handing in the same transaction again is no error.
func (s submitter) SubmitTx(ctx context.Context, tx []byte) (api.Submitted, error) {
	id, err := da.TxID(tx)
	if err != nil {
		return api.Submitted{}, fmt.Errorf("%w: %w", api.ErrBadRequest, err)
	}
	if s.node.comet.ConsensusReactor().WaitSync() {
		return api.Submitted{}, fmt.Errorf("%w: it takes transactions when it is done", api.ErrSyncing)
	}
	refused := s.check(ctx, tx)
	known := errors.Is(refused, mempool.ErrTxInCache)
	if !known && !errors.Is(refused, api.ErrBadSequence) { // a sequence is used up by being included, too
		return api.Submitted{Tx: id}, refused
	}
	if lost := s.lost(id); known && lost != nil { // CometBFT's mempool takes note at the next block
		return api.Submitted{Tx: id}, lost
	}
	height, err := s.node.recall(ctx, id, tx)
	if err == nil && height == 0 && !known {
		err = refused
	}
	return api.Submitted{Tx: id, Height: height}, err
}

// check has a transaction verified, and the mempool take it.
func (s submitter) check(ctx context.Context, tx []byte) error {
	checked := s.node.admission.check(ctx, tx, s.node.comet.Mempool())
	switch {
	case checked.err != nil:
		return mempoolError(checked.err)
	case checked.response == nil:
		return errors.New("the mempool gave no verdict")
	}
	return s.checkTxError(tx, checked.response)
}

// PostBlob implements api.Submitter.
func (s submitter) PostBlob(ctx context.Context, blob da.Blob) (*api.Posted, error) {
	if s.node.poster == nil {
		return nil, api.Advise(fmt.Errorf("%w: this node has no key that pays for blobs", api.ErrUnauthorized),
			"sign with a key of your own (POST /v1/txs, ashlar blob submit --from), or have the node's operator set --api.key")
	}
	if s.node.store.DiskFull() { // before it is proven in vain
		return nil, fmt.Errorf("%w: nothing is accepted until there is room", api.ErrDiskFull)
	}
	return s.node.poster.post(ctx, blob)
}

// WaitIncluded implements api.Submitter.
func (s submitter) WaitIncluded(ctx context.Context, tx [da.HashSize]byte) (uint64, error) {
	return s.node.recent.wait(ctx, tx, func() error { return s.lost(tx) })
}

// lost says why the mempool gave a transaction up, nil if it did not. A block may include it
// all the same, if its proposer did not.
func (s submitter) lost(tx [da.HashSize]byte) error {
	switch status := s.node.app.TxStatus(tx); status.Kind {
	case pool.Evicted:
		return fmt.Errorf("%w: %s", api.ErrEvicted, status.Reason)
	case pool.Replaced:
		return fmt.Errorf("%w: %s", api.ErrReplaced, status.Reason)
	}
	return nil
}

// TxStatus implements api.Submitter.
func (s submitter) TxStatus(_ context.Context, tx [da.HashSize]byte) (*api.TxStatus, error) {
	status := s.node.app.TxStatus(tx)
	shown := &api.TxStatus{
		Status: string(status.Kind), Height: uint64(status.Height), Cause: string(status.Cause), Reason: status.Reason,
	}
	switch status.Kind {
	case pool.Waiting:
		shown.Waiting = &api.TxWaiting{
			Tip: strconv.FormatInt(max(status.Priority, 0), 10), UnderBaseFee: status.Priority < 0,
			BaseFee: status.BaseFee, MaxBaseFee: status.Cap, Before: status.Before,
		}
	case pool.Included:
		shown.Included = &api.TxIncluded{Index: status.Index, Code: status.Code, Codespace: status.Codespace}
	case pool.Replaced:
		shown.By = status.By[:]
	case pool.Refused:
		said := refusal(status.Codespace, status.Code, status.Reason)
		shown.Cause, shown.Reason = string(api.CodeOf(said)), said.Error()
	}
	if height, _ := s.node.recent.look(tx); height > 0 && status.Kind != pool.Included {
		return &api.TxStatus{Status: api.StatusIncluded, Height: height}, nil
	}
	return shown, nil
}

// mempoolError translates what CometBFT's mempool refuses by itself.
func mempoolError(err error) error {
	var full mempool.ErrMempoolIsFull
	var large mempool.ErrTxTooLarge
	switch {
	case errors.As(err, &full), errors.Is(err, mempool.ErrRecheckFull):
		return fmt.Errorf("%w: %w", api.ErrMempoolFull, err)
	case errors.As(err, &large), mempool.IsPreCheckError(err):
		return fmt.Errorf("%w: %w", da.ErrTooLarge, err)
	}
	return err
}

// checkTxError translates what the application refuses.
func (s submitter) checkTxError(tx []byte, r *abci.ResponseCheckTx) error {
	if r.Code == abci.CodeTypeOK {
		return nil
	}
	if errors.Is(errorsmod.ABCIError(r.Codespace, r.Code, r.Log), sdkerrors.ErrUnauthorized) {
		return s.unauthorized(tx, r.Log)
	}
	return refusal(r.Codespace, r.Code, r.Log)
}

// refusal is checkTxError for what can be told without the transaction.
func refusal(codespace string, code uint32, log string) error {
	err := errorsmod.ABCIError(codespace, code, log)
	switch {
	case errors.Is(err, sdkerrors.ErrTxDecode):
		return api.Advise(fmt.Errorf("%w: %s", api.ErrBadRequest, log),
			"post the bytes of a signed transaction or envelope as they are, neither JSON nor Base64; POST /v1/blobs takes a blob's bytes")
	case errors.Is(err, sdkerrors.ErrPanic): // a stack follows, which the application logs
		said, _, _ := strings.Cut(log, "\n")
		return fmt.Errorf("%w: %s", api.ErrBadRequest, said)
	}
	for _, known := range causes() {
		if errors.Is(err, known.registered) {
			return fmt.Errorf("%w: %s", known.cause, strings.TrimSuffix(log, ": "+known.registered.Error()))
		}
	}
	return fmt.Errorf("%w: %s", api.ErrBadRequest, log)
}

// cause pairs an error the application registers with what the API knows.
type cause struct {
	registered error
	cause      error
}

// causes lists those that are more than a bad request.
func causes() []cause {
	return []cause{
		{blob.ErrTooLarge, da.ErrTooLarge},
		{blob.ErrInvalidNamespace, da.ErrInvalidNamespace},
		{blob.ErrBlobMismatch, da.ErrMismatch},
		{blob.ErrNonCanonicalScalar, kzg.ErrNonCanonicalScalar},
		{blob.ErrInvalidProof, kzg.ErrInvalidProof},
		{blob.ErrFeeTooLow, api.ErrFeeTooLow},
		{blob.ErrInsufficientFunds, api.ErrInsufficientFunds},
		{blob.ErrBackOff, api.ErrRateLimited},
		{blob.ErrReplacedLately, api.ErrRateLimited},
		{blob.ErrUnderpriced, api.ErrUnderpriced},
		{blob.ErrAccountLimit, api.ErrAccountLimit},
		{blob.ErrNotReady, api.ErrSyncing},
		{errDiskFull, api.ErrDiskFull},
		{sdkerrors.ErrInsufficientFee, api.ErrFeeTooLow},
		{sdkerrors.ErrInsufficientFunds, api.ErrInsufficientFunds},
		{sdkerrors.ErrUnknownAddress, api.ErrInsufficientFunds},
		{sdkerrors.ErrWrongSequence, api.ErrBadSequence},
		{sdkerrors.ErrMempoolIsFull, api.ErrMempoolFull},
	}
}
