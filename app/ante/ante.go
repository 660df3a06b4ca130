// Package ante is what every transaction must pass before its messages run, in one
// chain: nothing of it is written unless all of it passes. So a stranger who wraps a
// victim's signed transaction in false blobs fails at the end of the chain and leaves
// the victim's sequence and funds as they were.
package ante

import (
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkante "github.com/cosmos/cosmos-sdk/x/auth/ante"
	authkeeper "github.com/cosmos/cosmos-sdk/x/auth/keeper"
	bankkeeper "github.com/cosmos/cosmos-sdk/x/bank/keeper"
	feegrantkeeper "github.com/cosmos/cosmos-sdk/x/feegrant/keeper"
	txsigning "github.com/cosmos/cosmos-sdk/x/tx/signing"

	"github.com/ashlar-da/ashlar/app/blob"
	"github.com/ashlar-da/ashlar/app/pool"
)

// Options are what the chain works with.
type Options struct {
	Accounts  authkeeper.AccountKeeper
	Bank      bankkeeper.Keeper
	FeeGrant  feegrantkeeper.Keeper
	Blob      *blob.Keeper
	SignModes *txsigning.HandlerMap
	// Verifier checks blobs when a transaction is new to the mempool.
	Verifier *Verifier
	// Denom is the denomination fees are paid in.
	Denom string
	// Height returns the last height committed.
	Height func() int64
	// Pool decides what may wait for a block.
	Pool *pool.Pool
}

// New returns the ante chain, cheapest check first: form, fee and balance, signature, and in
// CheckTx only, what else waits for a block, and last the blobs themselves: a block's blobs
// are verified together, outside.
func New(o Options) sdk.AnteHandler {
	return sdk.ChainAnteDecorators(
		heightDecorator{last: o.Height},
		sdkante.NewSetUpContextDecorator(),
		formDecorator{keeper: o.Blob},
		sdkante.NewExtensionOptionsDecorator(nil),
		sdkante.NewValidateBasicDecorator(),
		sdkante.NewTxTimeoutHeightDecorator(),
		sdkante.NewValidateMemoDecorator(o.Accounts),
		sdkante.NewConsumeGasForTxSizeDecorator(o.Accounts),
		feeDecorator{accounts: o.Accounts, bank: o.Bank, grants: o.FeeGrant, keeper: o.Blob, denom: o.Denom},
		keyDecorator{},
		sdkante.NewSetPubKeyDecorator(o.Accounts),
		sdkante.NewValidateSigCountDecorator(o.Accounts),
		sdkante.NewSigGasConsumeDecorator(o.Accounts, sdkante.DefaultSigVerificationGasConsumer),
		sequenceDecorator{accounts: o.Accounts, pool: o.Pool},
		sdkante.NewSigVerificationDecorator(o.Accounts, o.SignModes),
		sdkante.NewIncrementSequenceDecorator(o.Accounts),
		roomDecorator{pool: o.Pool, verifier: o.Verifier},
		blobDecorator{keeper: o.Blob, verifier: o.Verifier},
	)
}
