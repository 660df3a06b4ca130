package p2p

import (
	"context"
	"fmt"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/proto/wire"
)

const (
	maxHeld    = 2 * da.HardMaxRows * kzg.Columns / 8  // bytes: a bit for every cell of the largest matrix
	heldCost   = 4                                     // cells: what is held has to be looked up, and its list fits two of them
	maxCoords  = 2 * da.HardMaxRows * kzg.Columns * 16 // bytes that the coordinates of all cells take
	knownPeers = 1024                                  // of those not connected that Known returns
)

var (
	heldRequest  = shape{1: number()}
	heldResponse = shape{1: number(), 2: data(maxHeld)}
)

// HoldingSource tells which cells a host can serve, for those who rebuild a square from
// whoever holds parts of it. Calls are concurrent, and errors are as for HeaderSource.
type HoldingSource interface {
	// HeldCost returns the most bytes of memory that Held takes beyond its answer.
	HeldCost(height uint64) (bytes int)
	// Held returns the coordinates of a height's cells that Cells would answer, in any order
	// and each once. None at all is da.ErrNotFound.
	Held(ctx context.Context, height uint64) ([]erasure.Coord, error)
}

// GetHeld asks a peer which cells of a height it can serve, and returns their coordinates by
// row and column. That is a promise and no more: cells may be missing when they are asked for.
func (h *Host) GetHeld(ctx context.Context, from peer.ID, height uint64) (held []erasure.Coord, err error) {
	if err := named(height, 1, 1); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadRequest, err)
	}
	defer func() { h.settle(ctx, from, Held, height, err) }()
	encoded, err := h.ask(ctx, from, Held, &wire.HeldRequest{Height: height}, frameOverhead+maxHeld)
	if err != nil {
		return nil, err
	}
	held, err = decodeHeld(encoded)
	return held, attribute(err, from)
}

func (h *Host) answerHeld(ctx context.Context, encoded []byte, b *budget) (codable, error) {
	height, err := decodeHeldRequest(encoded)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadRequest, err)
	}
	if err := b.take(heldCost, frameOverhead+maxHeld, maxCoords+h.config.Holdings.HeldCost(height)); err != nil {
		return nil, err
	}
	held, err := h.config.Holdings.Held(ctx, height)
	if err != nil {
		return nil, err
	}
	return encodeHeld(held)
}

// Known returns peers to ask about a height that Pick would allow: those connected that
// speak a protocol, and then others whose addresses are known, whatever they speak. To ask one
// of these connects to it.
func (h *Host) Known(protocol Protocol, height uint64) (connected, others []peer.ID) {
	for _, id := range h.host.Network().Peers() {
		if h.speaks(id, protocol) && h.scores.weight(id, height) > 0 {
			connected = append(connected, id)
		}
	}
	for _, id := range h.host.Peerstore().PeersWithAddrs() {
		if len(others) == knownPeers {
			break
		}
		if id != h.ID() && !h.connected(id) && h.scores.weight(id, height) > 0 {
			others = append(others, id)
		}
	}
	return connected, others
}

// Look looks for peers in the DHT, if there is one, and connects to whom it finds.
func (h *Host) Look(ctx context.Context) {
	if h.table != nil {
		h.look(ctx)
	}
}

func decodeHeldRequest(encoded []byte) (height uint64, err error) {
	var m wire.HeldRequest
	if err := decode(encoded, heldRequest, &m); err != nil {
		return 0, err
	}
	return m.Height, named(m.Height, 1, 1)
}

// encodeHeld draws the bitmap of coordinates, its last byte not zero.
func encodeHeld(held []erasure.Coord) (*wire.HeldResponse, error) {
	bitmap := make([]byte, maxHeld)
	for _, at := range held {
		if !at.In(da.HardMaxRows) {
			return nil, fmt.Errorf("p2p: cell (%d, %d) is in no matrix", at.Row, at.Column)
		}
		bit := at.Row*kzg.Columns + at.Column
		bitmap[bit/8] |= 1 << (bit % 8)
	}
	end := len(bitmap)
	for end > 0 && bitmap[end-1] == 0 {
		end--
	}
	if end == 0 {
		return nil, fmt.Errorf("p2p: no cell is held: %w", da.ErrNotFound)
	}
	return &wire.HeldResponse{Status: wire.Status_STATUS_OK, Cells: bitmap[:end]}, nil
}

// decodeHeld reads the answer to a request for what is held.
func decodeHeld(encoded []byte) ([]erasure.Coord, error) {
	var m wire.HeldResponse
	if err := decodeResponse(encoded, heldResponse, &m); err != nil {
		return nil, err
	}
	if len(m.Cells) == 0 || m.Cells[len(m.Cells)-1] == 0 {
		return nil, fmt.Errorf("%w: a bitmap of %d bytes that ends in zeros, or of none", ErrGarbage, len(m.Cells))
	}
	var held []erasure.Coord
	for i, octet := range m.Cells {
		for bit := range 8 {
			if octet>>bit&1 == 1 {
				held = append(held, erasure.Coord{Row: (8*i + bit) / kzg.Columns, Column: (8*i + bit) % kzg.Columns})
			}
		}
	}
	return held, nil
}
