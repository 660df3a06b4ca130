package fullnode

import (
	"context"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/da/store"
	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/p2p"
)

// squares serves the store's squares to the libp2p network.
type squares struct {
	store *store.Store
}

var (
	_ p2p.SquareSource  = squares{}
	_ p2p.HoldingSource = squares{}
)

// Cost implements p2p.SquareSource.
func (s squares) Cost(height uint64, coords []erasure.Coord) (cells, bytes int) {
	return s.store.Cost(height, coords)
}

// Cells implements p2p.SquareSource.
func (s squares) Cells(ctx context.Context, height uint64, coords []erasure.Coord) ([]*p2p.CellProof, error) {
	samples, err := s.store.Cells(ctx, height, coords)
	if err != nil {
		return nil, err
	}
	cells := make([]*p2p.CellProof, len(samples))
	for i, sample := range samples {
		if sample != nil {
			cells[i] = &p2p.CellProof{Cell: *sample.Cell, Proof: sample.Proof}
		}
	}
	return cells, nil
}

// HeldCost implements p2p.HoldingSource.
func (s squares) HeldCost(uint64) (bytes int) { return 0 }

// Held implements p2p.HoldingSource.
func (s squares) Held(ctx context.Context, height uint64) ([]erasure.Coord, error) {
	return s.store.Held(ctx, height)
}

// Rows implements p2p.SquareSource.
func (s squares) Rows(ctx context.Context, height uint64, rows []int) ([]*p2p.RowProofs, error) {
	held, err := s.store.Rows(ctx, height, rows)
	if err != nil {
		return nil, err
	}
	out := make([]*p2p.RowProofs, len(held))
	for i, row := range held {
		out[i] = (*p2p.RowProofs)(row)
	}
	return out, nil
}

// Namespace implements p2p.SquareSource.
func (s squares) Namespace(ctx context.Context, height uint64, namespace da.Namespace) (*p2p.Entries, error) {
	entries, proof, err := s.store.Namespace(ctx, height, namespace)
	if err != nil {
		return nil, err
	}
	encoded := make([][]byte, len(entries))
	for i := range entries {
		encoded[i] = entries[i].Encode()
	}
	return &p2p.Entries{Proof: proof, Entries: encoded}, nil
}

// retention keeps CometBFT's blocks for as long as their squares, and never lets go of
// one whose square is not stored.
type retention struct {
	store *store.Store
}

var _ app.Retention = retention{}

// RetainHeight implements app.Retention.
func (r retention) RetainHeight() int64 { return int64(min(r.store.Tail(), r.store.Contiguous())) }
