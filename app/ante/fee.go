package ante

import (
	"bytes"
	"math"

	sdkmath "cosmossdk.io/math"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
	authkeeper "github.com/cosmos/cosmos-sdk/x/auth/keeper"
	bankkeeper "github.com/cosmos/cosmos-sdk/x/bank/keeper"
	feegrantkeeper "github.com/cosmos/cosmos-sdk/x/feegrant/keeper"

	"github.com/ashlar-da/ashlar/app/blob"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// feeDecorator charges a transaction: what is due is burned, and the tip waits in the
// blob module's account for the end of the block, when the proposer gets it. The whole fee named must be held by whoever pays, so that
// no rise of the base fee up to the cap can leave it short. What is paid above the least
// becomes the transaction's priority, held against what it uses of the block.
type feeDecorator struct {
	accounts authkeeper.AccountKeeper
	bank     bankkeeper.Keeper
	grants   feegrantkeeper.Keeper
	keeper   *blob.Keeper
	denom    string
}

// AnteHandle implements sdk.AnteDecorator. Genesis transactions pay nothing.
func (d feeDecorator) AnteHandle(ctx sdk.Context, tx sdk.Tx, simulate bool, next sdk.AnteHandler) (sdk.Context, error) {
	if ctx.BlockHeight() == 0 {
		return next(ctx, tx, simulate)
	}
	feeTx, ok := tx.(sdk.FeeTx)
	if !ok {
		return ctx, sdkerrors.ErrTxDecode.Wrapf("transaction type %T names no fee", tx)
	}
	if !simulate && feeTx.GetGas() == 0 {
		return ctx, sdkerrors.ErrInvalidGasLimit.Wrap("the gas limit is 0: name the execution gas the transaction may use")
	}
	offer, err := d.offer(ctx, tx, feeTx)
	if err != nil && !simulate {
		return ctx, err
	}
	charge, err := d.charge(ctx, offer, simulate)
	if err != nil {
		return ctx, err
	}
	if err := d.collect(ctx, tx, feeTx, charge); err != nil {
		return ctx, err
	}
	capacity, err := d.capacity(ctx)
	if err != nil {
		return ctx, err
	}
	return next(ctx.WithPriority(capacity.priority(offer, charge.Tip)), tx, simulate)
}

// offer returns what the transaction bids.
func (d feeDecorator) offer(ctx sdk.Context, tx sdk.Tx, feeTx sdk.FeeTx) (blob.Offer, error) {
	offer := blob.Offer{BlobGas: da.TxBlobGas(len(ctx.TxBytes())), Gas: feeTx.GetGas()}
	if tx, ok := tx.(*blob.Tx); ok {
		pay := tx.Pay()
		offer.BlobGas += tx.Message.BlobGas()
		offer.FeeCap, offer.TipCap = &pay.FeeCap, &pay.TipCap
	}
	var err error
	offer.Fee, err = d.feeAmount(feeTx.GetFee())
	return offer, err
}

// charge returns what the offer pays. A transaction that is simulated to estimate its gas
// may offer too little yet: it then pays a token, for the same work.
func (d feeDecorator) charge(ctx sdk.Context, offer blob.Offer, simulate bool) (blob.Charge, error) {
	prices, err := d.prices(ctx)
	if err != nil {
		return blob.Charge{}, err
	}
	charge, err := offer.Quote(prices)
	if err != nil && simulate {
		one := sdkmath.OneInt()
		return blob.Charge{Burn: one, Tip: one}, nil
	}
	return charge, err
}

// prices returns the least a block charges. The node's own minimum is no rule of the
// chain: it acts in CheckTx only.
func (d feeDecorator) prices(ctx sdk.Context) (blob.Prices, error) {
	prices, err := d.keeper.Prices(ctx)
	if ctx.IsCheckTx() && err == nil {
		own := ctx.MinGasPrices().AmountOf(d.denom).Ceil().TruncateInt()
		prices.Gas = sdkmath.MaxInt(prices.Gas, own)
	}
	return prices, err
}

// feeAmount returns the one amount that may be named as the fee.
func (d feeDecorator) feeAmount(fee sdk.Coins) (sdkmath.Int, error) {
	switch {
	case len(fee) == 0:
		return sdkmath.ZeroInt(), nil
	case len(fee) > 1 || fee[0].Denom != d.denom:
		return sdkmath.Int{}, blob.ErrInvalidFee.Wrapf("fee is %s: pay in %s alone", fee, d.denom)
	}
	return fee[0].Amount, nil
}

// collect takes the charge from whoever pays.
func (d feeDecorator) collect(ctx sdk.Context, tx sdk.Tx, feeTx sdk.FeeTx, charge blob.Charge) error {
	payer, err := d.payer(ctx, tx, feeTx, charge)
	if err != nil {
		return err
	}
	named := feeTx.GetFee().AmountOf(d.denom)
	if held := d.bank.SpendableCoin(ctx, payer, d.denom).Amount; held.LT(named) {
		return blob.ErrInsufficientFunds.Wrapf("%s can spend %s%s, the fee named is %s%s: fund the account or lower the fee", payer, held, d.denom, named, d.denom)
	}
	if err := d.bank.SendCoinsFromAccountToModule(ctx, payer, blob.ModuleName, d.coins(charge.Total())); err != nil {
		return blob.ErrInsufficientFunds.Wrap(err.Error())
	}
	if err := d.bank.BurnCoins(ctx, blob.ModuleName, d.coins(charge.Burn)); err != nil {
		return err
	}
	ctx.EventManager().EmitEvent(sdk.NewEvent(sdk.EventTypeTx,
		sdk.NewAttribute(sdk.AttributeKeyFee, d.coins(charge.Total()).String()),
		sdk.NewAttribute(sdk.AttributeKeyFeePayer, payer.String()),
	))
	return nil
}

// payer returns the account that pays: the fee granter, if it allows that, or the
// transaction's fee payer.
func (d feeDecorator) payer(ctx sdk.Context, tx sdk.Tx, feeTx sdk.FeeTx, charge blob.Charge) (sdk.AccAddress, error) {
	payer := sdk.AccAddress(feeTx.FeePayer())
	if granter := sdk.AccAddress(feeTx.FeeGranter()); len(granter) > 0 && !bytes.Equal(granter, payer) {
		if err := d.grants.UseGrantedFees(ctx, granter, payer, d.coins(charge.Total()), tx.GetMsgs()); err != nil {
			return nil, sdkerrors.ErrUnauthorized.Wrapf("%s does not pay fees for %s: %v", granter, payer, err)
		}
		payer = granter
	}
	if !d.accounts.HasAccount(ctx, payer) {
		return nil, sdkerrors.ErrUnknownAddress.Wrapf("%s pays the fee but does not exist: fund it first", payer)
	}
	return payer, nil
}

func (d feeDecorator) coins(amount sdkmath.Int) sdk.Coins {
	return sdk.NewCoins(sdk.NewCoin(d.denom, amount))
}

// capacity is what a block holds of each of its two resources.
type capacity struct {
	blobGas, gas uint64
}

// capacity returns that of the blocks at hand. Without a bound on execution gas, blob gas
// alone is scarce.
func (d feeDecorator) capacity(ctx sdk.Context) (capacity, error) {
	limits, err := d.keeper.Limits(ctx)
	c := capacity{blobGas: uint64(limits.MaxRows) * kzg.RowSize}
	if block := ctx.ConsensusParams().Block; block != nil && block.MaxGas > 0 {
		c.gas = uint64(block.MaxGas)
	}
	return c, err
}

// priority returns what the mempool compares: the tip per blob gas, or, where a larger
// share of a block's execution gas is used than of its blob gas, per that share. So
// whoever fills a block pays for all of it, whichever way it is filled.
func (c capacity) priority(offer blob.Offer, tip sdkmath.Int) int64 {
	used := sdkmath.NewIntFromUint64(max(offer.BlobGas, 1))
	if c.gas > 0 {
		share := sdkmath.NewIntFromUint64(offer.Gas).Mul(sdkmath.NewIntFromUint64(c.blobGas)).Quo(sdkmath.NewIntFromUint64(c.gas))
		used = sdkmath.MaxInt(used, share)
	}
	if perGas := tip.Quo(used); perGas.IsInt64() {
		return perGas.Int64()
	}
	return math.MaxInt64
}
