package lightnode

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"github.com/cometbft/cometbft/light"
	"github.com/cometbft/cometbft/light/provider"
	"github.com/cometbft/cometbft/types"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/da/store/disk"
	"github.com/ashlar-da/ashlar/p2p"
)

var (
	// ErrAttack means that two headers of one height are both signed by enough of the
	// validators this node trusts: it cannot know which is right, and stops.
	ErrAttack = errors.New("lightnode: attack on light clients detected")
	// ErrTrustExpired means that the newest verified header is older than the trusting
	// period, so that who signed it may have left since.
	ErrTrustExpired = errors.New("lightnode: the trusted header has expired")
)

const (
	trustedHeaders = 100              // how many verified headers are kept
	clockDrift     = 10 * time.Second // how far a header may lie in the future
)

// headChain follows the chain's head: each advance verifies a header of one peer from the
// newest verified before, by cometbft/light, and compares it with what other peers say.
type headChain struct {
	config *Config
	db     *database
	store  *trustedStore
	host   *p2p.Host
	sets   *validatorSets
	known  func(height uint64) (*record, error) // what this home has verified of a height, nil if nothing

	foreign   error                              // why the peers that are gone seemed to be of another chain; of the goroutine of advance
	found     []*types.LightClientAttackEvidence // of an attack, in this run; of the goroutine of advance
	pending   []*types.LightClientAttackEvidence // that a former run could not hand over
	refused   error                              // why nothing is followed on what is trusted: a former run found an attack
	vouched   atomic.Pointer[vouched]            // how the last header was verified, nil before the first
	claimed   headClaim                          // to be verified next; of the goroutine of advance
	witnesses atomic.Int32                       // peers in subnets of their own that were found to have it, its source apart
}

// newHeadChain opens the chain's trusted headers, and fails where there is nothing to
// begin with.
func newHeadChain(config *Config, db *database, trusted *trustedStore, host *p2p.Host, sets *validatorSets, known func(uint64) (*record, error)) (*headChain, error) {
	c := &headChain{config: config, db: db, store: trusted, host: host, sets: sets, known: known}
	if config.Trust == nil && !config.TrustFirst && trusted.Size() == 0 {
		return nil, fmt.Errorf("%w: nothing to trust: give the height and hash of a header from somewhere you trust, or, on a network of your own, choose to trust whoever answers first", ErrConfig)
	}
	began, err := c.began()
	if err == nil && !began && config.Checkpoint != nil {
		err = config.Checkpoint.fresh(config.Now(), config.TrustingPeriod)
	}
	return c, errors.Join(err, c.refuseAttacked())
}

// advance verifies the header of a height, or the first one if nothing is trusted yet, and
// returns it, with the DA header it commits to if a peer had that.
func (c *headChain) advance(ctx context.Context, height uint64) (*p2p.Header, error) {
	if err := c.db.space.Check(); err != nil {
		return nil, fmt.Errorf("lightnode: %w", err) // what is verified could not be kept
	}
	began, err := c.began()
	if err != nil {
		return nil, err
	}
	if !began {
		return c.begin(ctx)
	}
	primary, err := c.holder(ctx, height)
	if err != nil {
		return nil, err
	}
	witnesses := c.witnessesBeside(primary)
	client, err := light.NewClientFromTrustedStore(c.config.ChainID, c.config.TrustingPeriod, primary, witnesses, c.store, clientOptions()...)
	if err != nil {
		return nil, c.explain(client, primary, err)
	}
	block, err := client.VerifyLightBlockAtHeight(ctx, int64(height), c.config.Now())
	c.holdToAccount(primary.delivered(int64(height)), witnesses, err)
	if err == nil {
		c.foreign = nil
		c.vouch(vouchedByCommit, current(client, primary), witnesses, block)
		return current(client, primary).bound(block), nil
	}
	if err = c.explain(client, primary, err); isOwn(err) || errors.Is(err, disk.ErrFull) {
		c.foreign = nil
		return nil, err
	}
	if strange := c.compare(ctx, primary, true); strange != nil {
		return nil, strange
	}
	return nil, err
}

// peek asks a peer for its newest header, alone, or several of which one is listened to that is ahead of what is verified.
// It is a claim and no more.
func (c *headChain) peek(ctx context.Context, verified uint64, several bool) (*types.Header, error) {
	from, err := c.peeked(ctx, verified, several)
	if err != nil {
		return nil, err
	}
	if strange := c.compare(ctx, from, false); strange != nil {
		return nil, strange
	}
	header := from.claimed()[0]
	c.claimed = headClaim{uint64(header.Height), from.peer}
	return header, nil
}

func (c *headChain) peeked(ctx context.Context, verified uint64, several bool) (*peerProvider, error) {
	if !several {
		return firstOf(ctx, c.draw(verified+1), func(ctx context.Context, id peer.ID) (*peerProvider, error) {
			p := c.provider(id)
			_, err := p.newest(ctx)
			return p, err
		})
	}
	answered, err := c.askAround(ctx, verified+1)
	if err != nil {
		return nil, err
	}
	ahead := slices.DeleteFunc(slices.Clone(answered), func(p *peerProvider) bool { return uint64(p.claimed()[0].Height) <= verified })
	if len(ahead) == 0 {
		ahead = answered
	}
	return ahead[rand.IntN(len(ahead))], nil // the highest is what a liar would claim
}

// draw returns what draws a peer to ask about a height, 0 being the newest, that is none of
// some others.
func (c *headChain) draw(height uint64) func(not []peer.ID) (peer.ID, error) {
	return func(not []peer.ID) (peer.ID, error) {
		id, err := c.host.Pick(p2p.Headers, height, not...)
		if err != nil && c.foreign != nil {
			return "", fmt.Errorf("%w; before that: %w", err, c.foreign)
		}
		return id, err
	}
}

func (c *headChain) provider(id peer.ID) *peerProvider {
	return &peerProvider{
		chainID: c.config.ChainID, host: c.host, peer: id, sets: c.sets, evidence: c.saveEvidence,
		blocks: make(map[int64]*types.LightBlock), claims: make(map[int64]*types.Header),
	}
}

// headClaim is a height that a peer says is its newest.
type headClaim struct {
	height uint64
	peer   peer.ID
}

// drawClaimant returns what draws who claimed a height before any others, who may not have it yet.
func (c *headChain) drawClaimant(height uint64) func(not []peer.ID) (peer.ID, error) {
	claimed, others := c.claimed, c.draw(height)
	c.claimed = headClaim{}
	return func(not []peer.ID) (peer.ID, error) {
		if len(not) == 0 && claimed.peer != "" && height <= claimed.height && !c.host.Banned(claimed.peer) {
			return claimed.peer, nil
		}
		return others(not)
	}
}

// holder returns a peer that delivered the block of a height, which it is the primary for.
func (c *headChain) holder(ctx context.Context, height uint64) (*peerProvider, error) {
	holder, err := firstOf(ctx, c.drawClaimant(height), func(ctx context.Context, id peer.ID) (*peerProvider, error) {
		p := c.provider(id)
		return p, p.fetch(ctx, height)
	})
	if err != nil {
		return nil, fmt.Errorf("header of height %d: %w", height, err)
	}
	return holder, nil
}

// witnessesBeside draws the peers that a primary is compared with, each in a subnet of its own
// as far as they reach. Without any it is its own witness.
func (c *headChain) witnessesBeside(primary *peerProvider) (witnesses []provider.Provider) {
	drawn := c.drawMore([]peer.ID{primary.peer}, 0, c.host.Akin)
	drawn = c.drawMore(drawn, 0, func([]peer.ID) []peer.ID { return nil }) // those next door are better than none
	for _, id := range drawn[1:] {
		witness := c.provider(id)
		witness.primary = primary
		witnesses = append(witnesses, witness)
	}
	if len(witnesses) == 0 {
		witnesses = append(witnesses, primary)
	}
	return witnesses
}

// drawMore adds peers to those drawn, to be asked about a height, until there are a source and all witnesses, leaving out
// those that spoiled names.
func (c *headChain) drawMore(drawn []peer.ID, height uint64, spoiled func([]peer.ID) []peer.ID) []peer.ID {
	for len(drawn) <= c.config.Witnesses {
		id, err := c.host.Pick(p2p.Headers, height, slices.Concat(drawn, spoiled(drawn))...)
		if err != nil {
			break
		}
		drawn = append(drawn, id)
	}
	return drawn
}

// holdToAccount strikes witnesses that claimed another header than one that was verified: the
// light client has found that theirs was not, or they did not show it.
func (c *headChain) holdToAccount(block *types.LightBlock, witnesses []provider.Provider, err error) {
	refuted := err == nil || errors.Is(err, light.ErrNoWitnesses) || errors.Is(err, light.ErrFailedHeaderCrossReferencing)
	if block == nil || !refuted { // the header may be what is wrong
		return
	}
	for _, witness := range witnesses {
		p, ok := witness.(*peerProvider)
		if !ok || p.primary == nil {
			continue
		}
		for _, header := range p.claimed() {
			if header.Height == block.Height && !bytes.Equal(header.Hash(), block.Hash()) {
				c.host.Garbage(p.peer, fmt.Errorf("%w: it claims header %x at height %d, which does not verify", da.ErrMismatch, header.Hash(), header.Height))
			}
		}
	}
}

func clientOptions() []light.Option {
	return []light.Option{light.PruningSize(trustedHeaders), light.SkippingVerification(light.DefaultTrustLevel), light.MaxClockDrift(clockDrift)}
}

// begin verifies the header to begin with, and returns it.
func (c *headChain) begin(ctx context.Context) (*p2p.Header, error) {
	primary, trust, err := c.anchor(ctx)
	if err != nil {
		return nil, fmt.Errorf("asking peers for headers: %w", err)
	}
	start := light.TrustOptions{Period: c.config.TrustingPeriod, Height: int64(trust.Height), Hash: trust.Hash[:]}
	witnesses := c.witnessesBeside(primary)
	client, err := light.NewClient(ctx, c.config.ChainID, start, primary, witnesses, c.store, clientOptions()...)
	if err != nil {
		return nil, c.explain(client, primary, fmt.Errorf("beginning with header %v: %w", trust, err))
	}
	first, err := client.TrustedLightBlock(start.Height)
	if err != nil {
		return nil, c.explain(client, primary, err)
	}
	if stated := c.config.Checkpoint; stated != nil && (!bytes.Equal(stated.ValidatorsHash, first.ValidatorsHash) || !stated.Time.Equal(first.Time)) {
		return nil, fmt.Errorf("%w: the header that its hash names is of %v, by the validators %x; it says %v and %x: its signers did not look. Get another", ErrCheckpoint, first.Time, first.ValidatorsHash, stated.Time, []byte(stated.ValidatorsHash))
	}
	c.vouch(vouchedByTrust, primary, witnesses, first)
	return &p2p.Header{Signed: first.SignedHeader}, errors.Join(writeMeta(c.db, metaAnchor, []byte(trust.String())), remove(c.db, metaKey(metaAttack)))
}

// began tells whether there are trusted headers to go on from. A Trust other than the one
// they began with begins anew.
func (c *headChain) began() (bool, error) {
	anchor, err := readMeta(c.db, metaAnchor)
	if err != nil || anchor == nil || c.store.Size() == 0 {
		return false, err
	}
	return c.config.Trust == nil || c.config.Trust.String() == string(anchor), nil
}

// anchor returns the header to begin with, the one configured or a peer's newest, and a peer
// that delivered it.
func (c *headChain) anchor(ctx context.Context) (*peerProvider, Trust, error) {
	var trust Trust
	if c.config.Trust != nil {
		trust = *c.config.Trust
	}
	source, err := firstOf(ctx, c.draw(trust.Height), func(ctx context.Context, id peer.ID) (*peerProvider, error) {
		p := c.provider(id)
		_, err := p.LightBlock(ctx, int64(trust.Height))
		return p, err
	})
	if err != nil || c.config.Trust != nil {
		return source, trust, err
	}
	newest := source.claimed()[0]
	c.config.Log.Warn("beginning with the newest header that peers agree on: whoever controls them chooses the chain", "height", newest.Height, "hash", fmt.Sprintf("%x", newest.Hash()))
	return source, Trust{Height: uint64(newest.Height), Hash: [32]byte(newest.Hash())}, nil
}

// explain turns a light client's error into this package's terms, and holds the peer to
// account for a header that does not verify.
func (c *headChain) explain(client *light.Client, primary *peerProvider, err error) error {
	var expired light.ErrOldHeaderExpired
	var failed light.ErrVerificationFailed
	switch {
	case errors.Is(err, disk.ErrFull):
		return err // none of the peer's doing
	case errors.Is(err, light.ErrLightClientAttack):
		return c.attacked()
	case errors.As(err, &expired):
		return fmt.Errorf("%w at %s: start with the height and hash of a recent header from somewhere you trust", ErrTrustExpired, expired.At.Format(time.RFC3339))
	case errors.As(err, &failed):
		return c.blame(guilty(client, primary, failed.To), err)
	}
	return fmt.Errorf("asking peer %s for headers: %w", primary.peer, err)
}

// current returns the source of a light client's headers, whose place a witness may have
// taken.
func current(client *light.Client, first *peerProvider) *peerProvider {
	if client == nil {
		return first
	}
	if now, ok := client.Primary().(*peerProvider); ok {
		return now
	}
	return first
}

// guilty returns who delivered a header that does not verify: the first source, or who took its place. The light client
// may have put a witness there because of that very header.
func guilty(client *light.Client, first *peerProvider, height int64) *peerProvider {
	if first.delivered(height) != nil {
		return first
	}
	return current(client, first)
}

// blame strikes the peer whose header does not verify, unless what is wrong may be this
// machine's clock.
func (c *headChain) blame(from *peerProvider, err error) error {
	if from.latest().After(c.config.Now().Add(clockDrift)) {
		return fmt.Errorf("peer %s has a header from the future: is this machine's clock right? %w", from.peer, err)
	}
	c.host.Garbage(from.peer, err)
	return fmt.Errorf("peer %s sent a header that does not verify: %w", from.peer, err)
}
