package lightnode

import (
	"bytes"
	"context"
	"fmt"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/p2p"
)

// source serves peers what the ring keeps: headers with their proofs, and cells. A light
// node holds no rows and no index.
type source struct {
	ring *ring
}

var (
	_ p2p.HeaderSource  = source{}
	_ p2p.SquareSource  = source{}
	_ p2p.HoldingSource = source{}
)

// Header implements p2p.HeaderSource.
func (s source) Header(_ context.Context, request p2p.HeaderRequest) (*p2p.Header, error) {
	newest := s.ring.newest()
	height := request.Height
	if height == 0 {
		height = newest
	}
	if height > newest {
		return nil, fmt.Errorf("lightnode: height %d: %w", height, da.ErrFutureHeight)
	}
	k, err := s.ring.get(height)
	if err != nil {
		return nil, err
	}
	header := *k.header
	if !request.Proof {
		header.Proof = nil
	}
	if bytes.Equal(request.KnownValidators, header.Signed.ValidatorsHash) {
		header.Validators = nil
	}
	return &header, nil
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
