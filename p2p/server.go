package p2p

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/proto/wire"
)

// What a header costs the rate limiter, in cells: with its commit and validator set it takes
// about as many bytes, alone at most so many with the DA header of a usual square.
const (
	headerCost = 8
	aloneCost  = 2
)

// A peer has to read its answer at deliveryRate bytes per second, after deliveryGrace.
const (
	deliveryGrace = 2 * time.Second
	deliveryRate  = 256 << 10
)

// answer answers one encoded request. It takes from the budget before it asks a source. An
// error it blames on the asker wraps errShape.
type answer func(ctx context.Context, request []byte, b *budget) (codable, error)

// serve registers the protocols that the Config has sources for.
func (h *Host) serve(ctx context.Context) {
	if h.config.Headers != nil {
		h.handle(ctx, Headers, maxRequest, h.answerHeaders)
	}
	if h.config.Evidence != nil {
		h.handle(ctx, Evidences, maxEvidence, h.answerEvidence)
	}
	if h.config.Squares != nil {
		h.handle(ctx, Cells, maxRequest, h.answerCells)
	}
	if h.config.Squares != nil && !h.config.Sampled {
		h.handle(ctx, Rows, maxRequest, h.answerRows)
		h.handle(ctx, Namespaces, maxRequest, h.answerNamespace)
	}
	if h.config.Holdings != nil {
		h.handle(ctx, Held, maxRequest, h.answerHeld)
	}
	if h.config.Certificates != nil {
		h.handle(ctx, Certificates, maxRequest, h.answerCertificates)
		h.handle(ctx, Rotations, maxRequest, h.answerRotations)
	}
}

// handle answers a protocol whose requests have at most so many bytes.
func (h *Host) handle(ctx context.Context, protocol Protocol, limit int, a answer) {
	h.host.SetStreamHandler(protocol.on(h.config.ChainID), func(s network.Stream) {
		if !h.handlers.enter() {
			_ = s.Reset() // closing
			return
		}
		defer h.handlers.leave()
		status, err := h.exchange(ctx, s, limit, a)
		h.metrics.served.WithLabelValues(string(protocol), label(status)).Inc()
		if err != nil {
			_ = s.Reset() // the peer learns as much from the stream's end
			h.config.Log.Debug("request failed", "protocol", protocol, "peer", s.Conn().RemotePeer(), "error", err)
		}
	})
}

// exchange reads one request from a stream and answers it. The error is the stream's.
func (h *Host) exchange(ctx context.Context, s network.Stream, limit int, a answer) (wire.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, h.config.RequestTimeout)
	defer cancel()
	if err := h.admit(s, limit); err != nil {
		return wire.Status_STATUS_INTERNAL, err
	}
	defer s.Scope().ReleaseMemory(limit)
	request, err := readFrame(s, limit)
	if err != nil {
		h.blame(s, err)
		return wire.Status_STATUS_BAD_REQUEST, err
	}
	b := h.budget(s)
	defer b.shrink(0)
	response, err := a(ctx, request, b)
	h.blame(s, err)
	framed, status, err := b.frame(response, err)
	if status == wire.Status_STATUS_INTERNAL {
		h.config.Log.Warn("a source failed", "protocol", s.Protocol(), "error", err)
	}
	return status, deliver(ctx, s, framed)
}

// deliver sends an answer, before ctx's deadline and at no less than the least rate: memory
// is held for what a peer has yet to read, which others are refused for meanwhile.
func deliver(ctx context.Context, s network.Stream, framed []byte) error {
	until := time.Now().Add(deliveryTime(len(framed)))
	if end, bounded := ctx.Deadline(); bounded && end.Before(until) {
		until = end
	}
	if err := s.SetWriteDeadline(until); err != nil {
		return err
	}
	if _, err := s.Write(framed); err != nil {
		return err
	}
	return s.Close()
}

// deliveryTime is how long a peer may take to read so many bytes.
func deliveryTime(bytes int) time.Duration {
	return deliveryGrace + time.Duration(bytes)*time.Second/deliveryRate
}

// admit puts a stream under the host's limits: its deadline, and memory for a request of at
// most so many bytes.
func (h *Host) admit(s network.Stream, limit int) error {
	if err := s.SetDeadline(time.Now().Add(h.config.RequestTimeout)); err != nil {
		return err
	}
	if err := s.Scope().SetService(serviceName); err != nil {
		return err
	}
	return s.Scope().ReserveMemory(limit, network.ReservationPriorityMedium)
}

// blame strikes a peer for a request that breaks the protocol.
func (h *Host) blame(s network.Stream, err error) {
	if errors.Is(err, errShape) || errors.Is(err, errFrameLength) || errors.Is(err, errFrameTooLong) {
		h.strike(s.Conn().RemotePeer(), violation, err)
	}
}

// refusal encodes a response that is a status alone. All have it as their first field.
func refusal(status wire.Status) []byte {
	return protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), uint64(status))
}

// budget returns what may be spent on a stream: memory of its scope, and what the peer and
// the subnet at its other end are allowed.
func (h *Host) budget(s network.Stream) *budget {
	id, subnet := string(s.Conn().RemotePeer()), subnetOf(s.Conn().RemoteMultiaddr())
	charge := func(cells int) error { return h.limiter.take(id, subnet, cells) }
	return &budget{memory: s.Scope(), charge: charge, most: int(h.config.Limits.Memory / answerShare)}
}

// subnetOf returns the IPv4 /24 or IPv6 /48 of an address, nothing for a loopback one.
func subnetOf(address multiaddr.Multiaddr) string {
	ip, err := manet.ToIP(address)
	if err != nil {
		return ""
	}
	parsed, _ := netip.AddrFromSlice(ip)
	parsed = parsed.Unmap()
	if parsed.IsLoopback() {
		return ""
	}
	bits := 48
	if parsed.Is4() {
		bits = 24
	}
	prefix, _ := parsed.Prefix(bits)
	return prefix.String()
}

func (h *Host) answerHeaders(ctx context.Context, encoded []byte, b *budget) (codable, error) {
	request, err := decodeHeadersRequest(encoded)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadRequest, err)
	}
	cost := headerCost
	if request.Alone {
		cost = aloneCost
	}
	if err := b.take(cost, request.limit(), maxHeader); err != nil { // the header itself lies beyond its encoded parts
		return nil, err
	}
	header, err := h.config.Headers.Header(ctx, request)
	if err != nil {
		return nil, err
	}
	if header, err = request.answer(header); err != nil {
		return nil, err
	}
	return encodeHeader(header)
}

func (h *Host) answerCells(ctx context.Context, encoded []byte, b *budget) (codable, error) {
	height, coords, err := decodeCellsRequest(encoded)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadRequest, err)
	}
	cost, reading := h.config.Squares.Cost(height, coords)
	if err := b.take(max(cost, len(coords)), cellsLimit(len(coords)), reading); err != nil {
		return nil, err
	}
	cells, err := h.config.Squares.Cells(ctx, height, coords)
	if err != nil {
		return nil, err
	}
	return encodeCells(cells), nil
}

func (h *Host) answerRows(ctx context.Context, encoded []byte, b *budget) (codable, error) {
	height, rows, err := decodeRowsRequest(encoded)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadRequest, err)
	}
	if err := b.take(len(rows)*kzg.RowCells, rowsLimit(len(rows)), len(rows)*kzg.Columns*kzg.PointSize); err != nil { // the proofs are joined
		return nil, err
	}
	found, err := h.config.Squares.Rows(ctx, height, rows)
	if err != nil {
		return nil, err
	}
	return encodeRows(found), nil
}

func (h *Host) answerNamespace(ctx context.Context, encoded []byte, b *budget) (codable, error) {
	height, namespace, err := decodeNamespaceRequest(encoded)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadRequest, err)
	}
	if err := b.take(kzg.RowCells, maxNamespace, 0); err != nil {
		return nil, err
	}
	entries, err := h.config.Squares.Namespace(ctx, height, namespace)
	if err != nil {
		return nil, err
	}
	return encodeEntries(entries), nil
}
