package app

import (
	errorsmod "cosmossdk.io/errors"
	abci "github.com/cometbft/cometbft/abci/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"

	"github.com/ashlar-da/ashlar/app/blob"
	"github.com/ashlar-da/ashlar/da"
)

// checkTx decides whether a transaction may enter the mempool. Cheapest first: its size,
// before anything is decoded; canonical decoding; then the ante chain, which ends
// with the blobs. Every refusal has a registered code and says what to do.
func (a *App) checkTx(run sdk.RunTx, req *abci.RequestCheckTx) (*abci.ResponseCheckTx, error) {
	tx, err := a.decode(req.Tx)
	if err != nil {
		return sdkerrors.ResponseCheckTxWithEvents(err, 0, 0, nil, false), nil
	}
	gas, result, events, err := run(req.Tx, tx)
	if err != nil {
		return sdkerrors.ResponseCheckTxWithEvents(err, gas.GasWanted, gas.GasUsed, events, false), nil
	}
	return &abci.ResponseCheckTx{
		GasWanted: int64(gas.GasWanted),
		GasUsed:   int64(gas.GasUsed),
		Log:       result.Log,
		Data:      result.Data,
		Events:    result.Events,
	}, nil
}

// decode decodes what a stranger sent. BaseApp would recover from a panic in a decoder,
// but drop its error's code.
func (a *App) decode(raw []byte) (tx sdk.Tx, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = sdkerrors.ErrTxDecode.Wrapf("decoding failed: %v", r)
		}
	}()
	if err := checkSize(raw); err != nil {
		return nil, err
	}
	tx, err = a.TxDecode(raw)
	if space, _, _ := errorsmod.ABCIInfo(err, false); space == errorsmod.UndefinedCodespace {
		return nil, sdkerrors.ErrTxDecode.Wrap(err.Error())
	}
	return tx, err
}

// checkSize refuses what no block can hold.
func checkSize(tx []byte) error {
	limit := da.MaxTxSize
	if da.IsEnvelope(tx) {
		limit = da.MaxEnvelopeSize
	}
	if len(tx) > limit {
		return blob.ErrTooLarge.Wrapf("%d bytes, at most %d are allowed: split the blobs over several transactions", len(tx), limit)
	}
	return nil
}
