package lightnode

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/cometbft/cometbft/types"

	"github.com/ashlar-da/ashlar/api"
	"github.com/ashlar-da/ashlar/p2p"
)

// connectGrace is how long after its start a node may be without a peer before that is worth
// a warning: every node is at first.
const connectGrace = 15 * time.Second

// headPause is the least time between two advances of the head. Anybody may announce any
// height: without it a stranger could have the node use up what its peers allow it.
const headPause = 250 * time.Millisecond

// follow advances the head whenever a newer one is announced, and every so often anyway.
func (n *Node) follow(ctx context.Context) error {
	poll := time.NewTicker(n.config.Poll)
	defer poll.Stop()
	for {
		if err := n.advance(ctx); err != nil {
			return err
		}
		if !sleep(ctx, min(headPause, n.config.Poll)) || !n.awaitNews(ctx, poll.C) {
			return nil
		}
	}
}

// advance verifies the newest header there is and puts it into the table of heights. What
// peers fail at is noted and left for the next time.
func (n *Node) advance(ctx context.Context) error {
	block, err := n.chain.advance(ctx)
	switch {
	case ctx.Err() != nil:
		return nil
	case errors.Is(err, ErrAttack):
		n.fatal.Store(&err)
		n.setAlarm(n.judgeAlarm())
		return fmt.Errorf("%w; %v", err, n.submitEvidence(ctx))
	case err != nil && isOwn(err):
		return err
	case err != nil:
		n.noteHeadError(err)
		return nil
	}
	n.headError.Store(nil)
	n.warned = ""
	n.contact.Store(n.config.Now().UnixNano())
	if block == nil {
		return nil
	}
	return n.head(block)
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
func (n *Node) head(block *types.LightBlock) error {
	if err := n.admit(&p2p.Header{Signed: block.SignedHeader, Validators: block.ValidatorSet}); err != nil {
		return err
	}
	n.config.Log.Info("verified header", "height", block.Height, "hash", fmt.Sprintf("%x", block.Hash()), "witnesses", n.chain.witnesses.Load())
	n.events.publish(EventHead, &HeadReport{Height: uint64(block.Height), Hash: api.Hex(block.Hash()), Time: block.Time})
	return nil
}

// awaitNews waits for the next time to ask for a head; false when the context ends.
func (n *Node) awaitNews(ctx context.Context, poll <-chan time.Time) bool {
	for {
		select {
		case <-ctx.Done():
			return false
		case <-poll:
			return true
		case announcement := <-n.host.Heads():
			if announcement.Head.Height > n.heights.summary().newest {
				return true
			}
		}
	}
}

// checkHead relays announcements of what is verified. Of what is not verified yet nothing
// is known; announcing another block than the chain's is a lie.
func (n *Node) checkHead(_ context.Context, a p2p.Announcement) p2p.HeadVerdict {
	r, err := n.heights.get(a.Head.Height)
	switch {
	case err != nil || r == nil:
		return p2p.IgnoreHead
	case r.BlockHash != a.Head.Hash, len(r.Session) > 0 && r.DataRoot != a.Head.DataRoot:
		return p2p.RejectHead
	}
	return p2p.AcceptHead
}
