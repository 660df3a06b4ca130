package fullnode

import (
	"bytes"
	"context"
	"fmt"
	"sync"

	"github.com/cometbft/cometbft/evidence"
	sm "github.com/cometbft/cometbft/state"
	cmttypes "github.com/cometbft/cometbft/types"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/p2p"
)

// accuser takes what light nodes submit of validators that signed two chains, and hands it to
// CometBFT's evidence pool, which verifies it, passes it on and puts it into a block.
type accuser struct {
	pool   *evidence.Pool
	blocks sm.BlockStore
	states sm.Store

	verifying sync.Mutex // held while evidence is verified: strangers get one processor at most
}

var _ p2p.EvidenceSink = (*accuser)(nil)

// AddEvidence implements p2p.EvidenceSink.
func (a *accuser) AddEvidence(_ context.Context, e p2p.Evidence) error {
	a.verifying.Lock()
	defer a.verifying.Unlock()
	attack, err := a.complete(e)
	if err != nil {
		return err
	}
	if err := attack.ValidateBasic(); err != nil {
		return fmt.Errorf("%w: %w", p2p.ErrBadRequest, err)
	}
	if err := a.pool.AddEvidence(attack); err != nil {
		return fmt.Errorf("%w: %w", p2p.ErrBadRequest, err)
	}
	return nil
}

// complete makes evidence of a conflicting block. Who is guilty, the power of all and the time
// are taken from this node's chain: a light node may have met another commit of the same
// header than the one in the next block, and CometBFT wants them to match that.
func (a *accuser) complete(e p2p.Evidence) (*cmttypes.LightClientAttackEvidence, error) {
	height := e.Block.Height
	trusted, err := a.signed(height)
	if err != nil {
		return nil, err
	}
	if bytes.Equal(trusted.Hash(), e.Block.Hash()) {
		return nil, fmt.Errorf("%w: block %d is the chain's own", p2p.ErrBadRequest, height)
	}
	attack := &cmttypes.LightClientAttackEvidence{ConflictingBlock: e.Block, CommonHeight: height}
	if attack.ConflictingHeaderIsInvalid(trusted.Header) {
		attack.CommonHeight = int64(e.CommonHeight)
	}
	if err := matchable(e.Block, trusted, attack.CommonHeight); err != nil {
		return nil, err
	}
	common, err := a.signed(attack.CommonHeight)
	if err != nil {
		return nil, err
	}
	validators, err := a.states.LoadValidators(attack.CommonHeight)
	if err != nil {
		return nil, fmt.Errorf("%w: validators of height %d: %w", da.ErrPruned, attack.CommonHeight, err)
	}
	attack.Timestamp, attack.TotalVotingPower = common.Time, validators.TotalVotingPower()
	attack.ByzantineValidators = attack.GetByzantineValidators(validators, trusted)
	return attack, nil
}

// signed returns a height's header and the commit that the next block holds.
func (a *accuser) signed(height int64) (*cmttypes.SignedHeader, error) {
	if newest := a.blocks.Height(); height >= newest {
		return nil, fmt.Errorf("%w: evidence about height %d takes block %d; the newest is %d", da.ErrFutureHeight, height, height+1, newest)
	}
	meta, commit := a.blocks.LoadBlockMeta(height), a.blocks.LoadBlockCommit(height)
	if meta == nil || commit == nil {
		return nil, fmt.Errorf("%w: header of height %d", da.ErrPruned, height)
	}
	return &cmttypes.SignedHeader{Header: &meta.Header, Commit: commit}, nil
}

// matchable reports a commit that does not go with its validators, which CometBFT takes for
// granted where it looks for the guilty.
func matchable(block *cmttypes.LightBlock, trusted *cmttypes.SignedHeader, common int64) error {
	votes := block.Commit.Signatures
	if len(votes) != block.ValidatorSet.Size() || common == block.Height && len(votes) != len(trusted.Commit.Signatures) {
		return fmt.Errorf("%w: %d votes of %d validators", p2p.ErrBadRequest, len(votes), block.ValidatorSet.Size())
	}
	for i, vote := range votes {
		if vote.BlockIDFlag != cmttypes.BlockIDFlagAbsent && !bytes.Equal(vote.ValidatorAddress, block.ValidatorSet.Validators[i].Address) {
			return fmt.Errorf("%w: vote %d is of %x, who is not validator %d", p2p.ErrBadRequest, i, vote.ValidatorAddress, i)
		}
	}
	return nil
}
