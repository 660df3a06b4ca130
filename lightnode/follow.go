package lightnode

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/ashlar-da/ashlar/api"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/p2p"
)

// connectGrace is how long after its start a node may be without a peer before that is worth
// a warning: every node is at first.
const connectGrace = 15 * time.Second

// follow advances the head, or asks what it is, whenever there is news of it, and every so
// often anyway.
func (n *Node) follow(ctx context.Context) error {
	last, err := n.chain.store.LastLightBlockHeight()
	if err != nil {
		return err
	}
	now := n.config.Now()
	news := &news{every: uint64(n.config.CommitEvery), poll: n.config.Poll, foresees: !n.config.listens(), verified: uint64(max(last, 0)), pollAt: now}
	for {
		next, ok := n.awaitQuestion(ctx, news)
		if !ok || !n.awake(ctx) {
			return nil
		}
		if err := n.ask(ctx, news, next); err != nil {
			return err
		}
	}
}

// ask puts a question about the head to peers. What they fail at is noted and left for the
// next time.
func (n *Node) ask(ctx context.Context, news *news, next question) error {
	err := n.learn(ctx, news, next)
	switch {
	case ctx.Err() != nil:
		return nil
	case errors.Is(err, da.ErrFutureHeight) && next.height > 0 && !errors.Is(err, p2p.ErrNoPeer):
		news.early(n.config.Now())
		return nil
	case errors.Is(err, ErrAttack):
		n.fatal.Store(&err)
		n.setAlarms(n.judgeAlarms())
		return fmt.Errorf("%w; %v", err, n.submitEvidence(ctx, n.chain.found))
	case err != nil && isOwn(err):
		return err
	case err != nil:
		news.failed(n.config.Now())
		n.noteHeadError(err)
		return nil
	}
	n.headError.Store(nil)
	n.warned = ""
	return nil
}

// learn verifies a header and puts it into the table of heights, or learns what a peer claims
// to be the newest, which it only counts as contact if that is verified already.
func (n *Node) learn(ctx context.Context, news *news, next question) error {
	began, err := n.chain.began()
	if err != nil {
		return err
	}
	if began && next.height == 0 {
		claim, err := n.chain.peek(ctx, news.verified, news.vain > 0)
		if err != nil {
			return err
		}
		news.told(uint64(claim.Height), n.config.Now())
		r, err := n.heights.get(uint64(claim.Height))
		if r != nil && r.BlockHash == toHash(claim.Hash()) {
			n.contact.Store(n.config.Now().UnixNano())
		}
		return err
	}
	header, err := n.chain.advance(ctx, next.height)
	if err != nil {
		return err
	}
	n.contact.Store(n.config.Now().UnixNano())
	news.advanced(uint64(header.Signed.Height), header.Signed.Time, n.config.Now())
	if !began {
		news.pollAt = n.config.Now() // the header to begin with is seldom the newest
	}
	return n.head(header)
}

// noteHeadError keeps why the head could not be advanced. A reason other than the last
// is a warning, so that a wrong chain, trusted header or peer is not met with silence.
func (n *Node) noteHeadError(err error) {
	n.headError.Store(&err)
	level := slog.LevelDebug
	if reason := err.Error(); reason != n.warned && !n.connecting(err) {
		n.warned, level = reason, slog.LevelWarn
	}
	n.config.Log.Log(context.Background(), level, "the head could not be advanced, trying again", "error", err)
}

// connecting tells whether an error is that of a node that has only just begun to look for
// peers.
func (n *Node) connecting(err error) bool {
	return errors.Is(err, p2p.ErrNoPeer) && !errors.Is(err, p2p.ErrWrongChain) && n.config.Now().Sub(n.started) < connectGrace
}

// head takes in a newly verified head.
func (n *Node) head(header *p2p.Header) error {
	if err := n.admit(header); err != nil {
		return err
	}
	block := header.Signed
	n.config.Log.Info("verified header", "height", block.Height, "hash", fmt.Sprintf("%x", block.Hash()), "witnesses", n.chain.witnesses.Load())
	n.events.publish(EventHead, &HeadReport{Height: uint64(block.Height), Hash: api.Hex(block.Hash()), Time: block.Time})
	return nil
}

// awaitQuestion takes in announcements until it is time to ask something; false when the
// context ends.
func (n *Node) awaitQuestion(ctx context.Context, news *news) (question, bool) {
	for {
		n.claimed.Store(max(news.heard, news.verified))
		next := news.next(n.config.Now())
		timer := time.NewTimer(next.at.Sub(n.config.Now()))
		select {
		case <-ctx.Done():
			timer.Stop()
			return next, false
		case <-timer.C:
			return next, true
		case announcement := <-n.host.Heads():
			timer.Stop()
			news.hear(announcement.Head.Height, n.config.Now())
		}
	}
}

// checkHead relays announcements of what is verified. Of what is not verified yet nothing
// is known; announcing another block than the chain's is a lie.
func (n *Node) checkHead(_ context.Context, a p2p.Announcement) p2p.Verdict {
	r, err := n.heights.get(a.Head.Height)
	switch {
	case err != nil || r == nil:
		return p2p.Ignore
	case r.BlockHash != a.Head.Hash:
		return p2p.Reject
	case len(r.Session) == 0:
		return p2p.Ignore // others know its data root, and hold it against who relays another
	case r.DataRoot != a.Head.DataRoot:
		return p2p.Reject
	}
	return p2p.Accept
}
