package app_test

import (
	"testing"
	"time"

	"cosmossdk.io/math"
	abci "github.com/cometbft/cometbft/abci/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	"github.com/cosmos/cosmos-sdk/x/feegrant"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"
	slashingtypes "github.com/cosmos/cosmos-sdk/x/slashing/types"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/app/blob"
	"github.com/ashlar-da/ashlar/da"
	blobpb "github.com/ashlar-da/ashlar/proto/blob"
)

// requireExecuted fails unless all transactions of a block succeeded.
func requireExecuted(t testing.TB, resp *abci.ResponseFinalizeBlock) {
	t.Helper()
	for i, r := range resp.TxResults {
		if r.Code != 0 {
			t.Fatalf("transaction %d: %s %d: %s", i, r.Codespace, r.Code, r.Log)
		}
	}
}

// TestWhatIsDueIsBurnedAndTheTipPaid follows the money of one blob transaction: what the
// payer loses, what ceases to exist, and what the proposer, and nobody else, may withdraw.
func TestWhatIsDueIsBurnedAndTheTipPaid(t *testing.T) {
	c := newChain(t)
	user, balance, supply := c.accounts[2], c.balance(c.accounts[2].address()), c.supply()
	fee := app.OneASH()
	tx := c.blobTx(user, terms{fee: fee}, generous, smallBlob(t, 1, da.DataCellSize+1))
	c.accept(tx)
	_, resp := c.step()
	requireExecuted(t, resp)

	envelope, err := da.DecodeEnvelope(tx)
	if err != nil {
		t.Fatal(err)
	}
	gas := math.NewIntFromUint64(2*2048 + da.TxBlobGas(len(envelope.Tx)))
	execution := math.NewInt(20_000_000 * 500_000)
	burned := math.NewInt(1_000_000_000).Mul(gas).Add(execution)
	tip := math.NewInt(generous.tipCap).Mul(gas).Add(fee.Sub(math.NewInt(generous.feeCap).Mul(gas)).Sub(execution))
	if got := balance.Sub(c.balance(user.address())); !got.Equal(burned.Add(tip)) {
		t.Errorf("the payer paid %s, want %s", got, burned.Add(tip))
	}
	if got := supply.Sub(c.supply()); !got.Equal(burned) {
		t.Errorf("%s were burned, want %s", got, burned)
	}
	for i, want := range []math.Int{tip, math.ZeroInt()} {
		rewards, err := c.app.Keepers.Distribution.GetValidatorOutstandingRewardsCoins(c.ctx(), sdk.ValAddress(c.accounts[i].address()))
		if err != nil {
			t.Fatal(err)
		}
		if got := rewards.AmountOf(app.BaseDenom); !got.Equal(math.LegacyNewDecFromInt(want)) {
			t.Errorf("validator %d may withdraw %s, want %s", i, got, want)
		}
	}
	c.requireNothingKept()
}

// requireNothingKept fails if fees are left with the blob module: all of them are burned
// or paid by a block's end.
func (c *chain) requireNothingKept() {
	c.t.Helper()
	if kept := c.balance(authtypes.NewModuleAddress(blob.ModuleName)); !kept.IsZero() {
		c.t.Errorf("the blob module keeps %s", kept)
	}
}

// TestTipsOfAnUnknownProposerAreShared: the proposer of a block may have left the set.
func TestTipsOfAnUnknownProposerAreShared(t *testing.T) {
	c := newChain(t)
	c.accept(c.transfer(c.accounts[2], c.accounts[3], 0))
	txs := c.propose()
	resp, err := c.app.FinalizeBlock(&abci.RequestFinalizeBlock{
		Txs: txs, Hash: c.hash(txs), Height: c.height + 1, Time: c.now(),
		DecidedLastCommit: c.commitInfo(), ProposerAddress: make([]byte, 20),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.app.Commit(); err != nil {
		t.Fatal(err)
	}
	c.height++
	requireExecuted(t, resp)
	c.requireNothingKept()
	if shared := c.balance(authtypes.NewModuleAddress(authtypes.FeeCollectorName)); !shared.IsPositive() {
		t.Errorf("%s are left to be shared", shared)
	}
}

// TestExcessMovesThePrice: full blocks raise the base fee for the block after, and it
// is what the query says and the roots record.
func TestExcessMovesThePrice(t *testing.T) {
	c := newChain(t, func(e *app.Encoding, s app.GenesisState) {
		state := blob.DefaultGenesis()
		state.Params.BlockTime, state.Params.UpdateFraction = 24*time.Hour, 1_000_000_000
		s[blob.ModuleName] = e.Codec.MustMarshalJSON(state)
	})
	before, err := c.app.Keepers.Blob.BaseFee(c.ctx())
	if err != nil {
		t.Fatal(err)
	}
	c.accept(c.blobTx(c.accounts[2], terms{}, generous, smallBlob(t, 1, 10)))
	_, resp := c.step()
	requireExecuted(t, resp)
	after, err := c.app.Keepers.Blob.BaseFee(c.ctx())
	if err != nil {
		t.Fatal(err)
	}
	roots, err := c.app.Keepers.Blob.Roots(c.ctx(), c.height)
	if err != nil {
		t.Fatal(err)
	}
	if !after.GT(before) || !roots.BaseFee.Equal(before) || roots.BlobGasUsed <= 2048 {
		t.Fatalf("base fee %s then %s, the block recorded %s for %d blob gas", before, after, roots.BaseFee, roots.BlobGasUsed)
	}
	// What offers less than the new price waits, and what offers less than the reserve does not.
	cheap := offer{feeCap: before.Int64(), tipCap: 0}
	c.accept(c.blobTx(c.accounts[3], terms{}, cheap, smallBlob(t, 2, 10)))
	if txs := c.propose(); len(txs) != 2 {
		t.Errorf("%d transactions are offered at yesterday's price", len(txs)-2)
	}
	cheap.feeCap--
	requireRefusal(t, "below the reserve", c.check(c.blobTx(c.accounts[4], terms{}, cheap, smallBlob(t, 2, 10))), blob.ErrFeeTooLow)
}

// TestSlowBlocksDoNotRaiseThePrice: the same blocks, all full, come in time on one chain
// and at half the pace on the other.
func TestSlowBlocksDoNotRaiseThePrice(t *testing.T) {
	price := func(blockTime time.Duration) math.Int {
		c := newChain(t, func(e *app.Encoding, s app.GenesisState) {
			state := blob.DefaultGenesis()
			state.Params.MaxRows, state.Params.MaxTxRows, state.Params.MaxSharedRows = 3, 1, 1
			state.Params.BlockTime = blockTime
			s[blob.ModuleName] = e.Codec.MustMarshalJSON(state)
		})
		for sequence := range uint64(3) {
			c.accept(c.blobTx(c.accounts[2], terms{sequence: sequence}, generous, rowBlob(t, 1), smallBlob(t, 2, 32*da.DataCellSize), smallBlob(t, 3, 32*da.DataCellSize)))
			_, resp := c.step()
			requireExecuted(t, resp)
		}
		fee, err := c.app.Keepers.Blob.BaseFee(c.ctx())
		if err != nil {
			t.Fatal(err)
		}
		return fee
	}
	reserve := blob.DefaultParams().ReservePrice
	if inTime := price(6 * time.Second); !inTime.GT(reserve) {
		t.Errorf("blocks of two thirds in time cost %s, want more than %s", inTime, reserve)
	}
	if slow := price(3 * time.Second); !slow.Equal(reserve) {
		t.Errorf("blocks at half the pace cost %s, want %s", slow, reserve)
	}
}

// TestFeeGrantPays has one account pay for another's blobs.
func TestFeeGrantPays(t *testing.T) {
	c := newChain(t)
	granter, user := c.accounts[2], c.accounts[3]
	grant, err := feegrant.NewMsgGrantAllowance(&feegrant.BasicAllowance{}, granter.address(), user.address())
	if err != nil {
		t.Fatal(err)
	}
	stranger := c.blobTx(user, terms{granter: c.accounts[4].address()}, generous, smallBlob(t, 1, 10))
	if resp := c.check(stranger); resp.Code == 0 {
		t.Fatal("an account that granted nothing pays")
	}
	c.accept(c.sign(granter, terms{}, grant))
	_, resp := c.step()
	requireExecuted(t, resp)
	before, own := c.balance(granter.address()), c.balance(user.address())
	c.accept(c.blobTx(user, terms{granter: granter.address()}, generous, smallBlob(t, 1, 10)))
	_, resp = c.step()
	requireExecuted(t, resp)
	if !c.balance(granter.address()).LT(before) || !c.balance(user.address()).Equal(own) {
		t.Fatal("the granter did not pay, or the user did")
	}
}

// TestDelegatorBonds bonds an account's ASH with a validator.
func TestDelegatorBonds(t *testing.T) {
	c := newChain(t)
	delegator, operator := c.accounts[3], sdk.ValAddress(c.accounts[0].address())
	stake := app.OneASH().MulRaw(50)
	c.accept(c.sign(delegator, terms{}, stakingtypes.NewMsgDelegate(delegator.address().String(), operator.String(), sdk.NewCoin(app.BaseDenom, stake))))
	_, resp := c.step()
	requireExecuted(t, resp)
	bonded, err := c.app.Keepers.Staking.GetDelegatorBonded(c.ctx(), delegator.address())
	if err != nil || !bonded.Equal(stake) {
		t.Fatalf("have %s bonded (%v), want %s", bonded, err, stake)
	}
	if len(resp.ValidatorUpdates) != 1 || resp.ValidatorUpdates[0].Power != 150 {
		t.Fatalf("have validator updates %v, want one of power 150", resp.ValidatorUpdates)
	}
}

// TestDoubleSignerIsSlashed hands the application CometBFT's evidence of a duplicate vote.
func TestDoubleSignerIsSlashed(t *testing.T) {
	c := newChain(t)
	c.apply(da.EmptyTxs())
	address := c.validators[1].PubKey().Address()
	resp := c.apply(da.EmptyTxs(), abci.Misbehavior{
		Type:             abci.MisbehaviorType_DUPLICATE_VOTE,
		Validator:        abci.Validator{Address: address, Power: 100},
		Height:           c.height,
		Time:             c.now().Add(-6 * time.Second),
		TotalVotingPower: 200,
	})
	validator, err := c.app.Keepers.Staking.GetValidator(c.ctx(), sdk.ValAddress(c.accounts[1].address()))
	if err != nil {
		t.Fatal(err)
	}
	staked := app.OneASH().MulRaw(100)
	want := staked.Sub(math.LegacyNewDecFromInt(staked).Mul(slashingtypes.DefaultSlashFractionDoubleSign).TruncateInt())
	if !validator.Jailed || !validator.Tokens.Equal(want) {
		t.Fatalf("jailed %v with %s, want jailed with %s", validator.Jailed, validator.Tokens, want)
	}
	if len(resp.ValidatorUpdates) != 1 || resp.ValidatorUpdates[0].Power != 0 {
		t.Fatalf("have validator updates %v, want the double signer's removal", resp.ValidatorUpdates)
	}
}

// TestGovernanceChangesParameters votes a smaller square in; nobody else may.
func TestGovernanceChangesParameters(t *testing.T) {
	c := newChain(t, quickVotes)
	params := blob.DefaultParams()
	params.MaxRows = 20
	authority := authtypes.NewModuleAddress(govtypes.ModuleName).String()
	usurper := c.accounts[4]
	c.accept(
		c.sign(c.accounts[2], terms{}, propose(t, c.accounts[2], &blobpb.MsgUpdateParams{Authority: authority, Params: params})),
		c.sign(usurper, terms{}, &blobpb.MsgUpdateParams{Authority: usurper.address().String(), Params: params}),
	)
	_, resp := c.step()
	if failed := resp.TxResults[2].Code != 0; failed == (resp.TxResults[3].Code != 0) {
		t.Fatalf("of governance and a usurper, not exactly one failed: %v", resp.TxResults)
	}
	for _, voter := range c.accounts[:2] {
		c.accept(c.sign(voter, terms{}, govv1.NewMsgVote(voter.address(), 1, govv1.OptionYes, "")))
	}
	_, resp = c.step()
	requireExecuted(t, resp)
	for range 3 {
		c.apply(da.EmptyTxs())
	}
	limits, err := c.app.Keepers.Blob.Limits(c.ctx())
	if err != nil || limits.MaxRows != 20 {
		t.Fatalf("have %d rows (%v), want the 20 voted for", limits.MaxRows, err)
	}
}

// TestPayForBlobsOutsideAnEnvelopeFails: nothing of governance runs in an envelope, so
// the message server itself must refuse what slipped past the ante chain.
func TestPayForBlobsOutsideAnEnvelopeFails(t *testing.T) {
	c := newChain(t)
	msg, _ := c.envelope(c.accounts[2], generous, smallBlob(t, 1, 10))
	if _, err := c.app.MsgServiceRouter().Handler(msg)(c.ctx(), msg); !blob.ErrNotFromEnvelope.Is(err) {
		t.Fatalf("have %v want ErrNotFromEnvelope", err)
	}
}

// TestFeesAreInBaseDenominationAlone names a fee in something else.
func TestFeesAreInBaseDenominationAlone(t *testing.T) {
	c := newChain(t)
	user := c.accounts[2]
	send := banktypes.NewMsgSend(user.address(), user.address(), coins(math.OneInt()))
	requireRefusal(t, "another denomination", c.check(c.sign(user, terms{denom: "other"}, send)), blob.ErrInvalidFee)
}

// TestGasCanBeEstimated simulates a transaction that names no fee yet, as clients do,
// and adds a tenth, as they do.
func TestGasCanBeEstimated(t *testing.T) {
	c := newChain(t)
	user := c.accounts[2]
	send := banktypes.NewMsgSend(user.address(), user.address(), coins(math.OneInt()))
	estimate, _, err := c.app.Simulate(c.sign(user, terms{fee: math.ZeroInt()}, send))
	if err != nil {
		t.Fatal(err)
	}
	c.accept(c.sign(user, terms{gas: estimate.GasUsed * 11 / 10}, send))
	_, resp := c.step()
	requireExecuted(t, resp)
}

// TestGasOfManyBlobs: what a transaction of many small blobs uses grows with the bytes that it
// signs, and is within what clients offer for that and what the chain lets them name.
func TestGasOfManyBlobs(t *testing.T) {
	c := newChain(t)
	blobs := make([]da.Blob, 200)
	for i := range blobs {
		blobs[i] = smallBlob(t, 1, 100)
	}
	raw := c.blobTx(c.accounts[2], terms{gas: 1_000_000}, generous, blobs...)
	c.accept(raw)
	_, resp := c.step()
	requireExecuted(t, resp)
	envelope, err := da.DecodeEnvelope(raw)
	if err != nil {
		t.Fatal(err)
	}
	signed := len(envelope.Tx)
	if used, offered := resp.TxResults[2].GasUsed, int64(100_000+12*signed); used > offered || blob.MaxGas(signed) < 2*uint64(used) {
		t.Errorf("%d gas for %d bytes signed: clients offer %d, and the chain takes %d", used, signed, offered, blob.MaxGas(signed))
	}
}
