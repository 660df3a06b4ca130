package lightnode

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/cometbft/cometbft/types"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/p2p"
)

// Evidence of an attack at the head can be judged once the next block holds the commit of the
// height, so that it is offered for longer than a block takes.
const (
	evidencePatience = 45 * time.Second
	evidencePause    = 2 * time.Second
)

// saveEvidence writes the proof of an attack to the home folder, in CometBFT's encoding, and
// keeps it to be submitted.
func (c *headChain) saveEvidence(_ context.Context, attack *types.LightClientAttackEvidence) error {
	c.found = append(c.found, attack)
	name := filepath.Join(c.config.Home, fmt.Sprintf("attack-%d-%x.pb", attack.ConflictingBlock.Height, attack.Hash()[:4]))
	c.config.Log.Error("attack on light clients detected", "height", attack.ConflictingBlock.Height, "evidence", name)
	return os.WriteFile(name, attack.Bytes(), 0o600)
}

// attacked notes in the database that an attack was found, and returns what stops the node
// now and whenever it is started again on what it trusted until then: which of two headers is
// right is not for a restart to settle.
func (c *headChain) attacked() error {
	reason := "two headers of one height carry valid signatures"
	if len(c.found) > 0 {
		reason = fmt.Sprintf("two headers of height %d carry valid signatures", c.found[0].ConflictingBlock.Height)
	}
	return errors.Join(c.attackError(reason), writeMeta(c.db, metaAttack, []byte(reason)))
}

func (c *headChain) attackError(reason string) error {
	return fmt.Errorf("%w: %s, and this node cannot know which is the chain's. The evidence is in %s. Learn from several sources that you trust which header is right, then start again with a newer one of theirs by --trust or --checkpoint; nothing goes on before that", ErrAttack, reason, c.config.Home)
}

// refuseAttacked fails if a former run found an attack and nothing else is trusted since.
func (c *headChain) refuseAttacked() error {
	reason, err := readMeta(c.db, metaAttack)
	if err != nil || reason == nil {
		return err
	}
	anchor, err := readMeta(c.db, metaAnchor)
	if err != nil {
		return err
	}
	if c.config.Trust != nil && c.config.Trust.String() != string(anchor) {
		return nil // what it leads to clears the note
	}
	return c.attackError("a former run found that " + string(reason))
}

// submission is what came of offering evidence to peers.
type submission struct {
	taken, refused map[peer.ID]bool
}

// submitEvidence offers the evidence of an attack to every full node that can be reached,
// until one has taken it. Of two pieces, one for each of two conflicting headers, a full node
// takes the one that speaks against another chain than its own.
func (n *Node) submitEvidence(ctx context.Context) submission {
	s := submission{taken: make(map[peer.ID]bool), refused: make(map[peer.ID]bool)}
	ctx, cancel := context.WithTimeout(ctx, evidencePatience)
	defer cancel()
	for {
		undecided := n.offerEvidence(ctx, &s)
		if len(s.taken) > 0 && !undecided || !sleep(ctx, evidencePause) {
			return s
		}
	}
}

// offerEvidence asks once everybody who has not answered yet, and tells whether somebody may
// answer otherwise in a while.
func (n *Node) offerEvidence(ctx context.Context, s *submission) (undecided bool) {
	for _, id := range n.host.EvidenceTakers() {
		if s.taken[id] || s.refused[id] {
			continue
		}
		err := n.accuseTo(ctx, id)
		switch {
		case err == nil:
			s.taken[id] = true
			n.config.Log.Info("a full node took the evidence of the attack", "peer", id)
		case errors.Is(err, p2p.ErrBadRequest), errors.Is(err, da.ErrPruned):
			s.refused[id] = true
			n.config.Log.Warn("a peer refused the evidence of the attack", "peer", id, "error", err)
		default:
			undecided = true
			n.config.Log.Debug("evidence is to be offered again", "peer", id, "error", err)
		}
	}
	return undecided
}

// accuseTo offers a peer all pieces of evidence. It succeeds if one is taken; of several
// failures that which may pass is returned before any other.
func (n *Node) accuseTo(ctx context.Context, id peer.ID) error {
	failure := fmt.Errorf("%w: there is no evidence", p2p.ErrBadRequest)
	for _, attack := range n.chain.found {
		err := n.host.SubmitEvidence(ctx, id, p2p.Evidence{CommonHeight: uint64(attack.CommonHeight), Block: attack.ConflictingBlock})
		if err == nil {
			return nil
		}
		if !errors.Is(err, p2p.ErrBadRequest) || errors.Is(failure, p2p.ErrBadRequest) {
			failure = err
		}
	}
	return failure
}

// String says what came of it, for the error that ends the node.
func (s submission) String() string {
	switch {
	case len(s.taken) > 0:
		return fmt.Sprintf("%d full nodes took the evidence, to put it into a block", len(s.taken))
	case len(s.refused) > 0:
		return fmt.Sprintf("no full node took the evidence, %d refused it", len(s.refused))
	}
	return "no full node could be reached that takes the evidence"
}
