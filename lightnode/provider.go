package lightnode

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/cometbft/cometbft/light/provider"
	"github.com/cometbft/cometbft/types"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/p2p"
)

// catchUp is how long a peer may take to reach a height that another has, and how often
// it is asked. A witness that says the height is too high would stall the light client
// for half a minute, so the provider waits here instead.
const (
	catchUp      = 5 * time.Second
	catchUpPause = 250 * time.Millisecond
)

// peerProvider gives cometbft/light one peer's headers. It lives as long as one advance
// of the head: the light client drops for good a provider that fails it, so that each
// advance gets fresh ones. Its errors are that package's sentinels, unwrapped, because
// the light client compares them by ==.
type peerProvider struct {
	chainID  string
	host     *p2p.Host
	peer     peer.ID
	sets     *validatorSets
	evidence func(context.Context, *types.LightClientAttackEvidence) error

	mu     sync.Mutex
	blocks map[int64]*types.LightBlock // what the peer said before; guarded by mu
}

var _ provider.Provider = (*peerProvider)(nil)

// ChainID implements provider.Provider.
func (p *peerProvider) ChainID() string { return p.chainID }

// String names the peer in the light client's log.
func (p *peerProvider) String() string { return p.peer.String() }

// LightBlock implements provider.Provider. A block the peer delivered before is returned
// again, so that a node with a single source does not ask it twice.
func (p *peerProvider) LightBlock(ctx context.Context, height int64) (*types.LightBlock, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if block := p.blocks[height]; block != nil {
		return block, nil
	}
	header, err := p.wait(ctx, uint64(height))
	if err != nil {
		return nil, p.sentinel(ctx, err)
	}
	block := &types.LightBlock{SignedHeader: header.Signed, ValidatorSet: header.Validators}
	p.blocks[block.Height] = block
	return block, nil
}

// delivered returns the blocks the peer delivered.
func (p *peerProvider) delivered() []*types.LightBlock {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Collect(maps.Values(p.blocks))
}

// newest returns the time of the newest block the peer delivered.
func (p *peerProvider) newest() (at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, block := range p.blocks {
		if block.Time.After(at) {
			at = block.Time
		}
	}
	return at
}

// wait asks for a header until the peer has it or has had time to catch up.
func (p *peerProvider) wait(ctx context.Context, height uint64) (*p2p.Header, error) {
	ctx, cancel := context.WithTimeout(ctx, catchUp)
	defer cancel()
	for {
		header, err := p.sets.fetch(ctx, p.host, p.peer, p2p.HeaderRequest{Height: height})
		if !errors.Is(err, da.ErrFutureHeight) && !errors.Is(err, p2p.ErrSyncing) {
			return header, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(catchUpPause):
		}
	}
}

// sentinel translates an error for the light client.
func (p *peerProvider) sentinel(parent context.Context, err error) error {
	switch {
	case parent.Err() != nil:
		return parent.Err()
	case errors.Is(err, da.ErrNotFound), errors.Is(err, da.ErrPruned):
		return provider.ErrLightBlockNotFound
	case errors.Is(err, p2p.ErrGarbage), errors.Is(err, p2p.ErrWrongChain), errors.Is(err, p2p.ErrBanned):
		return provider.ErrBadLightBlock{Reason: err}
	default:
		return provider.ErrNoResponse
	}
}

// ReportEvidence implements provider.Provider. The light client would report to the other of
// two peers alone; what is found is kept, and submitted to every full node.
func (p *peerProvider) ReportEvidence(ctx context.Context, evidence types.Evidence) error {
	attack, ok := evidence.(*types.LightClientAttackEvidence)
	if !ok {
		return fmt.Errorf("lightnode: unexpected evidence of type %T", evidence)
	}
	return p.evidence(ctx, attack)
}

// validatorSets remembers the validator sets met last, by hash, because a set is most of
// a header's weight and changes seldom. It is safe for concurrent use.
type validatorSets struct {
	mu     sync.Mutex
	sets   []*types.ValidatorSet // newest last; guarded by mu
	hashes []hash                // of sets; guarded by mu
}

const rememberedSets = 8

// newest returns the set remembered last and its hash, nil if there is none. It returns both
// at once: by the time an answer leaves the set out, others may have displaced it.
func (s *validatorSets) newest() ([]byte, *types.ValidatorSet) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.hashes) == 0 {
		return nil, nil
	}
	last := len(s.hashes) - 1
	h := s.hashes[last]
	return h[:], s.sets[last]
}

func (s *validatorSets) get(h hash) *types.ValidatorSet {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.hashes {
		if s.hashes[i] == h {
			return s.sets[i]
		}
	}
	return nil
}

func (s *validatorSets) remember(h hash, set *types.ValidatorSet) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sets, s.hashes = append(s.sets, set), append(s.hashes, h)
	if surplus := len(s.sets) - rememberedSets; surplus > 0 {
		s.sets, s.hashes = s.sets[surplus:], s.hashes[surplus:]
	}
}

// fetch asks a peer for a header and completes it with the set it left out as known.
func (s *validatorSets) fetch(ctx context.Context, host *p2p.Host, from peer.ID, request p2p.HeaderRequest) (*p2p.Header, error) {
	newest, known := s.newest()
	request.KnownValidators = newest
	header, err := host.GetHeader(ctx, from, request)
	if err != nil {
		return nil, err
	}
	if header.Validators == nil {
		header.Validators = known
	} else if h := toHash(header.Signed.ValidatorsHash); s.get(h) == nil {
		s.remember(h, header.Validators)
	}
	return header, nil
}
