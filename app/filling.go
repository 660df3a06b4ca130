package app

import (
	"slices"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/mempool"
	"github.com/cosmos/cosmos-sdk/x/auth/signing"

	"github.com/ashlar-da/ashlar/app/blob"
	"github.com/ashlar-da/ashlar/da"
)

// filling is a block while transactions are chosen for it.
type filling struct {
	app    *App
	room   *room
	chosen [][]byte
	taken  map[sdk.Tx]bool
	// waits are the signers one of whose transactions was passed over: those after it
	// cannot precede it.
	waits map[string]bool
}

// take tries transactions in order, those that were not taken yet.
func (f *filling) take(list []mempool.PooledTx) {
	for _, pooled := range list {
		if f.taken[pooled.Tx] {
			continue
		}
		if raw := f.try(pooled); raw != nil {
			f.chosen, f.taken[pooled.Tx] = append(f.chosen, raw), true
		}
	}
}

// try takes a transaction if there is room and its ante succeeds, and returns its bytes, or
// nil.
func (f *filling) try(pooled mempool.PooledTx) []byte {
	signers, ok := signersOf(pooled.Tx)
	if !ok || anyOf(f.waits, signers) {
		return nil
	}
	raw, err := f.app.admit(pooled, f.room)
	if err != nil {
		f.app.Logger().Debug("a transaction waits for another block", "tx", pooled.Tx, "reason", err)
		for _, signer := range signers {
			f.waits[string(signer)] = true
		}
		return nil
	}
	return raw
}

func anyOf(set map[string]bool, signers [][]byte) bool {
	return slices.ContainsFunc(signers, func(signer []byte) bool { return set[string(signer)] })
}

// sorted divides transactions into those with blobs, which come first in a block, and others.
// It leaves out blobs that must come after one without: they would be packed, and fail.
func sorted(list []mempool.PooledTx) (blobs, others []mempool.PooledTx) {
	behind := make(map[string]bool)
	for _, pooled := range list {
		_, isBlob := pooled.Tx.(*blob.Tx)
		signers, ok := signersOf(pooled.Tx)
		switch {
		case !ok:
			continue
		case !isBlob:
			others = append(others, pooled)
		case !anyOf(behind, signers):
			blobs = append(blobs, pooled)
			continue
		}
		for _, signer := range signers {
			behind[string(signer)] = true
		}
	}
	return blobs, others
}

// packed returns, of blob transactions in order of priority, those that fill an empty square
// best.
func (a *App) packed(list []mempool.PooledTx, limits da.Limits) []mempool.PooledTx {
	pieces := make([]piece, len(list))
	for i, pooled := range list {
		tx := pooled.Tx.(*blob.Tx)
		pieces[i] = pieceOf(a.pool.Priority(tx), tx.Message)
	}
	const txRows = 1 // seldom more; what then has no room waits
	var packed []mempool.PooledTx
	for _, i := range pack(pieces, limits.MaxRows-txRows, limits.MaxSharedRows) {
		packed = append(packed, list[i])
	}
	return packed
}

func signersOf(tx sdk.Tx) ([][]byte, bool) {
	signed, ok := tx.(signing.SigVerifiableTx)
	if !ok {
		return nil, false
	}
	signers, err := signed.GetSigners()
	return signers, err == nil
}
