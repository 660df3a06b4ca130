package app

import (
	sdk "github.com/cosmos/cosmos-sdk/types"
)

func newTxDecoder(inner sdk.TxDecoder) sdk.TxDecoder { return inner }
func newTxEncoder(inner sdk.TxEncoder) sdk.TxEncoder { return inner }
