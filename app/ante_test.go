package app_test

import (
	"slices"
	"testing"

	"cosmossdk.io/math"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	"github.com/cosmos/cosmos-sdk/x/feegrant"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/app/blob"
	"github.com/ashlar-da/ashlar/da"
)

// requirePaid fails unless the block burned the base fee of all the blob gas that counts
// towards the price, and the price of the execution gas named: what fills the block is
// paid for, whatever its messages did.
func requirePaid(t *testing.T, c *chain, supply math.Int, gas int64) {
	t.Helper()
	roots, err := c.app.Keepers.Blob.Roots(c.ctx(), c.height)
	if err != nil {
		t.Fatal(err)
	}
	want := roots.BaseFee.Mul(math.NewIntFromUint64(roots.BlobGasUsed)).Add(blob.DefaultParams().MinGasPrice.MulRaw(gas))
	if got := supply.Sub(c.supply()); !got.Equal(want) || !want.IsPositive() {
		t.Errorf("%s were burned, want %s for %d blob gas", got, want, roots.BlobGasUsed)
	}
}

// TestNoMessageLeavesALaterTransactionUnpaid has the first transaction of a block move
// away what the following ones pay with. All were voted for, all are in the square, so
// all pay: what fails is the message.
func TestNoMessageLeavesALaterTransactionUnpaid(t *testing.T) {
	c := newChain(t)
	drained, friend := c.accounts[2], c.accounts[3]
	due := app.OneASH().QuoRaw(100)
	for _, drain := range []struct {
		name   string
		amount math.Int
		failed uint32
	}{
		{name: "all that is left", amount: c.balance(drained.address()).Sub(due.MulRaw(4))},
		{name: "more than that", amount: app.OneASH().MulRaw(1000), failed: sdkerrors.ErrInsufficientFunds.ABCICode()},
	} {
		sequence, supply, before := c.sequence(drained), c.supply(), c.balance(drained.address())
		move := banktypes.NewMsgSend(drained.address(), friend.address(), coins(drain.amount))
		c.accept(c.sign(drained, terms{sequence: sequence}, move))
		for i := range uint64(3) {
			c.accept(c.transfer(drained, drained, sequence+1+i))
		}
		_, resp := c.step()
		if got := resp.TxResults[2].Code; got != drain.failed {
			t.Fatalf("%s: the draining transaction has code %d want %d: %s", drain.name, got, drain.failed, resp.TxResults[2].Log)
		}
		requirePaid(t, c, supply, 4*1_000_000)
		c.requireNothingKept()
		moved := math.ZeroInt()
		if drain.failed == 0 {
			moved = drain.amount
		}
		if got, want := c.balance(drained.address()), before.Sub(moved).Sub(due.MulRaw(4)); !got.Equal(want) {
			t.Errorf("%s: the drained account holds %s, want %s", drain.name, got, want)
		}
		if got := c.sequence(drained); got != sequence+4 {
			t.Errorf("%s: have sequence %d want %d", drain.name, got, sequence+4)
		}
		c.apply(c.refill(friend, drained))
	}
}

// refill returns a block that gives an account back what it gave.
func (c *chain) refill(from, to account) [][]byte {
	c.t.Helper()
	missing := math.MaxInt(math.ZeroInt(), app.OneASH().MulRaw(990).Sub(c.balance(to.address())))
	if missing.IsZero() {
		return da.EmptyTxs()
	}
	c.accept(c.sign(from, terms{sequence: c.sequence(from)}, banktypes.NewMsgSend(from.address(), to.address(), coins(missing))))
	return c.propose()
}

// TestRevokingAnAllowanceComesTooLate: the granter revokes in the block in which the
// grantee spends.
func TestRevokingAnAllowanceComesTooLate(t *testing.T) {
	c := newChain(t)
	granter, user := c.accounts[2], c.accounts[3]
	grant, err := feegrant.NewMsgGrantAllowance(&feegrant.BasicAllowance{}, granter.address(), user.address())
	if err != nil {
		t.Fatal(err)
	}
	c.accept(c.sign(granter, terms{}, grant))
	_, resp := c.step()
	requireExecuted(t, resp)
	revoke := feegrant.NewMsgRevokeAllowance(granter.address(), user.address())
	send := banktypes.NewMsgSend(user.address(), user.address(), coins(math.OneInt()))
	supply, own := c.supply(), c.balance(user.address())
	c.accept(
		c.sign(granter, terms{sequence: 1, fee: app.OneASH()}, &revoke),
		c.sign(user, terms{granter: granter.address()}, send),
	)
	_, resp = c.step()
	requireExecuted(t, resp)
	requirePaid(t, c, supply, 2*1_000_000)
	if !c.balance(user.address()).Equal(own) {
		t.Error("the grantee paid")
	}
}

// TestResultsTellWhatTheAntePaid: the fee events and the gas of the ante are in the
// transaction's result, where wallets and explorers look for them.
func TestResultsTellWhatTheAntePaid(t *testing.T) {
	c := newChain(t)
	user := c.accounts[2]
	c.accept(c.transfer(user, c.accounts[3], 0))
	_, resp := c.step()
	requireExecuted(t, resp)
	result := resp.TxResults[2]
	var kinds []string
	for _, event := range result.Events {
		kinds = append(kinds, event.Type)
		if event.Type != sdk.EventTypeTx {
			continue
		}
		for _, attribute := range event.Attributes {
			if attribute.Key == sdk.AttributeKeyFeePayer && attribute.Value != user.address().String() {
				t.Errorf("the fee payer is said to be %s, want %s", attribute.Value, user.address())
			}
		}
	}
	if !slices.Contains(kinds, sdk.EventTypeTx) || !slices.Contains(kinds, banktypes.EventTypeTransfer) {
		t.Errorf("have events %v, want the fee and the transfer among them", kinds)
	}
	if result.GasWanted != 1_000_000 || result.GasUsed < 30_000 {
		t.Errorf("have gas wanted %d and used %d: the ante's is missing", result.GasWanted, result.GasUsed)
	}
	for _, event := range resp.Events {
		if event.Type == sdk.EventTypeTx {
			t.Error("the fee is told of the block, not of its transaction")
		}
	}
}

// TestExecutionIsNotFree: gas is paid for by the limit named, and orders the block where
// it is what is scarce.
func TestExecutionIsNotFree(t *testing.T) {
	c := newChain(t)
	send := func(from account) sdk.Msg {
		return banktypes.NewMsgSend(from.address(), from.address(), coins(math.OneInt()))
	}
	hog := terms{gas: app.MaxBlockGas, fee: math.NewInt(3e15)}
	requireRefusal(t, "a block's gas for less than its floor", c.check(c.sign(c.accounts[2], hog, send(c.accounts[2]))), blob.ErrFeeTooLow)
	hog.fee = math.NewInt(5e15)
	modest := terms{gas: 200_000, fee: math.NewInt(7e12)}
	c.accept(
		c.sign(c.accounts[2], hog, send(c.accounts[2])),
		c.sign(c.accounts[3], modest, send(c.accounts[3])),
	)
	txs, resp := c.step()
	requireExecuted(t, resp)
	if len(txs) != 2+1 || c.sequence(c.accounts[3]) != 1 {
		t.Fatalf("a transaction that pays a thousandth for a thousandth of the gas waits for one that fills the block")
	}
	_, resp = c.step()
	requireExecuted(t, resp)
	if c.sequence(c.accounts[2]) != 1 {
		t.Fatal("the transaction that fills a block never gets one")
	}
}

// TestVotersChargeTheFloor: the price of execution is a rule of the chain, not of the
// proposer's mempool.
func TestVotersChargeTheFloor(t *testing.T) {
	lax := newChain(t, func(e *app.Encoding, s app.GenesisState) {
		state := blob.DefaultGenesis()
		state.Params.MinGasPrice = math.OneInt()
		s[blob.ModuleName] = e.Codec.MustMarshalJSON(state)
	})
	user := lax.accounts[2]
	lax.accept(lax.sign(user, terms{gas: 200_000, fee: math.NewInt(1e12)}, banktypes.NewMsgSend(user.address(), user.address(), coins(math.OneInt()))))
	txs := lax.propose()
	if !lax.process(txs) || len(txs) != 2+1 {
		t.Fatal("the chain with the low price rejects its own proposal")
	}
	if newChain(t).process(txs) {
		t.Fatal("a block below the price of execution is voted for")
	}
}
