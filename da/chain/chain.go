// Package chain binds DA headers to chain headers: which square a verified block of the
// chain committed to.
package chain

import (
	"fmt"
	"time"

	"github.com/cometbft/cometbft/types"

	"github.com/ashlar-da/ashlar/da"
)

// Header is a DA header bound to the chain header of its block. Bind is the one way to make
// one; whether the chain header is the chain's is for its caller to know.
type Header struct {
	signed *types.SignedHeader
	proof  da.HeaderProof
	da     *da.Header
}

// Bind checks that proof shows the DA header in the block of the signed header: as
// transaction 0 under its DataHash; and, if the square has no rows, that this is the one empty
// block. The signed header itself must have been verified. It fails with
// da.ErrInvalidProof (ask another peer) or da.ErrMalformed (the block itself is invalid).
func Bind(signed *types.SignedHeader, proof da.HeaderProof) (*Header, error) {
	if signed == nil || signed.Header == nil {
		return nil, fmt.Errorf("%w: no chain header to bind the DA header to", da.ErrInvalidProof)
	}
	header, err := proof.Verify(signed.DataHash)
	if err != nil {
		return nil, fmt.Errorf("height %d: %w", signed.Height, err)
	}
	return &Header{signed, proof, header}, nil
}

// DA is the DA header.
func (h *Header) DA() *da.Header { return h.da }

// Signed is the chain header and its commit.
func (h *Header) Signed() *types.SignedHeader { return h.signed }

// Proof is what bound the DA header to the chain header.
func (h *Header) Proof() da.HeaderProof { return h.proof }

// Height is the block's height.
func (h *Header) Height() int64 { return h.signed.Height }

// Time is the block's time.
func (h *Header) Time() time.Time { return h.signed.Time }

// Hash is the hash of the chain header, 32 bytes.
func (h *Header) Hash() []byte { return h.signed.Hash() }
