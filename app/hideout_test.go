package app_test

import (
	"testing"
	"time"

	"cosmossdk.io/math"
	abci "github.com/cometbft/cometbft/abci/types"
	cmted25519 "github.com/cometbft/cometbft/crypto/ed25519"
	cryptocodec "github.com/cosmos/cosmos-sdk/crypto/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/x/authz"
	slashingtypes "github.com/cosmos/cosmos-sdk/x/slashing/types"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/da"
	attestpb "github.com/ashlar-da/ashlar/proto/attest"
)

// hide moves a delegation from a validator to one that has too little stake to vote, and then takes away from there what slashing would not.
// If it was moved, slashing the first removes the second.
func (c *chain) hide(from account, through func(sdk.Msg) sdk.Msg) {
	c.t.Helper()
	const units, gone = 20, 11 // of 20, 12 are to be slashed: the 11 that leave, and more shares than stay
	owner, mover := c.accounts[3], c.accounts[5]
	amount := func(n int64) sdk.Coin { return sdk.NewInt64Coin(app.BaseDenom, n) }
	source, hidden := sdk.ValAddress(from.address()).String(), sdk.ValAddress(owner.address()).String()
	pub, err := cryptocodec.FromCmtPubKeyInterface(cmted25519.GenPrivKeyFromSecret([]byte("hideout")).PubKey())
	if err != nil {
		c.t.Fatal(err)
	}
	create, err := stakingtypes.NewMsgCreateValidator(hidden, pub, amount(1), stakingtypes.NewDescription("hideout", "", "", "", ""),
		stakingtypes.NewCommissionRates(math.LegacyZeroDec(), math.LegacyOneDec(), math.LegacyOneDec()), math.OneInt())
	if err != nil {
		c.t.Fatal(err)
	}
	requireResult(c.t, "create", c.execute(c.sign(owner, terms{}, create)), nil)
	requireResult(c.t, "delegate", c.execute(c.sign(mover, terms{}, stakingtypes.NewMsgDelegate(mover.address().String(), source, amount(units)))), nil)
	move := through(stakingtypes.NewMsgBeginRedelegate(mover.address().String(), source, hidden, amount(units)))
	moved := c.execute(c.sign(mover, terms{sequence: 1}, move))
	if requireResult(c.t, "move", moved, stakingtypes.ErrBadRedelegationDst); moved.Code != 0 {
		return
	}
	leave := stakingtypes.NewMsgUndelegate(mover.address().String(), hidden, amount(gone))
	requireResult(c.t, "mover", c.execute(c.sign(mover, terms{sequence: 2}, leave)), nil)
	leave = stakingtypes.NewMsgUndelegate(owner.address().String(), hidden, amount(1))
	requireResult(c.t, "owner", c.execute(c.sign(owner, terms{sequence: 1}, leave)), nil)
}

// slashingMost has both kinds of fault cost so much that little is left to hide.
func slashingMost(e *app.Encoding, s app.GenesisState) {
	var state slashingtypes.GenesisState
	e.Codec.MustUnmarshalJSON(s[slashingtypes.ModuleName], &state)
	state.Params.SlashFractionDoubleSign = math.LegacyNewDecWithPrec(6, 1)
	s[slashingtypes.ModuleName] = e.Codec.MustMarshalJSON(&state)
}

// TestNobodyHidesFromPunishment: a delegation moved to a validator that does not vote kept evidence against the validator that it came from
// from ever being punished, and halted the chain where the evidence was CometBFT's.
func TestNobodyHidesFromPunishment(t *testing.T) {
	for name, through := range map[string]func(sdk.Msg) sdk.Msg{
		"itself": func(msg sdk.Msg) sdk.Msg { return msg },
		"authz": func(msg sdk.Msg) sdk.Msg {
			wrapped := authz.NewMsgExec(testAccounts(6)[5].address(), []sdk.Msg{msg})
			return &wrapped
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := newCertifiedChain(t, 3, func(p *attestpb.Params) { p.Window, p.SlashFraction = 40, math.LegacyNewDecWithPrec(6, 1) }, slashingMost)
			c.upTo(5)
			lie := *c.attestation(5)
			lieOfRoots(&lie)
			c.hide(c.accounts[1], through)
			requireResult(t, "evidence", c.submit(c.accuse(&lie, c.accounts[1], testSecret(t, 1))), nil)
		})
	}
}

// TestNobodyHaltsTheChainByHiding is the same of a validator that votes twice.
func TestNobodyHaltsTheChainByHiding(t *testing.T) {
	c, _ := newCertifiedChain(t, 3, asIs, slashingMost)
	c.upTo(5)
	c.hide(c.accounts[1], func(msg sdk.Msg) sdk.Msg { return msg })
	c.apply(da.EmptyTxs(), abci.Misbehavior{
		Type: abci.MisbehaviorType_DUPLICATE_VOTE, Height: 5, Time: c.now().Add(-12 * time.Second), TotalVotingPower: 300,
		Validator: abci.Validator{Address: c.validators[1].PubKey().Address(), Power: 100},
	})
}
