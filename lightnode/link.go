package lightnode

import (
	"context"
	"errors"
	"time"

	"github.com/cometbft/cometbft/types"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/p2p"
	"github.com/ashlar-da/ashlar/sampling"
)

const (
	// maxBacklog is how many heights may wait for their first sampling before the
	// headers below them wait too.
	maxBacklog = 256

	linkPause    = 500 * time.Millisecond
	longestPause = time.Minute
)

// newRecord returns what is known of a block once its header is verified.
func newRecord(header *p2p.Header) *record {
	signed := header.Signed
	return &record{
		Height: uint64(signed.Height), Time: signed.Time.UTC(),
		BlockHash: toHash(signed.Hash()), LastHash: toHash(signed.LastBlockID.Hash),
		Verdict: sampling.Availability{Height: uint64(signed.Height), Miss: 1},
	}
}

// alone returns a header with nothing but what binds the DA header to it: once its hash is
// verified, nobody needs its commit again.
func alone(header *p2p.Header) *p2p.Header {
	return &p2p.Header{Signed: &types.SignedHeader{Header: header.Signed.Header}, Proof: header.Proof}
}

// admit puts a verified header into the table of heights, unless it is there. A record of
// another block at that height belongs to a chain that the node no longer follows, and so
// does everything else in the table.
func (n *Node) admit(header *p2p.Header) error {
	r := newRecord(header)
	old, err := n.heights.get(r.Height)
	if err != nil || old != nil && old.BlockHash == r.BlockHash {
		return err
	}
	if old != nil {
		if err := n.forsake(r.Height); err != nil {
			return err
		}
	}
	if r.Voucher, err = n.voucher(r.BlockHash); err != nil {
		return err
	}
	n.meter.heights.Add(1)
	if header.Proof != nil {
		if err := n.storeProof(r.Height, alone(header)); err != nil {
			return err
		}
	}
	return n.heights.put(r)
}

// forsake drops all heights, because the one given is not what the chain says now.
func (n *Node) forsake(height uint64) error {
	n.config.Log.Warn("the chain now has another block at a height: everything known of the former chain is dropped", "height", height)
	return n.forget(func(*record) bool { return true })
}

// forget drops the lowest heights for which drop is true, and what is kept of them.
func (n *Node) forget(drop func(*record) bool) error {
	dropped, err := n.heights.forget(drop)
	for _, height := range dropped {
		err = errors.Join(err, n.ring.drop(height))
	}
	return err
}

// link fetches headers downwards, newest first, each of which must hash to what the one
// above names, until the window's end.
func (n *Node) link(ctx context.Context) error {
	pause := linkPause
	for {
		if !n.awake(ctx) {
			return nil
		}
		linked, err := n.linkOne(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && isOwn(err):
			return err
		case err != nil:
			n.config.Log.Debug("no header to link", "error", err, "again_in", pause)
			n.linkError.Store(&err)
			pause = min(2*pause, longestPause)
		case linked:
			n.linkError.Store(nil)
			pause = linkPause
			continue
		}
		if !sleep(ctx, pause) {
			return nil
		}
	}
}

// linkOne fetches the header below the topmost run of heights; false if there is no need.
func (n *Node) linkOne(ctx context.Context) (bool, error) {
	above, err := n.heights.lowEdge()
	if err != nil || above == nil || !n.wantsBelow(above) {
		return false, err
	}
	if n.heights.backlog() >= maxBacklog || n.isBackfill(above) && !n.strength.surplus() {
		return false, nil
	}
	height := above.Height - 1
	header, err := n.peers.header(ctx, height, above.LastHash, true)
	if err != nil && !errors.Is(err, da.ErrMalformed) {
		header, err = n.peers.header(ctx, height, above.LastHash, false)
	}
	if err != nil && !errors.Is(err, da.ErrMalformed) {
		return false, err
	}
	if err := n.joinBelow(header); err != nil {
		return false, err
	}
	return true, n.admit(header)
}

// isBackfill tells whether the block below lies further back than the headers that link to
// the newest one, so that it can wait until there is data to spare.
func (n *Node) isBackfill(above *record) bool {
	newest := n.heights.summary().newest
	return newest-min(above.Height, newest) > uint64(4*n.config.CommitEvery)
}

// wantsBelow tells whether the block below belongs to the sampling window.
func (n *Node) wantsBelow(above *record) bool {
	return above.LastHash != hash{} && above.Height > 1 && above.Time.After(n.windowStart())
}

func (n *Node) windowStart() time.Time { return n.config.Now().Add(-n.config.Window) }

// joinBelow drops the run of heights that a header is about to join unless the header
// names its newest block.
func (n *Node) joinBelow(header *p2p.Header) error {
	r := newRecord(header)
	below, err := n.heights.get(r.Height - 1)
	if err != nil || below == nil || below.BlockHash == r.LastHash {
		return err
	}
	n.config.Log.Warn("heights of another chain are dropped", "up_to", below.Height)
	return n.forget(func(old *record) bool { return old.Height < r.Height })
}
