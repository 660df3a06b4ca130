package lightnode

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/cometbft/cometbft/light/store"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/p2p"
)

// source serves peers what the ring keeps: headers alone with their proofs, and cells; and
// the headers that were verified last by their commits, with these. A light node holds no
// rows and no index.
type source struct {
	ring    *ring
	trusted *trustedStore
}

var (
	_ p2p.HeaderSource  = source{}
	_ p2p.SquareSource  = source{}
	_ p2p.HoldingSource = source{}
)

// Header implements p2p.HeaderSource.
func (s source) Header(_ context.Context, request p2p.HeaderRequest) (*p2p.Header, error) {
	height, err := s.height(request)
	if err != nil {
		return nil, err
	}
	header := &p2p.Header{}
	if request.Alone || request.Proof {
		k, err := s.ring.get(height)
		if err != nil {
			return nil, err
		}
		*header = *k.header
	}
	if !request.Proof {
		header.Proof = nil
	}
	if request.Alone {
		return header, nil
	}
	return header, s.sign(header, height, request.KnownValidators)
}

// height returns the height that a request is about, if it is none of the future.
func (s source) height(request p2p.HeaderRequest) (uint64, error) {
	newest := s.ring.newest()
	if !request.Alone {
		last, err := s.trusted.LastLightBlockHeight()
		if err != nil {
			return 0, err
		}
		newest = uint64(max(last, 0))
	}
	if request.Height > newest || newest == 0 {
		return 0, fmt.Errorf("lightnode: height %d: %w", request.Height, da.ErrFutureHeight)
	}
	if request.Height == 0 {
		return newest, nil
	}
	return request.Height, nil
}

// sign completes a header with its commit and, unless they are known, validators.
func (s source) sign(header *p2p.Header, height uint64, known []byte) error {
	block, err := s.trusted.LightBlock(int64(height))
	if errors.Is(err, store.ErrLightBlockNotFound) {
		return fmt.Errorf("lightnode: commit of height %d: %w", height, da.ErrNotFound)
	}
	if err != nil {
		return err
	}
	header.Signed = block.SignedHeader
	if !bytes.Equal(known, header.Signed.ValidatorsHash) {
		header.Validators = block.ValidatorSet
	}
	return nil
}

// Cost implements p2p.SquareSource. All that is kept of a height is read and decoded for any
// of its cells.
func (s source) Cost(height uint64, coords []erasure.Coord) (cells, bytes int) {
	return len(coords), 2 * s.ring.size(height)
}

// Cells implements p2p.SquareSource.
func (s source) Cells(_ context.Context, height uint64, coords []erasure.Coord) ([]*p2p.CellProof, error) {
	k, err := s.ring.get(height)
	if err != nil {
		return nil, err
	}
	held := make(map[erasure.Coord]*p2p.CellProof, len(k.coords))
	for i, coord := range k.coords {
		held[coord] = k.cells[i]
	}
	found, cells := 0, make([]*p2p.CellProof, len(coords))
	for i, coord := range coords {
		if cells[i] = held[coord]; cells[i] != nil {
			found++
		}
	}
	if found == 0 {
		return nil, fmt.Errorf("lightnode: none of %d cells of height %d: %w", len(coords), height, da.ErrNotFound)
	}
	return cells, nil
}

// Rows implements p2p.SquareSource.
func (s source) Rows(_ context.Context, height uint64, _ []int) ([]*p2p.RowProofs, error) {
	return nil, fmt.Errorf("lightnode: rows of height %d: a light node holds none: %w", height, da.ErrNotFound)
}

// Namespace implements p2p.SquareSource.
func (s source) Namespace(_ context.Context, height uint64, _ da.Namespace) (*p2p.Entries, error) {
	return nil, fmt.Errorf("lightnode: the index of height %d: a light node holds none: %w", height, da.ErrNotFound)
}

// HeldCost implements p2p.HoldingSource.
func (s source) HeldCost(height uint64) (bytes int) { return 2 * s.ring.size(height) }

// Held implements p2p.HoldingSource.
func (s source) Held(_ context.Context, height uint64) ([]erasure.Coord, error) {
	k, err := s.ring.get(height)
	if err != nil {
		return nil, err
	}
	return k.coords, nil
}
