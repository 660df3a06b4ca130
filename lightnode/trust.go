package lightnode

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/cometbft/cometbft/light"
	"github.com/cometbft/cometbft/light/provider"
	"github.com/cometbft/cometbft/types"
	"github.com/libp2p/go-libp2p/core/peer"

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

// headChain follows the chain's head: each advance verifies the newest header of one peer
// from the newest verified before, by cometbft/light, and compares it with what other
// peers say.
type headChain struct {
	config *Config
	db     *database
	store  *trustedStore
	host   *p2p.Host
	sets   *validatorSets
	known  func(height uint64) (*record, error) // what this home has verified of a height, nil if nothing

	foreign   error                              // why the peers that are gone seemed to be of another chain; of the goroutine of advance
	found     []*types.LightClientAttackEvidence // of an attack, in this run; of the goroutine of advance
	witnesses atomic.Int32                       // peers in subnets of their own that the last header was compared with, its source apart
}

// newHeadChain opens the chain's trusted headers, and fails where there is nothing to
// begin with.
func newHeadChain(config *Config, db *database, host *p2p.Host, sets *validatorSets, known func(uint64) (*record, error)) (*headChain, error) {
	trusted, err := newTrustedStore(db)
	if err != nil {
		return nil, err
	}
	c := &headChain{config: config, db: db, store: trusted, host: host, sets: sets, known: known}
	if config.Trust == nil && !config.TrustFirst && trusted.Size() == 0 {
		return nil, fmt.Errorf("%w: nothing to trust: give the height and hash of a header from somewhere you trust, or, on a network of your own, choose to trust whoever answers first", ErrConfig)
	}
	return c, c.refuseAttacked()
}

// advance verifies a newer header than all before and returns it; nil if the peer that
// was asked has none.
func (c *headChain) advance(ctx context.Context) (*types.LightBlock, error) {
	if err := c.db.space.Check(); err != nil {
		return nil, fmt.Errorf("lightnode: %w", err) // what is verified could not be kept
	}
	primary, witnesses, err := c.providers()
	if err != nil && c.foreign != nil {
		return nil, fmt.Errorf("%w; before that: %w", err, c.foreign)
	}
	if err != nil {
		return nil, err
	}
	client, first, err := c.client(ctx, primary, witnesses)
	if err != nil {
		return nil, c.explain(client, primary, err)
	}
	if first != nil {
		return first, nil
	}
	block, err := client.Update(ctx, c.config.Now())
	if err != nil {
		err = c.explain(client, primary, err)
	}
	if block != nil || isOwn(err) || errors.Is(err, disk.ErrFull) {
		c.foreign = nil
		return block, err
	}
	if strange := c.compare(ctx, primary, err != nil); strange != nil {
		return nil, strange
	}
	return nil, err
}

// providers draws the peers of one advance, each in a subnet of its own as far as they reach.
// With a single one it is its own witness.
func (c *headChain) providers() (primary *peerProvider, witnesses []provider.Provider, err error) {
	first, err := c.host.Pick(p2p.Headers, 0)
	if err != nil {
		return nil, nil, err
	}
	drawn := c.draw([]peer.ID{first}, c.host.Akin)
	independent := len(drawn) - 1
	drawn = c.draw(drawn, func([]peer.ID) []peer.ID { return nil }) // those next door are better than none
	primary = c.provider(drawn[0])
	for _, id := range drawn[1:] {
		witnesses = append(witnesses, c.provider(id))
	}
	c.witnesses.Store(int32(independent))
	if len(witnesses) == 0 {
		witnesses = append(witnesses, primary)
	}
	return primary, witnesses, nil
}

// draw adds peers to those drawn until there are a source and all witnesses, leaving out those
// that spoiled names.
func (c *headChain) draw(drawn []peer.ID, spoiled func([]peer.ID) []peer.ID) []peer.ID {
	for len(drawn) <= c.config.Witnesses {
		id, err := c.host.Pick(p2p.Headers, 0, slices.Concat(drawn, spoiled(drawn))...)
		if err != nil {
			break
		}
		drawn = append(drawn, id)
	}
	return drawn
}

func (c *headChain) provider(id peer.ID) *peerProvider {
	return &peerProvider{
		chainID: c.config.ChainID, host: c.host, peer: id, sets: c.sets,
		evidence: c.saveEvidence, blocks: make(map[int64]*types.LightBlock),
	}
}

// client makes a light client that goes on from the trusted headers, or begins. Where it
// begins, the header it begins with is returned too.
func (c *headChain) client(ctx context.Context, primary *peerProvider, witnesses []provider.Provider) (*light.Client, *types.LightBlock, error) {
	began, err := c.began()
	if err != nil {
		return nil, nil, err
	}
	options := []light.Option{light.PruningSize(trustedHeaders), light.SkippingVerification(light.DefaultTrustLevel), light.MaxClockDrift(clockDrift)}
	if began {
		client, err := light.NewClientFromTrustedStore(c.config.ChainID, c.config.TrustingPeriod, primary, witnesses, c.store, options...)
		return client, nil, err
	}
	trust, err := c.anchor(ctx, primary)
	if err != nil {
		return nil, nil, err
	}
	start := light.TrustOptions{Period: c.config.TrustingPeriod, Height: int64(trust.Height), Hash: trust.Hash[:]}
	client, err := light.NewClient(ctx, c.config.ChainID, start, primary, witnesses, c.store, options...)
	if err != nil {
		return client, nil, fmt.Errorf("beginning with header %v: %w", trust, err)
	}
	first, err := client.TrustedLightBlock(int64(trust.Height))
	if err != nil {
		return client, nil, err
	}
	return client, first, errors.Join(writeMeta(c.db, metaAnchor, []byte(trust.String())), remove(c.db, metaKey(metaAttack)))
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

// anchor returns the header to begin with: the one configured, or a peer's newest.
func (c *headChain) anchor(ctx context.Context, primary *peerProvider) (Trust, error) {
	if c.config.Trust != nil {
		return *c.config.Trust, nil
	}
	block, err := primary.LightBlock(ctx, 0)
	if err != nil {
		return Trust{}, err
	}
	c.config.Log.Warn("beginning with the newest header that peers agree on: whoever controls them chooses the chain", "height", block.Height, "hash", fmt.Sprintf("%x", block.Hash()))
	return Trust{Height: uint64(block.Height), Hash: [32]byte(block.Hash())}, nil
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
		return c.blame(current(client, primary), err)
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

// blame strikes the peer whose header does not verify, unless what is wrong may be this
// machine's clock.
func (c *headChain) blame(from *peerProvider, err error) error {
	if from.newest().After(c.config.Now().Add(clockDrift)) {
		return fmt.Errorf("peer %s has a header from the future: is this machine's clock right? %w", from.peer, err)
	}
	c.host.Garbage(from.peer, err)
	return fmt.Errorf("peer %s sent a header that does not verify: %w", from.peer, err)
}
