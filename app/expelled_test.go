package app_test

import (
	"slices"
	"testing"
	"time"

	"cosmossdk.io/math"
	cmted25519 "github.com/cometbft/cometbft/crypto/ed25519"
	cryptocodec "github.com/cosmos/cosmos-sdk/crypto/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/da"
	attestpb "github.com/ashlar-da/ashlar/proto/attest"
)

// TestTheExpelledDoNotComeBackAsAnother: an operator that was expelled, and took all its stake away, may make another
// validator with another key of consensus. It is in no set, since what it signs could not be punished again.
func TestTheExpelledDoNotComeBackAsAnother(t *testing.T) {
	c := newChainOfValidators(t, newApp(t), 6, 3, attestingWith(t, 3, func(p *attestpb.Params) { p.Window = 40 }), unbonding(7*time.Second))
	c.apply(da.EmptyTxs())
	expelled, operator := c.accounts[1], sdk.ValAddress(c.accounts[1].address()).String()
	lie := *c.attestation(2)
	lieOfRoots(&lie)
	requireResult(t, "evidence", c.submit(c.accuse(&lie, expelled, testSecret(t, 1))), nil)
	c.validators = slices.Delete(c.validators, 1, 2)
	leave := stakingtypes.NewMsgUndelegate(expelled.address().String(), operator, sdk.NewCoin(app.BaseDenom, c.tokens(1)))
	requireResult(t, "undelegate", c.execute(c.sign(expelled, terms{}, leave)), nil)
	for range 4 {
		c.apply(da.EmptyTxs())
	}
	key := cmted25519.GenPrivKeyFromSecret([]byte("another"))
	pub, err := cryptocodec.FromCmtPubKeyInterface(key.PubKey())
	if err != nil {
		t.Fatal(err)
	}
	create, err := stakingtypes.NewMsgCreateValidator(operator, pub, sdk.NewCoin(app.BaseDenom, app.OneASH().MulRaw(90)), stakingtypes.NewDescription("another", "", "", "", ""),
		stakingtypes.NewCommissionRates(math.LegacyZeroDec(), math.LegacyOneDec(), math.LegacyOneDec()), math.OneInt())
	if err != nil {
		t.Fatal(err)
	}
	requireResult(t, "create", c.execute(c.sign(expelled, terms{sequence: 1}, create)), nil)
	requireResult(t, "register", c.execute(c.sign(expelled, terms{sequence: 2}, registration(keyOf(t, expelled, testSecret(t, 1))))), nil)
	for epoch := c.epoch() + 3; c.epoch() < epoch; {
		c.apply(da.EmptyTxs())
	}
	v, err := c.app.Keepers.Staking.GetValidator(c.ctx(), sdk.ValAddress(expelled.address()))
	if err != nil || !v.IsBonded() {
		t.Fatalf("the other validator does not vote (%v)", err)
	}
	set := c.set(c.epoch())
	if i := c.indexIn(set.Epoch, expelled); i >= 0 || len(set.Attesters) != 2 || set.Total != 290 {
		t.Errorf("the expelled is attester %d of %d, whose votes are of %d", i, len(set.Attesters), set.Total)
	}
}

// TestTheLightestLieCostsAsMuchAsAny: who takes its stake away, and shows by itself a lie under a set that was taken after, is
// slashed of what sets before count.
func TestTheLightestLieCostsAsMuchAsAny(t *testing.T) {
	c, _ := newCertifiedChain(t, 3, func(p *attestpb.Params) { p.Window = 40 })
	accused := c.accounts[1]
	leave := stakingtypes.NewMsgUndelegate(accused.address().String(), sdk.ValAddress(accused.address()).String(), sdk.NewCoin(app.BaseDenom, app.OneASH().MulRaw(98)))
	requireResult(t, "undelegate", c.execute(c.sign(accused, terms{}, leave)), nil)
	for epoch := c.epoch() + 2; c.epoch() < epoch; {
		c.apply(da.EmptyTxs())
	}
	lie := *c.attestation(uint64(c.height))
	lieOfRoots(&lie)
	if set := c.set(lie.Epoch); set.Attesters[c.indexIn(lie.Epoch, accused)].Power != 2 {
		t.Fatalf("epoch %d counts what left: %v", lie.Epoch, set.Attesters)
	}
	requireResult(t, "evidence", c.submit(c.accuse(&lie, accused, testSecret(t, 1))), nil)
	leaving, err := c.app.Keepers.Staking.GetUnbondingDelegationsFromValidator(c.ctx(), sdk.ValAddress(accused.address()))
	if err != nil || len(leaving) != 1 {
		t.Fatalf("%d are leaving (%v)", len(leaving), err)
	}
	if got := leaving[0].Entries[0].Balance; !got.Equal(app.OneASH().MulRaw(98).MulRaw(95).QuoRaw(100)) {
		t.Errorf("%s are leaving of 98 ASH", got)
	}
}

// TestLeavingStakeMakesNoEvidenceDearer: or there could be so many unbondings that no block has gas for the evidence.
func TestLeavingStakeMakesNoEvidenceDearer(t *testing.T) {
	gas := func(leaving uint64) int64 {
		c, _ := newCertifiedChain(t, 3, func(p *attestpb.Params) { p.Window = 40 })
		for c.height < 5 {
			c.apply(da.EmptyTxs())
		}
		accused := c.accounts[1]
		lie := *c.attestation(5)
		lieOfRoots(&lie)
		for i := range uint64(5) {
			if i >= leaving {
				c.apply(da.EmptyTxs())
				continue
			}
			leave := stakingtypes.NewMsgUndelegate(accused.address().String(), sdk.ValAddress(accused.address()).String(), sdk.NewCoin(app.BaseDenom, app.OneASH().QuoRaw(100)))
			requireResult(t, "undelegate", c.execute(c.sign(accused, terms{sequence: i}, leave)), nil)
		}
		got := c.submit(c.accuse(&lie, accused, testSecret(t, 1)))
		requireResult(t, "evidence", got, nil)
		return got.GasUsed
	}
	if one, five := gas(1), gas(5); one != five {
		t.Errorf("evidence takes %d gas where one unbonds, and %d where five do", one, five)
	}
}
