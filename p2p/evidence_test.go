package p2p

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/cometbft/cometbft/types"

	"github.com/ashlar-da/ashlar/da"
)

// evidence is the fixture's block, as one that conflicts with another.
func (f *fixture) evidence() Evidence {
	return Evidence{CommonHeight: 2, Block: &types.LightBlock{SignedHeader: f.header.Signed, ValidatorSet: f.header.Validators}}
}

// evidenceBox takes evidence and answers as a test wants.
type evidenceBox struct {
	answer error
	got    atomic.Pointer[Evidence]
	taken  atomic.Int32
}

func (b *evidenceBox) AddEvidence(_ context.Context, e Evidence) error {
	b.taken.Add(1)
	b.got.Store(&e)
	return b.answer
}

func taking(box *evidenceBox) func(*Config) { return func(c *Config) { c.Evidence = box } }

func TestEvidenceReachesTheSink(t *testing.T) {
	for _, answer := range []error{nil, da.ErrFutureHeight, da.ErrPruned, ErrBadRequest} {
		box := &evidenceBox{}
		if answer != nil {
			box.answer = fmt.Errorf("wrapped: %w", answer)
		}
		sink, sender := start(t, taking(box)), start(t)
		id := connect(t, sender, sink)
		sent := newFixture(t).evidence()
		if err := sender.SubmitEvidence(t.Context(), id, sent); !errors.Is(err, answer) {
			t.Errorf("the sink says %v, the sender hears %v", answer, err)
		}
		got := box.got.Load()
		if got == nil || got.CommonHeight != 2 || !bytes.Equal(got.Block.Hash(), sent.Block.Hash()) || !bytes.Equal(got.Block.ValidatorSet.Hash(), sent.Block.ValidatorSet.Hash()) {
			t.Errorf("the sink got %+v", got)
		}
		if takers := sender.EvidenceTakers(); len(takers) != 1 || takers[0] != id {
			t.Errorf("takers of evidence: %v", takers)
		}
	}
}

// Whoever submits too much is refused before the sink is troubled.
func TestEvidenceIsRateLimited(t *testing.T) {
	box := &evidenceBox{answer: ErrBadRequest}
	sink, sender := start(t, taking(box), func(c *Config) { c.Limits.CellsBurst, c.Limits.CellsPerSecond = 2*evidenceCost, 1 }), start(t)
	id := connect(t, sender, sink)
	evidence := newFixture(t).evidence()
	for i, want := range []error{ErrBadRequest, ErrBadRequest, ErrRateLimited, ErrRateLimited} {
		if err := sender.SubmitEvidence(t.Context(), id, evidence); !errors.Is(err, want) {
			t.Errorf("submission %d: %v, want %v", i, err, want)
		}
	}
	if box.taken.Load() != 2 {
		t.Errorf("the sink was asked %d times, want 2", box.taken.Load())
	}
}

// Each corruption of valid evidence must be noticed before a signature is verified.
func TestEvidenceDecoderRefuses(t *testing.T) {
	other := signedHeader3(t, "other-chain")
	for name, corrupt := range map[string]func(*Evidence){
		"another chain":              func(e *Evidence) { e.Block.SignedHeader = other.Signed },
		"common height 0":            func(e *Evidence) { e.CommonHeight = 0 },
		"a common height above":      func(e *Evidence) { e.CommonHeight = 4 },
		"a commit of another header": func(e *Evidence) { e.Block.Commit.BlockID.Hash = bytes.Repeat([]byte{9}, 32) },
		"a commit without votes":     func(e *Evidence) { e.Block.Commit.Signatures = nil },
		"no validators":              func(e *Evidence) { e.Block.ValidatorSet = nil },
		"other validators": func(e *Evidence) {
			e.Block.ValidatorSet = types.NewValidatorSet(e.Block.ValidatorSet.Validators[:1])
		},
		"too many votes": func(e *Evidence) {
			e.Block.Commit.Signatures = make([]types.CommitSig, maxVotes+1)
		},
	} {
		h := copyHeader(newFixture(t).header)
		e := Evidence{CommonHeight: 2, Block: &types.LightBlock{SignedHeader: h.Signed, ValidatorSet: h.Validators}}
		corrupt(&e)
		message, err := encodeEvidence(e)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := decodeEvidence(marshal(t, message), testChain); !errors.Is(err, errShape) {
			t.Errorf("%s: %v, want errShape", name, err)
		}
	}
}

func TestEvidenceIsNotAskedForWithoutASink(t *testing.T) {
	sink, sender := start(t), start(t)
	id := connect(t, sender, sink)
	if takers := sender.EvidenceTakers(); len(takers) != 0 {
		t.Errorf("takers of evidence: %v", takers)
	}
	if err := sender.SubmitEvidence(t.Context(), id, newFixture(t).evidence()); !errors.Is(err, ErrUnsupported) {
		t.Errorf("got %v, want ErrUnsupported", err)
	}
}
