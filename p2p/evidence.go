package p2p

import (
	"context"
	"errors"
	"fmt"

	"github.com/cometbft/cometbft/types"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/ashlar-da/ashlar/proto/wire"
)

const (
	// maxEvidence is the most bytes of a request that submits evidence: a block of 1300 validators.
	maxEvidence = 256 << 10
	// evidenceCost is what evidence costs the rate limiter, in cells: every signature is verified.
	evidenceCost = 1024
	// evidenceStreams is the most evidence that is read or verified at once, and of one peer.
	evidenceStreams, evidenceStreamsPerPeer = 8, 2
)

// Evidence is a block that enough validators signed and that is not the chain's, as a light
// node comes upon it when it compares what two peers say.
type Evidence struct {
	// CommonHeight is the newest height that the block's chain and the other share. It is the
	// block's own where they differ in nothing that follows from the block below.
	CommonHeight uint64
	// Block is the conflicting block, with the validators that signed it.
	Block *types.LightBlock
}

// EvidenceSink takes evidence to where validators are held to account. Calls are concurrent.
type EvidenceSink interface {
	// AddEvidence verifies evidence and sees to it that it gets into a block. da.ErrFutureHeight
	// means that the chain has not come far enough to judge, da.ErrPruned that this node knows
	// too little of the past, ErrBadRequest that it is evidence of nothing.
	AddEvidence(ctx context.Context, evidence Evidence) error
}

var evidenceRequest = shape{1: number(), 2: message(1, maxEvidence, signedHeader), 3: message(1, maxEvidence, validatorSet)}

func encodeEvidence(e Evidence) (*wire.EvidenceRequest, error) {
	header, err := encodeHeader(&Header{Signed: e.Block.SignedHeader, Validators: e.Block.ValidatorSet})
	if err != nil {
		return nil, err
	}
	return &wire.EvidenceRequest{CommonHeight: e.CommonHeight, SignedHeader: header.SignedHeader, ValidatorSet: header.ValidatorSet}, nil
}

// decodeEvidence reads evidence that is well-formed; no signature of it is verified.
func decodeEvidence(encoded []byte, chainID string) (e Evidence, err error) {
	var m wire.EvidenceRequest
	if err := decode(encoded, evidenceRequest, &m); err != nil {
		return e, err
	}
	e.CommonHeight, e.Block = m.CommonHeight, &types.LightBlock{}
	if e.Block.SignedHeader, err = decodeSigned(m.SignedHeader, false); err != nil {
		return e, fmt.Errorf("%w: signed header: %w", errShape, err)
	}
	if e.Block.ValidatorSet, err = decodeValidators(m.ValidatorSet); err != nil {
		return e, fmt.Errorf("%w: validator set: %w", errShape, err)
	}
	if e.Block.ValidatorSet == nil {
		return e, fmt.Errorf("%w: no validator set", errShape)
	}
	if err := e.Block.ValidateBasic(chainID); err != nil {
		return e, fmt.Errorf("%w: %w", errShape, err)
	}
	if e.CommonHeight == 0 || e.CommonHeight > uint64(e.Block.Height) {
		return e, fmt.Errorf("%w: common height %d of a block of height %d", errShape, e.CommonHeight, e.Block.Height)
	}
	return e, nil
}

// SubmitEvidence hands a peer evidence that validators signed two chains. Nil: the peer had it
// verified and passes it on. da.ErrFutureHeight: it will know better in some blocks' time.
func (h *Host) SubmitEvidence(ctx context.Context, to peer.ID, e Evidence) (err error) {
	defer func() { h.metrics.asked.WithLabelValues(string(Evidences), outcome(err)).Inc() }()
	message, err := encodeEvidence(e)
	if err != nil {
		return err
	}
	encoded, err := h.ask(ctx, to, Evidences, message, frameOverhead)
	if err != nil {
		return err
	}
	return attribute(decodeResponse(encoded, shape{1: number()}, &wire.EvidenceResponse{}), to)
}

// EvidenceTakers returns the connected peers that take evidence.
func (h *Host) EvidenceTakers() (ids []peer.ID) {
	for _, id := range h.Peers() {
		if h.speaks(id, Evidences) && !h.Banned(id) {
			ids = append(ids, id)
		}
	}
	return ids
}

func (h *Host) answerEvidence(ctx context.Context, encoded []byte, b *budget) (codable, error) {
	if err := b.take(evidenceCost, frameOverhead, maxEvidence); err != nil { // first: decoding is no small part of the work
		return nil, err
	}
	evidence, err := decodeEvidence(encoded, h.config.ChainID)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadRequest, err)
	}
	if err := h.config.Evidence.AddEvidence(ctx, evidence); err != nil {
		if errors.Is(err, ErrBadRequest) {
			h.config.Log.Info("evidence refused", "height", evidence.Block.Height, "reason", err)
		}
		return nil, err
	}
	return &wire.EvidenceResponse{Status: wire.Status_STATUS_OK}, nil
}
