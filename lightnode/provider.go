package lightnode

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cometbft/cometbft/light/provider"
	"github.com/cometbft/cometbft/types"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/da/chain"
	"github.com/ashlar-da/ashlar/p2p"
)

// catchUp is how long a peer may take to reach a height that another has, and how often
// it is asked. A witness that says the height is too high would stall the light client
// for half a minute, so the provider waits here instead.
const (
	catchUp      = 5 * time.Second
	catchUpPause = 250 * time.Millisecond
	// speakUp is how long a witness may be silent.
	speakUp = 2 * time.Second
)

// A header that its predecessors do not vouch for has the light client ask for one halfway, and so on: of a height that
// somebody makes up, dozens, all of which it holds. mostEntries bounds what one peer may send for that, in votes and
// validators (some twenty megabytes; 600 headers of 100 validators), and mostSkipping the time that takes.
const (
	mostEntries  = 1 << 17
	mostSkipping = 20 * time.Second
)

// peerProvider gives cometbft/light one peer's headers. It lives as long as one advance
// of the head: the light client drops for good a provider that fails it, so that each
// advance gets fresh ones. Its errors are that package's sentinels, unwrapped, because
// the light client compares them by ==.
//
// A witness is asked for headers alone, which tell whether it agrees with the primary: then
// the primary's block is what it would have sent. Only where it does not agree is its block
// asked for in full, since evidence takes that. A witness that is silent, or has not got
// the header in time, is absent: it counts for nothing, neither as agreeing nor as a reason
// not to go on, or whoever is silent often enough could hold a node up for good.
type peerProvider struct {
	chainID  string
	host     *p2p.Host
	peer     peer.ID
	sets     *validatorSets
	primary  *peerProvider // whose blocks a witness is compared with; nil for the primary itself
	absent   atomic.Bool   // as a witness it did not say anything
	evidence func(context.Context, *types.LightClientAttackEvidence) error

	mu     sync.Mutex
	blocks map[int64]*types.LightBlock // what the peer said before; guarded by mu
	weight int                         // votes and validators of blocks; guarded by mu
	began  time.Time                   // when the light client first asked for what was not there; guarded by mu
	claims map[int64]*types.Header     // headers it sent, in blocks or alone; guarded by mu
	proof  *p2p.Header                 // the header that came with its DA header; guarded by mu
}

var _ provider.Provider = (*peerProvider)(nil)

// ChainID implements provider.Provider.
func (p *peerProvider) ChainID() string { return p.chainID }

// String names the peer in the light client's log.
func (p *peerProvider) String() string { return p.peer.String() }

// LightBlock implements provider.Provider. A block the peer delivered before is returned
// again, so that a node with a single source does not ask it twice.
func (p *peerProvider) LightBlock(ctx context.Context, height int64) (*types.LightBlock, error) {
	if block := p.delivered(height); block != nil {
		return block, nil
	}
	if p.primary != nil {
		if block := p.primary.delivered(height); block != nil {
			agrees, err := p.agrees(ctx, block)
			if err = p.excuse(ctx, err); err != nil {
				return nil, err
			}
			if agrees || p.absent.Load() {
				return block, nil
			}
		}
	}
	if err := p.endless(); err != nil {
		return nil, err
	}
	header, err := p.wait(ctx, catchUp, p2p.HeaderRequest{Height: uint64(height)})
	if err != nil {
		return nil, p.sentinel(ctx, err)
	}
	return p.keep(header), nil
}

// endless reports a peer whose headers lead to ever more of them.
func (p *peerProvider) endless() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.began.IsZero() {
		p.began = time.Now()
	}
	switch {
	case p.weight > mostEntries:
		return provider.ErrBadLightBlock{Reason: fmt.Errorf("%w: %d votes and validators do not lead to what is trusted", p2p.ErrGarbage, p.weight)}
	case time.Since(p.began) > mostSkipping:
		return provider.ErrNoResponse
	}
	return nil
}

// agrees tells whether the peer has the same header as the primary's block.
func (p *peerProvider) agrees(ctx context.Context, block *types.LightBlock) (bool, error) {
	header, err := p.wait(ctx, speakUp, p2p.HeaderRequest{Height: uint64(block.Height), Alone: true})
	if err != nil {
		return false, err
	}
	p.claim(header.Signed.Header)
	return bytes.Equal(header.Signed.Hash(), block.Hash()), nil
}

// fetch asks for the block of a height together with its DA header, and does not wait for
// it. A peer that no longer has the DA header is asked for the block only.
func (p *peerProvider) fetch(ctx context.Context, height uint64) error {
	request := p2p.HeaderRequest{Height: height, Proof: true}
	header, err := p.sets.fetch(ctx, p.host, p.peer, request)
	if errors.Is(err, da.ErrPruned) || errors.Is(err, da.ErrNotFound) {
		request.Proof = false
		header, err = p.sets.fetch(ctx, p.host, p.peer, request)
	}
	if err != nil {
		return fmt.Errorf("asking peer %s for the header of height %d: %w", p.peer, height, err)
	}
	p.keep(header)
	return nil
}

// newest asks for the newest header, alone.
func (p *peerProvider) newest(ctx context.Context) (*types.Header, error) {
	header, err := p.host.GetHeader(ctx, p.peer, p2p.HeaderRequest{Alone: true})
	if err != nil {
		return nil, fmt.Errorf("asking peer %s for its newest header: %w", p.peer, err)
	}
	p.claim(header.Signed.Header)
	return header.Signed.Header, nil
}

// keep remembers a block that the peer delivered.
func (p *peerProvider) keep(header *p2p.Header) *types.LightBlock {
	block := &types.LightBlock{SignedHeader: header.Signed, ValidatorSet: header.Validators}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.blocks[block.Height], p.claims[block.Height] = block, block.Header
	p.weight += len(block.Commit.Signatures)
	if p.sets.get(toHash(block.ValidatorsHash)) == nil {
		p.weight += block.ValidatorSet.Size()
	}
	if header.Proof != nil {
		p.proof = header
	}
	return block
}

func (p *peerProvider) claim(header *types.Header) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.claims[header.Height] = header
}

// delivered returns the block of a height that the peer delivered before, nil if it did not.
func (p *peerProvider) delivered(height int64) *types.LightBlock {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.blocks[height]
}

// claimed returns the headers the peer sent.
func (p *peerProvider) claimed() []*types.Header {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Collect(maps.Values(p.claims))
}

// bound returns a block with its DA header, if that came along and is the block's.
func (p *peerProvider) bound(block *types.LightBlock) *p2p.Header {
	p.mu.Lock()
	defer p.mu.Unlock()
	header := &p2p.Header{Signed: block.SignedHeader}
	if p.proof == nil || !bytes.Equal(p.proof.Signed.Hash(), block.Hash()) {
		return header
	}
	if _, err := chain.Bind(block.SignedHeader, *p.proof.Proof); err == nil {
		header.Proof = p.proof.Proof
	}
	return header
}

// latest returns the time of the newest header the peer sent.
func (p *peerProvider) latest() (at time.Time) {
	for _, header := range p.claimed() {
		at = later(at, header.Time)
	}
	return at
}

// wait asks for a header until the peer has it or has had time to catch up. Each time it may
// be silent for so long.
func (p *peerProvider) wait(ctx context.Context, silent time.Duration, request p2p.HeaderRequest) (*p2p.Header, error) {
	ctx, cancel := context.WithTimeout(ctx, catchUp)
	defer cancel()
	for {
		header, err := p.askOnce(ctx, silent, request)
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

func (p *peerProvider) askOnce(ctx context.Context, silent time.Duration, request p2p.HeaderRequest) (*p2p.Header, error) {
	ctx, cancel := context.WithTimeout(ctx, silent)
	defer cancel()
	return p.sets.fetch(ctx, p.host, p.peer, request)
}

// excuse takes a witness that did not say anything for absent, and returns any other error as
// the light client wants it.
func (p *peerProvider) excuse(parent context.Context, err error) error {
	if err == nil {
		return nil
	}
	if err = p.sentinel(parent, err); err == provider.ErrNoResponse { //nolint:errorlint // the sentinel itself
		p.absent.Store(true)
		return nil
	}
	return err
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

// validatorSets remembers the validator sets of the headers verified last, by hash, because a set is most of
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

// remember makes a set the newest. Of a header that is not verified it may be anything.
func (s *validatorSets) remember(h hash, set *types.ValidatorSet) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.hashes, h); i >= 0 {
		s.sets, s.hashes = slices.Delete(s.sets, i, i+1), slices.Delete(s.hashes, i, i+1)
	}
	s.sets, s.hashes = append(s.sets, set), append(s.hashes, h)
	if surplus := len(s.sets) - rememberedSets; surplus > 0 {
		s.sets, s.hashes = s.sets[surplus:], s.hashes[surplus:]
	}
}

// fetch asks a peer for a header and, unless that is wanted alone, completes it with the set
// that was left out as known.
func (s *validatorSets) fetch(ctx context.Context, host *p2p.Host, from peer.ID, request p2p.HeaderRequest) (*p2p.Header, error) {
	if request.Alone {
		return host.GetHeader(ctx, from, request)
	}
	newest, known := s.newest()
	request.KnownValidators = newest
	header, err := host.GetHeader(ctx, from, request)
	if err != nil {
		return nil, err
	}
	if header.Validators == nil {
		header.Validators = known
	}
	return header, nil
}
