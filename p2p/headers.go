package p2p

import (
	"errors"
	"fmt"

	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	"github.com/cometbft/cometbft/types"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/proto/wire"
)

const (
	maxChainHeader = 1 << 10
	maxVotes       = 4096
	maxAunts       = 32

	headerOverhead = 16 // tags and lengths around one field
	maxHeaderProof = da.MaxHeaderSize + maxAunts*34 + 64
	maxAlone       = frameOverhead + maxChainHeader + 2*headerOverhead // without a proof
)

var (
	vote            = message(maxVotes, 160, nil)
	commit          = shape{1: number(), 2: number(), 3: data(128), 4: vote}
	signedHeader    = shape{1: data(maxChainHeader), 2: message(1, maxHeader, commit)}
	validatorSet    = shape{1: list(maxVotes, 160), 2: data(160), 3: number()}
	headerProof     = shape{1: data(da.MaxHeaderSize), 2: number(), 3: list(maxAunts, 32)}
	headersResponse = shape{
		1: number(), 2: message(1, maxHeader, signedHeader), 3: message(1, maxHeader, validatorSet),
		4: message(1, maxHeaderProof, headerProof),
	}
	aloneResponse = shape{
		1: number(), 2: message(1, maxChainHeader+headerOverhead, shape{1: data(maxChainHeader)}),
		4: message(1, maxHeaderProof, headerProof),
	}
)

// shape is that of the answer.
func (r HeaderRequest) shape() shape {
	if r.Alone {
		return aloneResponse
	}
	return headersResponse
}

// limit is the most bytes the answer may have.
func (r HeaderRequest) limit() int {
	switch {
	case !r.Alone:
		return maxHeader
	case r.Proof:
		return maxAlone + maxHeaderProof
	}
	return maxAlone
}

// answer returns what of a header is sent.
func (r HeaderRequest) answer(h *Header) (*Header, error) {
	if r.Alone {
		return &Header{Signed: &types.SignedHeader{Header: h.Signed.Header}, Proof: h.Proof}, nil
	}
	if h.Signed.Commit == nil {
		return nil, fmt.Errorf("%w: height %d is held without its commit", da.ErrNotFound, h.Signed.Height)
	}
	return h, nil
}

func encodeHeader(h *Header) (*wire.HeadersResponse, error) {
	m := &wire.HeadersResponse{Status: wire.Status_STATUS_OK}
	var err error
	if m.SignedHeader, err = h.Signed.ToProto().Marshal(); err != nil {
		return nil, fmt.Errorf("encoding a header: %w", err)
	}
	if h.Validators != nil {
		set, err := h.Validators.ToProto()
		if err != nil {
			return nil, fmt.Errorf("encoding a validator set: %w", err)
		}
		if m.ValidatorSet, err = set.Marshal(); err != nil {
			return nil, fmt.Errorf("encoding a validator set: %w", err)
		}
	}
	if h.Proof != nil {
		m.HeaderProof = h.Proof.ToWire()
	}
	return m, nil
}

// decodeHeader reads the answer to a request for a header, and holds it against the
// request.
func decodeHeader(encoded []byte, request HeaderRequest, chainID string) (*Header, error) {
	var m wire.HeadersResponse
	if err := decodeResponse(encoded, request.shape(), &m); err != nil {
		return nil, err
	}
	header := &Header{}
	var err error
	if header.Signed, err = decodeSigned(m.SignedHeader, request.Alone); err != nil {
		return nil, fmt.Errorf("%w: signed header: %w", ErrGarbage, err)
	}
	if header.Validators, err = decodeValidators(m.ValidatorSet); err != nil {
		return nil, fmt.Errorf("%w: validator set: %w", ErrGarbage, err)
	}
	if m.HeaderProof != nil {
		if header.Proof, err = da.HeaderProofFromWire(m.HeaderProof); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrGarbage, err)
		}
	}
	return header, request.matches(header, chainID)
}

func decodeSigned(encoded []byte, alone bool) (*types.SignedHeader, error) {
	var m cmtproto.SignedHeader
	if err := m.Unmarshal(encoded); err != nil {
		return nil, err
	}
	if m.Header == nil || m.Commit == nil && !alone {
		return nil, errors.New("no header or no commit")
	}
	return types.SignedHeaderFromProto(&m)
}

// decodeValidators reads a set, nil if there is none, in one form whoever sent it:
// neither the priorities nor the proposer are part of what the set's hash covers.
func decodeValidators(encoded []byte) (*types.ValidatorSet, error) {
	if len(encoded) == 0 {
		return nil, nil
	}
	var m cmtproto.ValidatorSet
	if err := m.Unmarshal(encoded); err != nil {
		return nil, err
	}
	if len(m.Validators) == 0 {
		return nil, errors.New("empty")
	}
	for _, v := range m.Validators {
		v.ProposerPriority = 0
	}
	m.Proposer = m.Validators[0]
	return types.ValidatorSetFromProto(&m)
}
