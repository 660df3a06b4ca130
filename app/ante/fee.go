package ante

import (
	"bytes"
	"errors"

	errorsmod "cosmossdk.io/errors"
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
// is the tip, which orders the mempool.
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
	if err := checkGas(ctx, tx, feeTx.GetGas()); err != nil && !simulate {
		return ctx, err
	}
	offer, err := d.offer(ctx, tx, feeTx)
	if err != nil && !simulate {
		return ctx, err
	}
	charge, err := d.charge(ctx, offer, simulate)
	if err != nil {
		return ctx, err
	}
	payer, err := d.collect(ctx, tx, feeTx, charge)
	if err != nil {
		return ctx, err
	}
	if isNew(ctx, simulate) {
		ctx = withOffer(ctx, offer, payer)
	}
	return next(ctx, tx, simulate)
}

// checkGas bounds the execution gas that a transaction names. What a blob transaction does is
// known, and a block's gas is not for it to use up.
func checkGas(ctx sdk.Context, tx sdk.Tx, gas uint64) error {
	if gas == 0 {
		return sdkerrors.ErrInvalidGasLimit.Wrap("the gas limit is 0: name the execution gas the transaction may use")
	}
	size := len(ctx.TxBytes())
	if _, ok := tx.(*blob.Tx); ok && gas > blob.MaxGas(size) {
		return sdkerrors.ErrInvalidGasLimit.Wrapf("the gas limit is %d: a transaction with blobs that signs %d bytes uses much less than %d, the most it may name", gas, size, blob.MaxGas(size))
	}
	return nil
}

// made is what the fee decorator tells the one that asks the mempool.
type made struct {
	offer blob.Offer
	payer sdk.AccAddress
}

// madeKey is the context key of withOffer.
type madeKey struct{}

func withOffer(ctx sdk.Context, offer blob.Offer, payer sdk.AccAddress) sdk.Context {
	return ctx.WithValue(madeKey{}, made{offer, payer})
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
// may offer too little yet: it then pays a token, for the same work. One that is new to the
// mempool may fall short of the base fee by what an empty block takes off: it waits.
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
	if err != nil && isNew(ctx, simulate) {
		return mayWait(offer, prices, err)
	}
	return charge, err
}

// mayWait returns what an offer that was refused pays if it may wait for the base fee to fall.
func mayWait(offer blob.Offer, prices blob.Prices, refused error) (blob.Charge, error) {
	waiting := prices.Waiting()
	if waiting.BaseFee.Equal(prices.BaseFee) || !errors.Is(refused, blob.ErrFeeTooLow) {
		return blob.Charge{}, refused
	}
	charge, err := offer.Quote(waiting)
	if err != nil {
		return blob.Charge{}, errorsmod.Wrapf(refused, "less than the %s that may wait for the base fee to fall", waiting.BaseFee)
	}
	return charge, nil
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

// collect takes the charge from whoever pays, and returns who that is.
func (d feeDecorator) collect(ctx sdk.Context, tx sdk.Tx, feeTx sdk.FeeTx, charge blob.Charge) (sdk.AccAddress, error) {
	payer, err := d.payer(ctx, tx, feeTx, charge)
	if err != nil {
		return nil, err
	}
	named := feeTx.GetFee().AmountOf(d.denom)
	if held := d.bank.SpendableCoin(ctx, payer, d.denom).Amount; held.LT(named) {
		return nil, blob.ErrInsufficientFunds.Wrapf("%s can spend %s%s, the fee named is %s%s: fund the account or lower the fee", payer, held, d.denom, named, d.denom)
	}
	if err := d.bank.SendCoinsFromAccountToModule(ctx, payer, blob.ModuleName, d.coins(charge.Total())); err != nil {
		return nil, blob.ErrInsufficientFunds.Wrap(err.Error())
	}
	if err := d.bank.BurnCoins(ctx, blob.ModuleName, d.coins(charge.Burn)); err != nil {
		return nil, err
	}
	ctx.EventManager().EmitEvent(sdk.NewEvent(sdk.EventTypeTx,
		sdk.NewAttribute(sdk.AttributeKeyFee, d.coins(charge.Total()).String()),
		sdk.NewAttribute(sdk.AttributeKeyFeePayer, payer.String()),
	))
	return payer, nil
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

// Capacity returns what the blocks at hand hold. Without a bound on execution gas, blob gas
// alone is scarce.
func Capacity(ctx sdk.Context, keeper *blob.Keeper) (blob.Capacity, error) {
	limits, err := keeper.Limits(ctx)
	c := blob.Capacity{BlobGas: uint64(limits.MaxRows) * kzg.RowSize}
	if block := ctx.ConsensusParams().Block; block != nil && block.MaxGas > 0 {
		c.Gas = uint64(block.MaxGas)
	}
	return c, err
}
