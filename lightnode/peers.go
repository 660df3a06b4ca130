package lightnode

import (
	"context"
	"errors"
	"fmt"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/da/chain"
	"github.com/ashlar-da/ashlar/p2p"
	"github.com/ashlar-da/ashlar/sampling"
)

// peers asks others for headers and cells and holds them to account.
type peers struct {
	host *p2p.Host
}

var _ sampling.CellGetter = (*peers)(nil)

// PickPeer implements sampling.CellGetter.
func (p *peers) PickPeer(height uint64, not []string) (string, error) {
	from, err := p.host.Pick(p2p.Cells, height, decodePeers(not)...)
	if err != nil {
		return "", err
	}
	return from.String(), nil
}

// GetCells implements sampling.CellGetter.
func (p *peers) GetCells(ctx context.Context, request sampling.Request) ([]sampling.Answer, error) {
	from, err := peer.Decode(request.From)
	if err != nil {
		return nil, err
	}
	cells, err := p.host.GetCells(ctx, from, request.Height, request.Coords)
	answers := make([]sampling.Answer, len(cells))
	for i, cell := range cells {
		if cell != nil {
			answers[i] = sampling.Answer{Cell: &cell.Cell, Proof: cell.Proof}
		}
	}
	return answers, err
}

func decodePeers(names []string) (ids []peer.ID) {
	for _, name := range names {
		if id, err := peer.Decode(name); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// judge tells the host what a peer's cell was worth. Nobody has a proof that is wrong by mistake.
func (p *peers) judge(from string, reason error) {
	id, err := peer.Decode(from)
	switch {
	case err != nil:
	case reason == nil:
		p.host.Verified(id, 1)
	default:
		p.host.Ban(id, reason)
	}
}

// header asks one peer after another for the header of a height, alone, whose hash is known,
// and with it, if bound is set, for the DA header it commits to. An error wrapping
// da.ErrMalformed comes with the header: the chain committed to a DA header that is none.
func (p *peers) header(ctx context.Context, height uint64, want hash, bound bool) (*p2p.Header, error) {
	draw := func(not []peer.ID) (peer.ID, error) { return p.host.Pick(p2p.Headers, height, not...) }
	header, err := firstOf(ctx, draw, func(ctx context.Context, id peer.ID) (*p2p.Header, error) {
		return p.headerFrom(ctx, id, height, want, bound)
	})
	if err != nil {
		return nil, fmt.Errorf("header of height %d: %w", height, err)
	}
	if bound {
		_, err = chain.Bind(header.Signed, *header.Proof)
	}
	return header, err
}

// headerFrom asks one peer. A malformed DA header is the chain's fault, not the peer's.
func (p *peers) headerFrom(ctx context.Context, id peer.ID, height uint64, want hash, bound bool) (*p2p.Header, error) {
	header, err := p.host.GetHeader(ctx, id, p2p.HeaderRequest{Height: height, Proof: bound, Alone: true})
	if err != nil {
		return nil, err
	}
	if err := checkHeader(header, want, bound); err != nil && !errors.Is(err, da.ErrMalformed) {
		err = fmt.Errorf("header of height %d from peer %s: %w", height, id, err)
		p.host.Garbage(id, err)
		return nil, err
	}
	p.host.Verified(id, 1)
	return header, nil
}

// checkHeader reports a header of another hash than is wanted or, if it should be bound, with
// a path that does not lead to transaction 0.
func checkHeader(header *p2p.Header, want hash, bound bool) error {
	signed := header.Signed
	if got := toHash(signed.Hash()); got != want {
		return fmt.Errorf("%w: its hash is %x, the chain has %x", da.ErrMismatch, got, want)
	}
	if !bound {
		return nil
	}
	if header.Proof == nil {
		return fmt.Errorf("%w: it came without a DA header", da.ErrInvalidProof)
	}
	_, err := chain.Bind(signed, *header.Proof)
	return err
}
