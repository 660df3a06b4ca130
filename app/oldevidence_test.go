package app_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	errorsmod "cosmossdk.io/errors"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/app/attest"
	"github.com/ashlar-da/ashlar/da"
	attestpb "github.com/ashlar-da/ashlar/proto/attest"
)

// unbonding has stake take so long to leave.
func unbonding(takes time.Duration) chainOption {
	return func(e *app.Encoding, s app.GenesisState) {
		var state stakingtypes.GenesisState
		e.Codec.MustUnmarshalJSON(s[stakingtypes.ModuleName], &state)
		state.Params.UnbondingTime = takes
		s[stakingtypes.ModuleName] = e.Codec.MustMarshalJSON(&state)
	}
}

// upTo commits empty blocks.
func (c *chain) upTo(height int64) {
	c.t.Helper()
	for c.height < height {
		c.apply(da.EmptyTxs())
	}
}

// TestSetsAreKeptAsLongAsStake: epochs of 4 blocks, a window of 8 and an unbonding time of 60. Evidence over epoch 1, which ended with block 8,
// is judged and slashes long after the window and the last epochs, and is refused once whoever was in its set can have been paid out.
func TestSetsAreKeptAsLongAsStake(t *testing.T) {
	c, _ := newCertifiedChain(t, 8, func(p *attestpb.Params) { p.Window = 8 }, unbonding(60*6*time.Second))
	c.upTo(6)
	truth := *c.attestation(6)
	rotation, err := c.app.Rotation(1)
	if err != nil {
		t.Fatal(err)
	}
	lie := func(change func(*da.Attestation)) *da.Attestation {
		a := truth
		change(&a)
		return &a
	}
	falseRotation := *rotation
	lieOfSet(&falseRotation)
	c.upTo(55)
	if _, err := c.app.Attestation(6); !errors.Is(err, da.ErrPruned) || c.epoch() < 13 {
		t.Fatalf("epoch %d: height 6 did not leave the window: %v", c.epoch(), err)
	}
	for i, row := range []struct {
		name     string
		evidence func(account, *da.AttestationSecret) *attestpb.MsgSubmitAttestationEvidence
		want     *errorsmod.Error
	}{
		{"data", c.accusing(lie(lieOfRoots)), nil},
		{"epoch", c.accusing(lie(func(a *da.Attestation) { a.Epoch++ })), nil},
		{"set hash", c.accusing(lie(func(a *da.Attestation) { a.SetHash[0]++ })), nil},
		{"time, as if it were new", c.accusing(lie(func(a *da.Attestation) { a.Time = uint64(c.now().Unix()) })), nil},
		{"time before the epoch", c.accusing(lie(func(a *da.Attestation) { a.Time -= 30 })), nil},
		{"height of another epoch", c.accusing(lie(func(a *da.Attestation) { a.Height = 10 })), nil},
		{"rotation", func(by account, secret *da.AttestationSecret) *attestpb.MsgSubmitAttestationEvidence {
			return c.accuseOfRotation(&falseRotation, by, secret)
		}, nil},
		{"header hash, which no state keeps", c.accusing(lie(func(a *da.Attestation) { a.HeaderHash[0]++ })), attest.ErrOutsideWindow},
	} {
		requireResult(t, row.name, c.submit(row.evidence(c.accounts[i], testSecret(t, uint64(i)))), row.want)
		if want := row.want == nil; c.jailed(i) != want || c.tokens(i).LT(app.OneASH().MulRaw(100)) != want {
			t.Errorf("%s: jailed: %v, with %s", row.name, c.jailed(i), c.tokens(i))
		}
	}
	last, secret := c.accounts[7], testSecret(t, 7)
	data, set := c.accuse(lie(lieOfRoots), last, secret), c.accuseOfRotation(&falseRotation, last, secret)
	other := c.accuse(lie(func(a *da.Attestation) { a.Epoch = 0 }), last, secret)
	c.upTo(66)
	c.set(1)
	c.upTo(73)
	requireResult(t, "data, after all was paid out", c.submit(data), attest.ErrUnknownSet)
	requireResult(t, "rotation, after all was paid out", c.submit(set), attest.ErrUnknownSet)
	requireResult(t, "epoch, after all was paid out", c.submit(other), attest.ErrUnknownSet)
	if c.jailed(7) {
		t.Error("the last one was punished")
	}
}

// accusing is accuse of whoever it is to be.
func (c *chain) accusing(lie *da.Attestation) func(account, *da.AttestationSecret) *attestpb.MsgSubmitAttestationEvidence {
	return func(by account, secret *da.AttestationSecret) *attestpb.MsgSubmitAttestationEvidence {
		return c.accuse(lie, by, secret)
	}
}

// TestTheTruthIsNeverAFault: whatever was to be signed of a height is no fault at any later height, in the window, after it, and after its set is
// gone; for epochs shorter and longer than the window.
func TestTheTruthIsNeverAFault(t *testing.T) {
	for _, row := range []struct{ epochBlocks, window uint64 }{{4, 8}, {20, 3}, {1, 2}, {3, 7}} {
		t.Run(fmt.Sprintf("epochs of %d, a window of %d", row.epochBlocks, row.window), func(t *testing.T) {
			c, _ := newCertifiedChain(t, 3, func(p *attestpb.Params) { p.EpochBlocks, p.Window = row.epochBlocks, row.window }, unbonding(20*6*time.Second))
			var said []*attestpb.MsgSubmitAttestationEvidence
			for c.height < 60 {
				said = append(said, c.accuse(c.attestation(uint64(c.height)), c.accounts[1], testSecret(t, 1)))
				c.apply(da.EmptyTxs())
				for i, evidence := range said {
					ctx, _ := c.ctx().CacheContext()
					err := c.app.Keepers.Attest.Punish(ctx, evidence.Evidence)
					if inside := uint64(i)+1+row.window > uint64(c.height); inside != errors.Is(err, attest.ErrNoFault) || !inside && !errors.Is(err, attest.ErrOutsideWindow) {
						t.Fatalf("at %d, height %d: %v", c.height, i+1, err)
					}
				}
			}
		})
	}
}

// TestSetsKeptAreBounded: however long stake takes to leave, and however short epochs are.
func TestSetsKeptAreBounded(t *testing.T) {
	const most = 1024 // of epochs before the one at hand, of which there is also the next one's set
	c, _ := newCertifiedChain(t, 3, func(p *attestpb.Params) { p.EpochBlocks, p.Window = 1, 2 })
	c.upTo(most + 10)
	for epoch, want := range map[uint64]bool{c.epoch() - most: false, c.epoch() - most + 1: true} {
		if _, err := c.app.AttesterSet(epoch); (err == nil) != want {
			t.Errorf("in epoch %d, the set of epoch %d: %v", c.epoch(), epoch, err)
		}
	}
}
