package app

import (
	"errors"

	errorsmod "cosmossdk.io/errors"
	abci "github.com/cometbft/cometbft/abci/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"

	"github.com/ashlar-da/ashlar/app/ante"
	"github.com/ashlar-da/ashlar/app/blob"
	"github.com/ashlar-da/ashlar/app/pool"
	"github.com/ashlar-da/ashlar/da"
)

// checkTx decides whether a transaction may enter the mempool. Cheapest first: its size,
// before anything is decoded; canonical decoding; then the ante chain, which ends
// with the blobs. Every refusal has a registered code and says what to do. Whether one that
// entered stays was decided when the last block was committed.
func (a *App) checkTx(run sdk.RunTx, req *abci.RequestCheckTx) (*abci.ResponseCheckTx, error) {
	if req.Type == abci.CheckTxType_Recheck {
		return a.recheckTx(req.Tx), nil
	}
	id, known := idOf(req.Tx)
	if gas, waits := a.pool.Holds(id, req.Tx); known && waits {
		return &abci.ResponseCheckTx{GasWanted: gasOf(gas)}, nil
	}
	tx, err := a.decoded(req.Tx)
	if err != nil {
		return sdkerrors.ResponseCheckTxWithEvents(err, 0, 0, nil, false), nil
	}
	gas, result, events, err := run(req.Tx, tx)
	switch {
	case errors.Is(err, pool.ErrDisplaces): // Reserve alone has it find that
		a.arriving.Displaces = true
		return &abci.ResponseCheckTx{}, nil
	case errors.Is(err, ante.ErrLater): // the same
		a.arriving.Later = true
		return &abci.ResponseCheckTx{}, nil
	case err != nil:
		return a.refuse(id, a.LastBlockHeight(), err, gas, events), nil
	}
	return &abci.ResponseCheckTx{
		GasWanted: gasOf(gas.GasWanted),
		GasUsed:   gasOf(gas.GasUsed),
		Log:       result.Log,
		Data:      result.Data,
		Events:    result.Events,
	}, nil
}

// refuse says why a transaction is not let in, and notes it.
func (a *App) refuse(id pool.ID, height int64, why error, gas sdk.GasInfo, events []abci.Event) *abci.ResponseCheckTx {
	resp := sdkerrors.ResponseCheckTxWithEvents(why, gas.GasWanted, gas.GasUsed, events, false)
	a.pool.NoteRefused(id, height, resp.Code, resp.Codespace, resp.Log)
	return resp
}

// recheckTx tells whether a transaction still waits.
func (a *App) recheckTx(raw []byte) *abci.ResponseCheckTx {
	id, ok := idOf(raw)
	if !ok {
		return sdkerrors.ResponseCheckTxWithEvents(blob.ErrMalformedEnvelope, 0, 0, nil, false)
	}
	gas, err := a.pool.Recheck(id)
	if err != nil {
		return sdkerrors.ResponseCheckTxWithEvents(err, 0, 0, nil, false)
	}
	return &abci.ResponseCheckTx{GasWanted: gasOf(gas)}
}

// decoded returns what Reserve decoded, or decodes.
func (a *App) decoded(raw []byte) (sdk.Tx, error) {
	if a.arriving != nil {
		return a.arriving.tx, nil
	}
	return a.decode(raw)
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
