package ante

import (
	"bytes"
	"crypto/sha256"
	"math"

	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
	sdkante "github.com/cosmos/cosmos-sdk/x/auth/ante"
	authkeeper "github.com/cosmos/cosmos-sdk/x/auth/keeper"
	"github.com/cosmos/cosmos-sdk/x/auth/signing"

	"github.com/ashlar-da/ashlar/app/blob"
	"github.com/ashlar-da/ashlar/app/pool"
)

// sequenceDecorator has the chain expect, of a transaction that is checked or simulated, the
// sequence it was signed with: which ones may wait is for the mempool to say. Nothing of that
// is written.
type sequenceDecorator struct {
	accounts authkeeper.AccountKeeper
	pool     *pool.Pool
}

// AnteHandle implements sdk.AnteDecorator.
func (d sequenceDecorator) AnteHandle(ctx sdk.Context, tx sdk.Tx, simulate bool, next sdk.AnteHandler) (sdk.Context, error) {
	if !isNew(ctx, simulate) && !simulate {
		return next(ctx, tx, simulate)
	}
	places, err := placesOf(tx)
	if err != nil {
		return ctx, err
	}
	free := ctx.WithGasMeter(storetypes.NewInfiniteGasMeter())
	for _, place := range places {
		account := d.accounts.GetAccount(free, sdk.AccAddress(place.Address))
		if account == nil || simulate && !d.mayWait(place, account.GetSequence()) {
			continue // the SDK's decorators say what is wrong
		}
		if err := account.SetSequence(place.Sequence); err != nil {
			return ctx, err
		}
		d.accounts.SetAccount(free, account)
	}
	return next(ctx, tx, simulate)
}

// mayWait tells whether a sequence is committed's, or that of one that waits or comes next.
func (d sequenceDecorator) mayWait(place pool.Place, committed uint64) bool {
	return place.Sequence >= committed && place.Sequence <= d.pool.Pending(place.Address, committed)
}

// placesOf returns what a transaction's signatures use up. Signers come from the messages: the
// public keys, which others take addresses from, may be left out once they are on chain.
func placesOf(tx sdk.Tx) ([]pool.Place, error) {
	signed, ok := tx.(signing.SigVerifiableTx)
	if !ok {
		return nil, sdkerrors.ErrTxDecode.Wrapf("transaction type %T has no signatures", tx)
	}
	signers, err := signed.GetSigners()
	if err != nil {
		return nil, err
	}
	signatures, err := signed.GetSignaturesV2()
	if err != nil {
		return nil, err
	}
	if len(signers) == 0 || len(signatures) != len(signers) {
		return nil, sdkerrors.ErrUnauthorized.Wrapf("%d signatures of %d signers", len(signatures), len(signers))
	}
	places := make([]pool.Place, len(signers))
	for i, signer := range signers {
		places[i] = pool.Place{Address: pool.Address(signer), Sequence: signatures[i].Sequence}
	}
	return places, nil
}

// roomDecorator asks the mempool whether a new transaction may wait, once it is known to be
// its signers'. The mempool's own refusal would come after the blobs were verified.
type roomDecorator struct {
	pool     *pool.Pool
	verifier *Verifier
}

// AnteHandle implements sdk.AnteDecorator.
func (d roomDecorator) AnteHandle(ctx sdk.Context, tx sdk.Tx, simulate bool, next sdk.AnteHandler) (sdk.Context, error) {
	if !isNew(ctx, simulate) {
		return next(ctx, tx, simulate)
	}
	bid, err := bidOf(ctx, tx)
	if err != nil {
		return ctx, err
	}
	bid.Unverified = d.verifier.Deferring()
	ctx = pool.WithBid(ctx, bid)
	if err := d.pool.Admit(ctx, tx); err != nil {
		return ctx, err
	}
	return next(ctx, tx, simulate)
}

// bidOf describes a transaction that the chain has let through so far.
func bidOf(ctx sdk.Context, tx sdk.Tx) (*pool.Bid, error) {
	places, err := placesOf(tx)
	if err != nil {
		return nil, err
	}
	fee, _ := ctx.Value(madeKey{}).(made)
	bid := &pool.Bid{
		ID: sha256.Sum256(ctx.TxBytes()), Raw: ctx.TxBytes(), Offer: fee.offer, Places: places,
		Payer: pool.Address(fee.payer), Size: int64(len(ctx.TxBytes())),
	}
	if feeTx, ok := tx.(sdk.FeeTx); ok && !bytes.Equal(feeTx.FeePayer(), fee.payer) {
		bid.Grantee = pool.Address(feeTx.FeePayer())
	}
	if timed, ok := tx.(sdkante.TxWithTimeoutHeight); ok {
		bid.TimeoutHeight = int64(min(timed.GetTimeoutHeight(), math.MaxInt64))
		if timeout := timed.GetTimeoutTimeStamp(); timeout.Unix() != 0 { // as the SDK tells none
			bid.Timeout = timeout
		}
	}
	if envelope, ok := tx.(*blob.Tx); ok {
		bid.Raw, bid.Blobs, bid.Size = envelope.Raw, true, int64(len(envelope.Raw))
	}
	return bid, nil
}
