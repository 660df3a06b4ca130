package p2p

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/multiformats/go-multistream"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/proto/wire"
)

// GetHeader asks a peer for a header. The answer is of this chain, of the height asked
// for, its hash is the one its commit signs and its validators are those it names; the
// signatures, and whether DataHash covers the DA header, are the caller's to check. A header
// that was asked for alone has nothing that binds it to the chain: its hash is the caller's
// to compare.
func (h *Host) GetHeader(ctx context.Context, from peer.ID, request HeaderRequest) (header *Header, err error) {
	defer func() { h.settle(ctx, from, Headers, request.Height, err) }()
	encoded, err := h.ask(ctx, from, Headers, encodeHeadersRequest(request), request.limit())
	if err != nil {
		return nil, err
	}
	if header, err = decodeHeader(encoded, request, h.config.ChainID); err != nil {
		return nil, attribute(err, from)
	}
	h.scores.update(from, func(s *score) { s.newest = max(s.newest, uint64(header.Signed.Height)) })
	return header, nil
}

// GetCells asks a peer for 1 to MaxCells cells of a height. The answer has one entry for
// each coordinate, in order, nil where the peer does not hold the cell; to hold none is
// da.ErrNotFound. The proofs are the caller's to check, against the coordinates it asked
// for.
func (h *Host) GetCells(ctx context.Context, from peer.ID, height uint64, coords []erasure.Coord) (cells []*CellProof, err error) {
	if err := named(height, len(coords), MaxCells); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadRequest, err)
	}
	defer func() { h.settle(ctx, from, Cells, height, err) }()
	encoded, err := h.ask(ctx, from, Cells, encodeCellsRequest(height, coords), cellsLimit(len(coords)))
	if err != nil {
		return nil, err
	}
	if cells, err = decodeCells(encoded, len(coords)); err != nil {
		return nil, attribute(err, from)
	}
	return cells, nil
}

// GetRows asks a peer for 1 to MaxRows original rows of a height and their proofs, nil
// where the peer does not hold the row; to hold none is da.ErrNotFound. Whether they are
// the square's is the caller's to check.
func (h *Host) GetRows(ctx context.Context, from peer.ID, height uint64, rows []int) (found []*RowProofs, err error) {
	if err := named(height, len(rows), MaxRows); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadRequest, err)
	}
	defer func() { h.settle(ctx, from, Rows, height, err) }()
	encoded, err := h.ask(ctx, from, Rows, encodeRowsRequest(height, rows), rowsLimit(len(rows)))
	if err != nil {
		return nil, err
	}
	if found, err = decodeRows(encoded, len(rows)); err != nil {
		return nil, attribute(err, from)
	}
	return found, nil
}

// GetNamespace asks a peer for the index entries of a namespace at a height. The proof
// is the caller's to check.
func (h *Host) GetNamespace(ctx context.Context, from peer.ID, height uint64, namespace da.Namespace) (entries *Entries, err error) {
	if err := named(height, 1, 1); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadRequest, err)
	}
	defer func() { h.settle(ctx, from, Namespaces, height, err) }()
	message := &wire.NamespaceRequest{Height: height, Namespace: namespace[:]}
	encoded, err := h.ask(ctx, from, Namespaces, message, maxNamespace)
	if err != nil {
		return nil, err
	}
	entries, err = decodeEntries(encoded)
	return entries, attribute(err, from)
}

// attribute names the peer in an error.
func attribute(err error, from peer.ID) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("peer %s: %w", from, err)
}

// keptWaiting is how long a peer has to answer before it counts against it that nobody
// waited any longer: the asker may have got elsewhere what a silent peer was asked for.
const keptWaiting = time.Second

// ask sends a request on a stream of its own and reads an answer of at most limit bytes.
func (h *Host) ask(ctx context.Context, from peer.ID, p Protocol, request codable, limit int) ([]byte, error) {
	if h.scores.banned(from) {
		return nil, attribute(ErrBanned, from)
	}
	encoded, err := request.Marshal()
	if err != nil {
		return nil, fmt.Errorf("p2p: encoding a request: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, h.config.RequestTimeout)
	defer cancel()
	s, err := h.host.NewStream(network.WithAllowLimitedConn(ctx, serviceName), from, p.on(h.config.ChainID))
	if err != nil {
		return nil, attribute(h.explain(ctx, from, p, err), from)
	}
	began := time.Now()
	stop := context.AfterFunc(ctx, func() { _ = s.Reset() })
	defer stop()
	response, err := converse(s, encoded, limit, h.config.RequestTimeout)
	if err != nil {
		_ = s.Reset()
		if errors.Is(ctx.Err(), context.Canceled) && time.Since(began) >= keptWaiting {
			h.scores.update(from, func(s *score) { s.failed++ })
		}
		return nil, attribute(h.explain(ctx, from, p, err), from)
	}
	return response, nil
}

// converse writes a request to a stream, reads its answer and closes the stream.
func converse(s network.Stream, request []byte, limit int, timeout time.Duration) ([]byte, error) {
	if err := s.SetDeadline(time.Now().Add(timeout)); err != nil {
		return nil, err
	}
	if err := s.Scope().SetService(serviceName); err != nil {
		return nil, err
	}
	if err := s.Scope().ReserveMemory(limit, network.ReservationPriorityHigh); err != nil {
		return nil, err
	}
	defer s.Scope().ReleaseMemory(limit)
	if err := writeFrame(s, request); err != nil {
		return nil, err
	}
	_ = s.CloseWrite() // fails over QUIC where the peer, who knows the request's length, has answered and closed already
	response, err := readFrame(s, limit)
	if err != nil {
		return nil, unexpected(err)
	}
	if s.Close() != nil {
		_ = s.Reset() // for the same reason; the answer is whole
	}
	return response, nil
}

// explain turns a stream's failure into this package's terms.
func (h *Host) explain(ctx context.Context, from peer.ID, p Protocol, err error) error {
	var unknown multistream.ErrNotSupported[protocol.ID]
	var late net.Error
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("no answer: %w", errors.Join(ctx.Err(), err))
	case errors.As(err, &late) && late.Timeout():
		return fmt.Errorf("no answer: %w", errors.Join(context.DeadlineExceeded, err))
	case errors.As(err, &unknown):
		spoken, _ := h.host.Peerstore().GetProtocols(from) // an unknown peer speaks none
		if other := p.otherChain(h.config.ChainID, spoken); other != "" {
			return fmt.Errorf("%w: it serves %q, not %q: %w", ErrWrongChain, other, h.config.ChainID, err)
		}
		return fmt.Errorf("%w: %w", ErrUnsupported, err)
	case errors.Is(err, errFrameLength), errors.Is(err, errFrameTooLong):
		return fmt.Errorf("%w: %w", ErrGarbage, err)
	}
	return err
}

// settle counts a request and keeps its outcome in the peer's record: garbage strikes
// it, failure makes it less likely to be asked, refusal says what it holds.
func (h *Host) settle(ctx context.Context, from peer.ID, p Protocol, height uint64, err error) {
	h.metrics.asked.WithLabelValues(string(p), outcome(err)).Inc()
	switch {
	case err == nil, errors.Is(err, ErrBanned), errors.Is(err, context.Canceled) && ctx.Err() != nil:
	case p.speculative() && (errors.Is(err, da.ErrNotFound) || errors.Is(err, ErrUnsupported)): // all are asked, whether they hold something or not
	case errors.Is(err, ErrGarbage):
		h.strike(from, 1, err)
	case errors.Is(err, da.ErrPruned):
		h.scores.update(from, func(s *score) { s.oldest = max(s.oldest, height+1) })
	case errors.Is(err, da.ErrFutureHeight) && height > 0:
		h.scores.update(from, func(s *score) {
			if s.newest >= height { // it said otherwise before
				s.failed++
			}
			s.newest = height - 1
		})
	default:
		h.scores.update(from, func(s *score) { s.failed++ })
	}
}
