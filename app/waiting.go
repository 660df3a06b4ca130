package app

import (
	"crypto/sha256"
	"math"

	sdkmath "cosmossdk.io/math"
	abci "github.com/cometbft/cometbft/abci/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/ashlar-da/ashlar/app/ante"
	"github.com/ashlar-da/ashlar/app/blob"
	"github.com/ashlar-da/ashlar/app/pool"
	"github.com/ashlar-da/ashlar/da"
)

// committed is the last committed state as the mempool reads it.
type committed struct {
	ctx     sdk.Context
	keepers *Keepers
}

var _ pool.State = committed{}

// committed returns the state that CheckTx runs on: nothing writes to it between blocks.
func (a *App) committed() pool.State {
	return committed{ctx: a.GetContextForCheckTx(nil).WithBlockHeight(a.LastBlockHeight()), keepers: a.Keepers}
}

// Market implements pool.State.
func (c committed) Market() (pool.Market, error) {
	prices, err := c.keepers.Blob.Prices(c.ctx)
	if err != nil {
		return pool.Market{}, err
	}
	capacity, err := ante.Capacity(c.ctx, c.keepers.Blob)
	return pool.Market{Height: c.ctx.BlockHeight(), Time: c.ctx.BlockTime(), Prices: prices, Capacity: capacity}, err
}

// Sequence implements pool.State.
func (c committed) Sequence(address pool.Address) uint64 {
	if account := c.keepers.Account.GetAccount(c.ctx, sdk.AccAddress(address)); account != nil {
		return account.GetSequence()
	}
	return 0
}

// Spendable implements pool.State.
func (c committed) Spendable(address pool.Address) sdkmath.Int {
	return c.keepers.Bank.SpendableCoin(c.ctx, sdk.AccAddress(address), BaseDenom).Amount
}

// Allowed implements pool.State.
func (c committed) Allowed(granter, grantee pool.Address, amount sdkmath.Int, msgs []sdk.Msg) error {
	branch, _ := c.ctx.CacheContext()
	fee := sdk.NewCoins(sdk.NewCoin(BaseDenom, amount))
	if err := c.keepers.FeeGrant.UseGrantedFees(branch, sdk.AccAddress(granter), sdk.AccAddress(grantee), fee, msgs); err != nil {
		return blob.ErrInsufficientFunds.Wrapf("%s does not pay fees of %s, those of what waits included, for %s: %v", granter, fee, grantee, err)
	}
	return nil
}

// refreshPool holds what waits against the state just committed.
func (a *App) refreshPool(ctx sdk.Context) {
	ctx = ctx.WithConsensusParams(a.GetConsensusParams(ctx))
	if err := a.pool.Refresh(committed{ctx, a.Keepers}); err != nil {
		a.Logger().Error("the mempool could not be held against the new state", "height", ctx.BlockHeight(), "err", err)
	}
}

// noteIncluded tells the mempool what became of a block's transactions.
func (a *App) noteIncluded(height int64, txs [][]byte, results []*abci.ExecTxResult) {
	index := 0
	for i, raw := range txs {
		if blob.IsInjected(raw) || i >= len(results) {
			continue
		}
		if id, ok := idOf(raw); ok {
			a.pool.NoteIncluded(id, height, index, results[i].Code, results[i].Codespace)
		}
		index++
	}
}

// idOf returns what a transaction is known by, SHA-256 of its signed bytes: those are an
// envelope's first field. It copies and decodes nothing else of it, and is called for all
// that waits, at each block.
func idOf(raw []byte) (pool.ID, bool) {
	if !da.IsEnvelope(raw) {
		return sha256.Sum256(raw), true
	}
	field, kind, n := protowire.ConsumeTag(raw[1:])
	if n < 0 || field != 1 || kind != protowire.BytesType {
		return pool.ID{}, false
	}
	signed, n := protowire.ConsumeBytes(raw[1+n:])
	return sha256.Sum256(signed), n >= 0
}

// TxStatus returns what became of a transaction as far as this process remembers. It may be
// called beside ABCI.
func (a *App) TxStatus(id [da.HashSize]byte) pool.Status { return a.pool.Status(id) }

// PendingSequence returns the sequence that an account's next transaction must carry: the
// committed one, if nothing of it waits here. It may be called beside ABCI.
func (a *App) PendingSequence(address sdk.AccAddress, committed uint64) uint64 {
	return a.pool.Pending(pool.Address(address), committed)
}

// Verifications returns how many envelopes this process has verified by KZG before they
// entered the mempool, or refused then.
func (a *App) Verifications() uint64 { return a.verifier.Verifications() }

// gasOf fits gas into what ABCI tells.
func gasOf(gas uint64) int64 { return int64(min(gas, math.MaxInt64)) }
