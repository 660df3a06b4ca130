package lightnode

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	"github.com/cometbft/cometbft/types"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/p2p"
	"github.com/ashlar-da/ashlar/proto/wire"
)

// nanoseconds encodes a time, the zero time as 0.
func nanoseconds(t time.Time) uint64 {
	if t.IsZero() {
		return 0
	}
	return uint64(t.UnixNano())
}

// instant decodes what nanoseconds encoded.
func instant(n uint64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, int64(n)).UTC()
}

func appendFloat(out []byte, f float64) []byte {
	return binary.BigEndian.AppendUint64(out, math.Float64bits(f))
}

func toFloat(bits uint64) float64 { return math.Float64frombits(bits) }

// encodeHeader returns the stored form of a header, its validators and its proof: the
// same message that peers exchange.
func encodeHeader(h *p2p.Header) ([]byte, error) {
	signed, err := h.Signed.ToProto().Marshal()
	if err != nil {
		return nil, fmt.Errorf("lightnode: encoding a header: %w", err)
	}
	m := &wire.HeadersResponse{Status: wire.Status_STATUS_OK, SignedHeader: signed}
	if h.Validators != nil {
		set, err := h.Validators.ToProto()
		if err != nil {
			return nil, fmt.Errorf("lightnode: encoding a validator set: %w", err)
		}
		if m.ValidatorSet, err = set.Marshal(); err != nil {
			return nil, fmt.Errorf("lightnode: encoding a validator set: %w", err)
		}
	}
	if h.Proof != nil {
		m.HeaderProof = h.Proof.ToWire()
	}
	return m.Marshal()
}

var errStoredHeader = errors.New("lightnode: a stored header does not decode")

// decodeHeader reads what encodeHeader wrote.
func decodeHeader(encoded []byte) (*p2p.Header, error) {
	var m wire.HeadersResponse
	var signed cmtproto.SignedHeader
	if err := errors.Join(m.Unmarshal(encoded), signed.Unmarshal(m.SignedHeader)); err != nil {
		return nil, fmt.Errorf("%w: %w", errStoredHeader, err)
	}
	if signed.Header == nil {
		return nil, fmt.Errorf("%w: there is none", errStoredHeader)
	}
	h := &p2p.Header{}
	var err error
	if h.Signed, err = types.SignedHeaderFromProto(&signed); err != nil {
		return nil, fmt.Errorf("%w: %w", errStoredHeader, err)
	}
	if h.Validators, err = decodeValidators(m.ValidatorSet); err != nil {
		return nil, fmt.Errorf("%w: %w", errStoredHeader, err)
	}
	if m.HeaderProof == nil {
		return h, nil
	}
	if h.Proof, err = da.HeaderProofFromWire(m.HeaderProof); err != nil {
		return nil, fmt.Errorf("%w: %w", errStoredHeader, err)
	}
	return h, nil
}

func decodeValidators(encoded []byte) (*types.ValidatorSet, error) {
	if len(encoded) == 0 {
		return nil, nil
	}
	var set cmtproto.ValidatorSet
	if err := set.Unmarshal(encoded); err != nil {
		return nil, err
	}
	return types.ValidatorSetFromProto(&set)
}
