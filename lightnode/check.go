package lightnode

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/da/chain"
	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/p2p"
	"github.com/ashlar-da/ashlar/sampling"
)

var errGarbledCell = errors.New("a cell does not verify")

// check works on one height: it binds the DA header if that is not done, samples, and
// writes down the verdict. An error means that nothing was learned; the height stays open.
func (n *Node) check(ctx context.Context, height uint64) error {
	r, err := n.heights.get(height)
	if err != nil || r == nil || r.finished() {
		return err
	}
	header, err := n.boundHeader(ctx, r)
	if errors.Is(err, da.ErrMalformed) {
		return n.invalid(r, err)
	}
	if err != nil {
		return err
	}
	bound, err := chain.Bind(header.Signed, *header.Proof)
	if err != nil {
		return err
	}
	session, err := n.session(r, bound)
	if err != nil {
		return err
	}
	return n.sample(ctx, r, session, header, bound.DA())
}

// boundHeader returns a height's header and its DA header, from the database or a peer.
func (n *Node) boundHeader(ctx context.Context, r *record) (*p2p.Header, error) {
	stored, err := read(n.db, heightKey(keyProof, r.Height))
	if err != nil {
		return nil, err
	}
	if stored != nil {
		return decodeHeader(stored)
	}
	header, err := n.peers.header(ctx, r.Height, r.BlockHash, true)
	if err != nil {
		return nil, err
	}
	return header, n.storeProof(r.Height, header)
}

// storeProof keeps what sampling a height takes until its verdict is final.
func (n *Node) storeProof(height uint64, header *p2p.Header) error {
	encoded, err := encodeHeader(header)
	if err != nil {
		return err
	}
	return write(n.db, heightKey(keyProof, height), encoded)
}

// session returns the height's session: the one that was begun, with more coordinates if
// more are configured now, or a new one.
func (n *Node) session(r *record, bound *chain.Header) (*sampling.Session, error) {
	r.DataRoot, r.K = bound.DA().DataRoot(), bound.DA().K()
	block := sampling.Block{Height: r.Height, Hash: r.BlockHash, DataRoot: r.DataRoot, K: r.K}
	samples := n.strength.samples(r.K)
	if len(r.Session) == 0 {
		n.strength.met(r.K)
		return sampling.NewSession(rand.Reader, block, samples)
	}
	session, err := sampling.DecodeSession(r.Session)
	if err != nil {
		return nil, err
	}
	if session.Block() != block {
		return nil, fmt.Errorf("height %d: %w: its coordinates were drawn for another block", r.Height, errRecord)
	}
	return session, session.Raise(rand.Reader, samples)
}

// sample runs a session until it is done or the deadline passes.
func (n *Node) sample(ctx context.Context, r *record, session *sampling.Session, header *p2p.Header, da *da.Header) error {
	got := &kept{header: header}
	sampler, err := n.sampler(r, got)
	if err != nil {
		return err
	}
	verdict, err := sampler.Run(ctx, session, da.Commitments)
	for err == nil && verdict.Verdict == sampling.Available && verdict.Samples < n.strength.wanted(r.K) { // more are asked for by now
		if err = session.Raise(rand.Reader, n.strength.wanted(r.K)); err == nil {
			verdict, err = sampler.Run(ctx, session, da.Commitments)
		}
	}
	if kept := n.keep(r.Height, got); kept != nil {
		n.config.Log.Warn("sampled cells could not be kept; they will not be served", "height", r.Height, "error", kept)
	}
	if errors.Is(err, kzg.ErrInvalidPoint) {
		return n.invalid(r, err)
	}
	if err != nil {
		return err
	}
	return n.conclude(r, session, verdict)
}

// sampler returns what runs the session of a record and adds the cells it gets to got.
func (n *Node) sampler(r *record, got *kept) (*sampling.Sampler, error) {
	return sampling.New(sampling.Config{
		Setup: n.setup, Getter: n.peers, Log: n.config.Log,
		Deadline: n.config.Deadline, RequestTimeout: n.config.RequestTimeout,
		Persist: func(_ context.Context, session *sampling.Session) error { return n.persist(r, session) },
		Delivered: func(from string, coord erasure.Coord, cell *kzg.Cell, proof kzg.Proof) {
			n.peers.judge(from, nil)
			got.coords = append(got.coords, coord)
			got.cells = append(got.cells, &p2p.CellProof{Cell: *cell, Proof: proof})
			n.metrics.cells.Inc()
			n.meter.cells.Add(1)
		},
		Garbled: func(from string, coords []erasure.Coord) {
			n.peers.judge(from, fmt.Errorf("height %d, cells %v: %w", r.Height, coords, errGarbledCell))
		},
	})
}

// persist writes the coordinates, and which of them are verified, before a request is made.
func (n *Node) persist(r *record, session *sampling.Session) error {
	encoded, err := session.MarshalBinary()
	if err != nil {
		return err
	}
	r.Session = encoded
	return n.heights.revise(r)
}

// conclude writes down what sampling found, and tells who listens if it is news.
func (n *Node) conclude(r *record, session *sampling.Session, verdict sampling.Availability) error {
	before := r.Verdict.Verdict
	r.Verdict, r.Checked = verdict, n.config.Now()
	if err := n.enter(r, session.Asked()); err != nil {
		return err
	}
	if err := n.persist(r, session); err != nil {
		return err
	}
	return n.announce(r, before)
}

// enter adds what came of asking peers to the height's record, and counts it.
func (n *Node) enter(r *record, tallies []sampling.Tally) error {
	for _, tally := range tallies {
		ref, err := n.directory.refer(tally.Peer)
		if err != nil {
			return err
		}
		r.add(ref, tally)
		n.metrics.asked(tally)
	}
	r.Verdict.Peers = len(r.Asked)
	return nil
}

// invalid writes down that the chain committed to a malformed DA header.
func (n *Node) invalid(r *record, reason error) error {
	before := r.Verdict.Verdict
	r.Verdict, r.Checked = sampling.InvalidBlock(r.Height), n.config.Now()
	if err := n.heights.revise(r); err != nil {
		return err
	}
	n.config.Log.Error("the chain committed to a DA header that is malformed", "height", r.Height, "reason", reason)
	return n.announce(r, before)
}

// announce logs and publishes a verdict that changed, and drops what only sampling needed
// once it is final.
func (n *Node) announce(r *record, before sampling.Verdict) error {
	v := r.Verdict
	if v.Verdict != before {
		n.metrics.verdicts.WithLabelValues(v.Verdict.String()).Inc()
		n.events.publish(EventVerdict, n.report(r))
		log := n.config.Log.Info
		if v.Verdict == sampling.Unavailable {
			log = n.config.Log.Error
		}
		log("verdict", append([]any{"height", r.Height, "verdict", v.Verdict}, r.grounds()...)...)
	}
	if !r.finished() {
		return nil
	}
	return remove(n.db, heightKey(keyProof, r.Height))
}

// grounds are what a verdict rests on, for the log.
func (r *record) grounds() []any {
	v := r.Verdict
	if v.Verdict == sampling.Available && r.K == 0 {
		return []any{"reason", "the block is empty: there is nothing to sample"}
	}
	return []any{"confidence", v.Confidence, "verified", v.Verified, "samples", v.Samples}
}

// keep adds verified cells to the ring, beside those of the height that it has.
func (n *Node) keep(height uint64, got *kept) error {
	had, err := n.ring.get(height)
	if err != nil && !errors.Is(err, da.ErrNotFound) {
		return err
	}
	if had != nil {
		if len(got.coords) == 0 {
			return nil
		}
		got.coords, got.cells = append(had.coords, got.coords...), append(had.cells, got.cells...)
	}
	return n.ring.put(height, got)
}
