package lightbench

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/p2p"
)

// The parts that answers are made of.
const (
	PartHeader     = "headers"
	PartCommit     = "commits"
	PartValidators = "validator sets"
	PartDA         = "DA headers and their paths"
	PartCells      = "cells"
	PartProofs     = "cell proofs"
)

// Part is how often something was served, and its encoded bytes.
type Part struct {
	Count int64 `json:"count"`
	Bytes int64 `json:"bytes"`
}

// Served counts what was served, by part. It is safe for concurrent use.
type Served struct {
	mu    sync.Mutex
	parts map[string]Part // guarded by mu
}

func (s *Served) add(part string, count, bytes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.parts == nil {
		s.parts = make(map[string]Part)
	}
	p := s.parts[part]
	s.parts[part] = Part{p.Count + int64(count), p.Bytes + int64(bytes)}
}

// Parts returns what was served so far.
func (s *Served) Parts() map[string]Part {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.parts)
}

// source serves a chain as a full node does that gets each block a lag after it was made.
// It holds whole squares, as a full node does of recent heights.
type source struct {
	chain  *Chain
	lag    time.Duration
	served *Served
	now    func() time.Time
}

var (
	_ p2p.HeaderSource = (*source)(nil)
	_ p2p.SquareSource = (*source)(nil)
)

// newest returns the newest height the node has.
func (s *source) newest() uint64 {
	newest := s.chain.Newest()
	for newest > 0 && s.now().Before(s.chain.At(newest).Time().Add(s.lag)) {
		newest--
	}
	return newest
}

// at returns the block of a height, 0 being the newest.
func (s *source) at(height uint64) (*Block, error) {
	newest := s.newest()
	if height == 0 {
		height = newest
	}
	if height == 0 || height > newest {
		return nil, fmt.Errorf("height %d, the newest is %d: %w", height, newest, da.ErrFutureHeight)
	}
	return s.chain.At(height), nil
}

// Header implements p2p.HeaderSource.
func (s *source) Header(_ context.Context, request p2p.HeaderRequest) (*p2p.Header, error) {
	b, err := s.at(request.Height)
	if err != nil {
		return nil, err
	}
	header := *b.Header
	if !request.Proof {
		header.Proof = nil
	}
	if request.Alone || bytes.Equal(request.KnownValidators, header.Signed.ValidatorsHash) {
		header.Validators = nil
	}
	return &header, s.countHeader(&header, request.Alone)
}

func (s *source) countHeader(h *p2p.Header, alone bool) error {
	s.served.add(PartHeader, 1, h.Signed.Header.ToProto().Size())
	if !alone {
		s.served.add(PartCommit, 1, h.Signed.Commit.ToProto().Size())
	}
	if h.Proof != nil {
		s.served.add(PartDA, 1, h.Proof.ToWire().Size())
	}
	if h.Validators == nil {
		return nil
	}
	set, err := h.Validators.ToProto()
	if err != nil {
		return err
	}
	s.served.add(PartValidators, 1, set.Size())
	return nil
}

// Cost implements p2p.SquareSource.
func (s *source) Cost(_ uint64, coords []erasure.Coord) (cells, bytes int) { return len(coords), 0 }

// Cells implements p2p.SquareSource.
func (s *source) Cells(_ context.Context, height uint64, coords []erasure.Coord) ([]*p2p.CellProof, error) {
	b, err := s.at(height)
	if err != nil {
		return nil, err
	}
	found, cells := 0, make([]*p2p.CellProof, len(coords))
	for i, at := range coords {
		if cell, proof, ok := b.Square.Cell(at); ok {
			cells[i] = &p2p.CellProof{Cell: *cell, Proof: proof}
			found++
		}
	}
	if found == 0 {
		return nil, fmt.Errorf("cells %v of height %d: %w", coords, height, da.ErrNotFound)
	}
	s.served.add(PartCells, found, found*kzg.CellSize)
	s.served.add(PartProofs, found, found*kzg.PointSize)
	return cells, nil
}

// Rows implements p2p.SquareSource. Light nodes ask for none.
func (s *source) Rows(context.Context, uint64, []int) ([]*p2p.RowProofs, error) {
	return nil, da.ErrNotFound
}

// Namespace implements p2p.SquareSource. There is no index behind a made-up square.
func (s *source) Namespace(context.Context, uint64, da.Namespace) (*p2p.Entries, error) {
	return nil, da.ErrNotFound
}

// checkHead judges announcements as a full node does.
func (s *source) checkHead(_ context.Context, a p2p.Announcement) p2p.Verdict {
	b, err := s.at(a.Head.Height)
	switch {
	case err != nil:
		return p2p.Ignore
	case a.Head != headOf(b):
		return p2p.Reject
	}
	return p2p.Accept
}

func headOf(b *Block) p2p.Head {
	return p2p.Head{Height: uint64(b.Header.Signed.Height), Hash: [32]byte(b.Header.Signed.Hash()), DataRoot: b.DA.DataRoot()}
}
