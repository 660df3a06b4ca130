package lightnode

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	"github.com/cometbft/cometbft/types"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/p2p"
)

const (
	// evidencePause is between two offers of evidence to those who have not decided.
	evidencePause = 2 * time.Second
	// evidenceRest is how long a node waits that nobody took a former run's evidence from.
	evidenceRest = 10 * time.Minute
)

// takenSuffix ends the name of a piece of evidence that a full node took.
const takenSuffix = ".taken.pb"

func evidenceFile(attack *types.LightClientAttackEvidence) string {
	return fmt.Sprintf("attack-%d-%x.pb", attack.ConflictingBlock.Height, attack.Hash()[:4])
}

// saveEvidence writes the proof of an attack to the home folder, in CometBFT's encoding, and
// keeps it to be submitted.
func (c *headChain) saveEvidence(_ context.Context, attack *types.LightClientAttackEvidence) error {
	c.found = append(c.found, attack)
	name := filepath.Join(c.config.Home, evidenceFile(attack))
	c.config.Log.Error("attack on light clients detected", "height", attack.ConflictingBlock.Height, "evidence", name)
	file, err := os.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("lightnode: keeping evidence: %w", err)
	}
	_, err = file.Write(attack.Bytes())
	return errors.Join(err, file.Sync(), file.Close())
}

// pendingEvidence reads the evidence in the home folder that no full node has taken. A file that a
// crash cut short is passed over.
func (c *headChain) pendingEvidence() (pending []*types.LightClientAttackEvidence, err error) {
	names, err := filepath.Glob(filepath.Join(c.config.Home, "attack-*.pb"))
	if err != nil {
		return nil, fmt.Errorf("lightnode: %w", err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, takenSuffix) {
			continue
		}
		attack, err := readEvidence(name)
		if err != nil {
			c.config.Log.Warn("evidence of an attack cannot be read", "file", name, "error", err)
			continue
		}
		pending = append(pending, attack)
	}
	return pending, nil
}

func readEvidence(name string) (*types.LightClientAttackEvidence, error) {
	encoded, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var message cmtproto.LightClientAttackEvidence
	if err := message.Unmarshal(encoded); err != nil {
		return nil, err
	}
	attack, err := types.LightClientAttackEvidenceFromProto(&message)
	if err != nil {
		return nil, err
	}
	return attack, attack.ValidateBasic()
}

// settleEvidence notes that full nodes took what there is against an attack.
func (c *headChain) settleEvidence(attacks []*types.LightClientAttackEvidence) {
	for _, attack := range attacks {
		name := filepath.Join(c.config.Home, evidenceFile(attack))
		if err := os.Rename(name, strings.TrimSuffix(name, ".pb")+takenSuffix); err != nil {
			c.config.Log.Warn("evidence will be submitted again", "file", name, "error", err)
		}
	}
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

// refuseAttacked fails if a former run found an attack and nothing else is trusted since. Where that run
// left evidence that nobody took, the node may run to submit it, and no longer.
func (c *headChain) refuseAttacked() error {
	var err error
	if c.pending, err = c.pendingEvidence(); err != nil {
		return err
	}
	c.refused = c.attackedBefore()
	if errors.Is(c.refused, ErrAttack) && len(c.pending) > 0 && c.config.Profile != ProfilePhone {
		return nil
	}
	return c.refused
}

func (c *headChain) attackedBefore() error {
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

func newSubmission() submission {
	return submission{taken: make(map[peer.ID]bool), refused: make(map[peer.ID]bool)}
}

// submitEvidence offers the evidence of an attack to every full node that can be reached,
// until one has taken it. Of two pieces, one for each of two conflicting headers, a full node
// takes the one that speaks against another chain than its own.
func (n *Node) submitEvidence(ctx context.Context, attacks []*types.LightClientAttackEvidence) submission {
	s := newSubmission()
	ctx, cancel := context.WithTimeout(ctx, n.config.EvidenceWait)
	defer cancel()
	for {
		undecided := n.offerEvidence(ctx, attacks, &s)
		if len(s.taken) > 0 && !undecided || !sleep(ctx, evidencePause) {
			break
		}
	}
	if len(s.taken) > 0 {
		n.chain.settleEvidence(attacks)
	}
	return s
}

// accuseAgain offers what a former run found, until a full node has taken it. On what
// that run trusted it tries once and then ends the node.
func (n *Node) accuseAgain(ctx context.Context) error {
	for len(n.chain.pending) > 0 {
		s := n.submitEvidence(ctx, n.chain.pending)
		n.config.Log.Info("evidence that a former run found was offered again", "result", s.String())
		if n.chain.refused != nil {
			return fmt.Errorf("%w; %v", n.chain.refused, s)
		}
		if len(s.taken) > 0 || !sleep(ctx, evidenceRest) {
			return nil
		}
	}
	return nil
}

// offerEvidence asks once everybody who has not answered yet, and tells whether somebody may
// answer otherwise in a while.
func (n *Node) offerEvidence(ctx context.Context, attacks []*types.LightClientAttackEvidence, s *submission) (undecided bool) {
	for _, id := range n.host.EvidenceTakers() {
		if s.taken[id] || s.refused[id] {
			continue
		}
		err := n.accuseTo(ctx, id, attacks)
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
func (n *Node) accuseTo(ctx context.Context, id peer.ID, attacks []*types.LightClientAttackEvidence) error {
	failure := fmt.Errorf("%w: there is no evidence", p2p.ErrBadRequest)
	for _, attack := range attacks {
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
