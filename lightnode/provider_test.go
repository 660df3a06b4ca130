package lightnode

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/cometbft/cometbft/light/provider"
	"github.com/cometbft/cometbft/types"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/p2p"
	"github.com/ashlar-da/ashlar/testnet/rig"
)

func TestProviderTranslatesErrorsUnwrapped(t *testing.T) {
	t.Parallel()
	p := &peerProvider{chainID: testChain}
	rows := []struct{ err, want error }{
		{fmt.Errorf("peer: %w", da.ErrNotFound), provider.ErrLightBlockNotFound},
		{fmt.Errorf("peer: %w", da.ErrPruned), provider.ErrLightBlockNotFound},
		{fmt.Errorf("peer: %w", da.ErrFutureHeight), provider.ErrNoResponse},
		{fmt.Errorf("peer: %w", p2p.ErrRateLimited), provider.ErrNoResponse},
		{fmt.Errorf("peer: %w", context.DeadlineExceeded), provider.ErrNoResponse},
		{errors.New("reset"), provider.ErrNoResponse},
	}
	for _, row := range rows {
		if got := p.sentinel(t.Context(), row.err); got != row.want { //nolint:errorlint // the light client compares by ==
			t.Errorf("%v: got %v, want %v itself", row.err, got, row.want)
		}
	}
	if got := p.sentinel(t.Context(), p2p.ErrGarbage); !errors.As(got, new(provider.ErrBadLightBlock)) {
		t.Errorf("garbage: %v", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := p.sentinel(ctx, da.ErrNotFound); got != context.Canceled { //nolint:errorlint // as above
		t.Errorf("cancelled: %v", got)
	}
}

// provide returns a provider of a host's headers.
func provide(t *testing.T, source *p2p.Host) *peerProvider {
	t.Helper()
	asker := startHost(t, nil)
	id, err := asker.Connect(t.Context(), source.Addresses()[0])
	if err != nil {
		t.Fatal(err)
	}
	c := &headChain{config: &Config{ChainID: testChain}, host: asker, sets: &validatorSets{}}
	return c.provider(id)
}

func TestProviderWaitsForAHeight(t *testing.T) {
	t.Parallel()
	blocks := emptyBlocks(t, 3)
	source, host := blocks.serve(t)
	p := provide(t, host)
	got := make(chan error, 1)
	go func() {
		block, err := p.LightBlock(t.Context(), 4)
		if err == nil {
			err = block.ValidateBasic(testChain)
		}
		got <- err
	}()
	rig.Await(t, "the height was asked for", func() bool { return source.refusedOnce() })
	blocks.grow(emptyBlock)
	if err := <-got; err != nil {
		t.Errorf("a height that came into being: %v", err)
	}
}

func TestProviderSpeaksOneFormOfEachSet(t *testing.T) {
	t.Parallel()
	blocks := emptyBlocks(t, 3)
	source, host := blocks.serve(t)
	source.set(func() {
		source.alter = func(h *p2p.Header) *p2p.Header {
			h.Validators = h.Validators.CopyIncrementProposerPriority(int32(h.Signed.Height))
			return h
		}
	})
	p := provide(t, host)
	for height := int64(1); height <= 3; height++ {
		block, err := p.LightBlock(t.Context(), height)
		if err != nil {
			t.Fatal(err)
		}
		for _, validator := range block.ValidatorSet.Validators {
			if validator.ProposerPriority != 0 {
				t.Errorf("height %d: priority %d", height, validator.ProposerPriority)
			}
		}
		if err := block.ValidateBasic(testChain); err != nil || block.ValidatorSet.Proposer == nil {
			t.Errorf("height %d: %v", height, err)
		}
	}
	if len(p.sets.sets) != 0 {
		t.Errorf("%d sets are remembered that belong to no verified header", len(p.sets.sets))
	}
	if _, err := p.LightBlock(t.Context(), 2); err != nil || source.headers != 3 {
		t.Errorf("the peer was asked %d times for 3 headers (%v)", source.headers, err)
	}
}

func TestProviderTakesEvidenceOfAttacksOnly(t *testing.T) {
	t.Parallel()
	c := &headChain{config: &Config{Home: t.TempDir(), Log: testLog(t)}}
	if err := c.provider("").ReportEvidence(t.Context(), &types.DuplicateVoteEvidence{}); err == nil {
		t.Error("evidence of something else was taken")
	}
}

func TestValidatorSetsForgetTheOldest(t *testing.T) {
	t.Parallel()
	s := &validatorSets{}
	if h, set := s.newest(); h != nil || set != nil {
		t.Error("an empty memory knows a set")
	}
	for i := range 3 * rememberedSets {
		s.remember(hash{byte(i)}, &types.ValidatorSet{})
	}
	last := hash{3*rememberedSets - 2}
	s.remember(last, s.get(last)) // again
	newest, set := s.newest()
	if s.get(hash{0}) != nil || s.get(last) == nil || toHash(newest) != last || set != s.get(last) || len(s.sets) != rememberedSets {
		t.Errorf("%d sets remembered, newest %x", len(s.sets), newest)
	}
}

// A second peer next door to the first is no independent witness, while another can be had.
func TestWitnessesComeFromSubnetsOfTheirOwn(t *testing.T) {
	t.Parallel()
	blocks := emptyBlocks(t, 2)
	asker := startHost(t, nil)
	var ids []peer.ID
	for range 3 {
		_, host := blocks.serve(t)
		id, err := asker.Connect(t.Context(), host.Addresses()[0])
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	c := &headChain{config: &Config{ChainID: testChain, Witnesses: 2}, host: asker}
	nextDoor := func([]peer.ID) []peer.ID { return ids[:2] }
	if drawn := c.drawMore(ids[:1:1], 0, nextDoor); !slices.Equal(drawn, []peer.ID{ids[0], ids[2]}) {
		t.Errorf("drew %v; %s is akin to the first", drawn, ids[1])
	}
	if drawn := c.drawMore(ids[:1:1], 0, func([]peer.ID) []peer.ID { return nil }); len(drawn) != 3 {
		t.Errorf("drew %v of three", drawn)
	}
	if witnesses := c.witnessesBeside(c.provider(ids[0])); len(witnesses) != 2 {
		t.Errorf("witnesses: %v", witnesses)
	}
}
