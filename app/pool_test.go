package app_test

import (
	"testing"

	"cosmossdk.io/math"
	abci "github.com/cometbft/cometbft/abci/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/app/blob"
	"github.com/ashlar-da/ashlar/app/pool"
	"github.com/ashlar-da/ashlar/da"
)

// newLimitedChain is newChain with a mempool of other bounds.
func newLimitedChain(t testing.TB, limits pool.Limits) *chain {
	t.Helper()
	return newChainOn(t, newAppWith(t, limits))
}

// tipping returns a transfer that tips so many thousandths of an ASH.
func (c *chain) tipping(from account, sequence uint64, tip int64) []byte {
	c.t.Helper()
	fee := math.NewInt(200_000 * 20_000_000).Add(app.OneASH().QuoRaw(1000).MulRaw(tip + 1))
	return c.sign(from, terms{sequence: sequence, gas: 200_000, fee: fee}, banktypes.NewMsgSend(from.address(), from.address(), coins(math.OneInt())))
}

// recheck checks a transaction again, as CometBFT does after each block.
func (c *chain) recheck(tx []byte) *abci.ResponseCheckTx {
	c.t.Helper()
	resp, err := c.app.CheckTx(&abci.RequestCheckTx{Tx: tx, Type: abci.CheckTxType_Recheck})
	if err != nil {
		c.t.Fatal(err)
	}
	return resp
}

// TestAFullMempoolTakesWhoTipsMore: what tips least makes room, the latest of equals first,
// and is dropped when it is checked again. What finds no room is charged nothing.
func TestAFullMempoolTakesWhoTipsMore(t *testing.T) {
	c := newLimitedChain(t, pool.Limits{Txs: 2, Bytes: 1 << 20, Blocks: 10, AccountTxs: 64, AccountBytes: 1 << 20})
	first, second := c.tipping(c.accounts[1], 0, 5), c.tipping(c.accounts[2], 0, 5)
	c.accept(first, second)
	requireRefusal(t, "as much as those within", c.check(c.tipping(c.accounts[3], 0, 5)), sdkerrors.ErrMempoolIsFull)
	third := c.tipping(c.accounts[3], 0, 6)
	c.accept(third)
	if have := c.app.Mempool().CountTx(); have != 2 {
		t.Fatalf("%d transactions wait, want 2", have)
	}
	c.apply(da.EmptyTxs())
	for name, again := range map[string]struct {
		tx   []byte
		kept bool
	}{"the first": {first, true}, "the evicted": {second, false}, "the one that tips more": {third, true}} {
		if resp := c.recheck(again.tx); (resp.Code == 0) != again.kept {
			t.Errorf("%s: kept %v, want %v: %s", name, resp.Code == 0, again.kept, resp.Log)
		}
	}
	c.step()
	if have := c.app.Mempool().CountTx(); have != 0 || c.app.PoolBytes() != 0 {
		t.Errorf("%d transactions of %d bytes wait after their block", have, c.app.PoolBytes())
	}
}

// TestAMempoolFullOfBytes: blobs count, and the one that tips least makes room.
func TestAMempoolFullOfBytes(t *testing.T) {
	c := newLimitedChain(t, pool.Limits{Txs: 100, Bytes: 300_000, Blocks: 10, AccountTxs: 64, AccountBytes: 300_000})
	cheap, dear := offer{feeCap: 1e10, tipCap: 1}, offer{feeCap: 1e10, tipCap: 1e9}
	exact := func(sequence uint64) terms { return terms{sequence: sequence, gas: 200_000} }
	c.accept(
		c.blobTx(c.accounts[2], exact(0), cheap, rowBlob(t, 1)),
		c.blobTx(c.accounts[2], exact(1), cheap, rowBlob(t, 2)),
	)
	less := terms{gas: 200_000, fee: app.OneASH().QuoRaw(2)}
	requireRefusal(t, "a third row that tips less", c.check(c.blobTx(c.accounts[3], less, cheap, rowBlob(t, 3))), sdkerrors.ErrMempoolIsFull)
	c.accept(c.blobTx(c.accounts[3], terms{gas: 200_000, fee: app.OneASH().MulRaw(2)}, dear, rowBlob(t, 3)))
	if have := c.app.Mempool().CountTx(); have != 2 || c.app.PoolBytes() > 300_000 || c.app.PoolBytes() < 2*da.DataRowSize {
		t.Errorf("%d transactions of %d bytes wait, want 2 that fit", have, c.app.PoolBytes())
	}
}

// TestNothingWaitsForEver: a transaction that names more gas than is ever left gives up its
// place in the end, with the reason.
func TestNothingWaitsForEver(t *testing.T) {
	c := newLimitedChain(t, pool.Limits{Txs: 10, Bytes: 1 << 20, Blocks: 2, AccountTxs: 64, AccountBytes: 1 << 20})
	tx := c.tipping(c.accounts[2], 0, 1)
	c.accept(tx)
	for range 2 {
		c.apply(da.EmptyTxs())
		if resp := c.recheck(tx); resp.Code != 0 {
			t.Fatalf("height %d: dropped: %s", c.height, resp.Log)
		}
	}
	c.apply(da.EmptyTxs())
	requireRefusal(t, "after two blocks", c.recheck(tx), blob.ErrEvicted)
	if c.app.Mempool().CountTx() != 0 {
		t.Error("it waits in the application's mempool")
	}
}
