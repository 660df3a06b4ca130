package ante

import (
	"bytes"
	"math"

	sdkmath "cosmossdk.io/math"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
	authkeeper "github.com/cosmos/cosmos-sdk/x/auth/keeper"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	bankkeeper "github.com/cosmos/cosmos-sdk/x/bank/keeper"
	feegrantkeeper "github.com/cosmos/cosmos-sdk/x/feegrant/keeper"

	"github.com/ashlar-da/ashlar/app/blob"
	"github.com/ashlar-da/ashlar/da"
)

// feeDecorator charges a transaction: the base fee of its blob gas is burned, the rest
// goes to the fee collector. The whole fee named must be held by whoever pays, so that
// no rise of the base fee up to the cap can leave it short. The effective tip becomes
// the transaction's priority.
type feeDecorator struct {
	accounts authkeeper.AccountKeeper
	bank     bankkeeper.BaseKeeper
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
	charge, err := d.charge(ctx, tx, feeTx, simulate)
	if err != nil {
		return ctx, err
	}
	if err := d.collect(ctx, tx, feeTx, charge); err != nil {
		return ctx, err
	}
	return next(ctx.WithPriority(priority(charge.Tip)), tx, simulate)
}

// charge returns what the transaction pays. One that is simulated to estimate its gas
// may offer too little yet: it then pays a token, for the same work.
func (d feeDecorator) charge(ctx sdk.Context, tx sdk.Tx, feeTx sdk.FeeTx, simulate bool) (blob.Charge, error) {
	charge, err := d.quote(ctx, tx, feeTx)
	if err != nil && simulate {
		one := sdkmath.OneInt()
		return blob.Charge{Burn: one, Collect: one, Execution: one, Tip: sdkmath.ZeroInt()}, nil
	}
	if err != nil || simulate {
		return charge, err
	}
	return charge, checkMinGasPrices(ctx, feeTx.GetGas(), charge.Execution, d.denom)
}

// quote prices the transaction at the state's base fee.
func (d feeDecorator) quote(ctx sdk.Context, tx sdk.Tx, feeTx sdk.FeeTx) (blob.Charge, error) {
	fee, err := d.feeAmount(feeTx.GetFee())
	if err != nil {
		return blob.Charge{}, err
	}
	baseFee, err := d.keeper.BaseFee(ctx)
	if err != nil {
		return blob.Charge{}, err
	}
	offer := blob.Offer{Gas: da.TxBlobGas(len(ctx.TxBytes())), Fee: fee}
	if tx, ok := tx.(*blob.Tx); ok {
		pay := tx.Pay()
		offer.Gas += tx.Message.BlobGas()
		offer.FeeCap, offer.TipCap = &pay.FeeCap, &pay.TipCap
	}
	return offer.Quote(baseFee)
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

// checkMinGasPrices holds what is offered for execution against the node's own
// minimum, which is no rule of the chain: it acts in CheckTx only.
func checkMinGasPrices(ctx sdk.Context, gas uint64, execution sdkmath.Int, denom string) error {
	if !ctx.IsCheckTx() {
		return nil
	}
	least := ctx.MinGasPrices().AmountOf(denom).MulInt(sdkmath.NewIntFromUint64(gas)).Ceil().TruncateInt()
	if execution.LT(least) {
		return sdkerrors.ErrInsufficientFee.Wrapf("%s%s are left for execution: this node wants %s%s for %d gas", execution, denom, least, denom, gas)
	}
	return nil
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
	if err := d.burn(ctx, payer, charge.Burn); err != nil {
		return err
	}
	if charge.Collect.IsPositive() {
		if err := d.bank.SendCoinsFromAccountToModule(ctx, payer, authtypes.FeeCollectorName, d.coins(charge.Collect)); err != nil {
			return blob.ErrInsufficientFunds.Wrap(err.Error())
		}
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

// burn takes the base fee's part out of existence.
func (d feeDecorator) burn(ctx sdk.Context, payer sdk.AccAddress, amount sdkmath.Int) error {
	if !amount.IsPositive() {
		return nil
	}
	if err := d.bank.SendCoinsFromAccountToModule(ctx, payer, blob.ModuleName, d.coins(amount)); err != nil {
		return blob.ErrInsufficientFunds.Wrap(err.Error())
	}
	return d.bank.BurnCoins(ctx, blob.ModuleName, d.coins(amount))
}

func (d feeDecorator) coins(amount sdkmath.Int) sdk.Coins {
	return sdk.NewCoins(sdk.NewCoin(d.denom, amount))
}

// priority maps the effective tip to what the mempool compares.
func priority(tip sdkmath.Int) int64 {
	if !tip.IsInt64() {
		return math.MaxInt64
	}
	return tip.Int64()
}
