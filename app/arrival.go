package app

import (
	abci "github.com/cometbft/cometbft/abci/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"

	"github.com/ashlar-da/ashlar/app/ante"
	"github.com/ashlar-da/ashlar/app/pool"
)

// Arrival is a transaction on its way into the mempool in steps, of which one alone needs ABCI's
// mutex: Inspect, Reserve, Settle, in this order, and then CheckTx, which finds it verified.
// CheckTx without them does the same work, all of it under the mutex, and the zero value is for that.
type Arrival struct {
	// Refusal is what CheckTx would answer; nil: nothing is wrong so far.
	Refusal *abci.ResponseCheckTx
	// Displaces tells, after Reserve, that others will have to leave for it. It holds no place
	// until CheckTx, so none that comes after it can stand behind it before.
	Displaces bool
	// Later tells, after Reserve, that it is to be reserved again once those before it are settled: as
	// many signers of whom no good blobs are known are among them as may fail. It holds no place.
	Later bool

	raw   []byte
	id    pool.ID
	tx    sdk.Tx
	claim *ante.Claim
	// placed tells that Reserve gave it a place: if the same bytes held it before, what becomes
	// of that is not for this arrival to say.
	placed bool
}

// Open tells, after Inspect, whether Reserve is worth waiting for ABCI's mutex.
func (x *Arrival) Open() bool { return x.tx != nil && x.Refusal == nil }

// Inspect checks what needs no state: size and encoding. It may be called beside ABCI.
func (a *App) Inspect(raw []byte) *Arrival {
	x := &Arrival{raw: raw}
	x.id, _ = idOf(raw)
	if _, waits := a.pool.Holds(x.id, raw); waits {
		return x
	}
	tx, err := a.decode(raw)
	if err != nil {
		x.Refusal = sdkerrors.ResponseCheckTxWithEvents(err, 0, 0, nil, false)
		return x
	}
	x.tx = tx
	return x
}

// Reserve runs CheckTx but for KZG, and has the transaction hold its place among those that wait
// until Settle. Only keccaks and proof hash that match get so far: what is still wrong then is
// the signer's doing, and so is a place that is held in vain. The caller holds ABCI's mutex.
func (a *App) Reserve(x *Arrival) {
	if !x.Open() || a.pool.Reserved(x.id, x.raw) {
		return
	}
	a.arriving = x
	defer func() { a.arriving = nil }()
	x.claim = a.verifier.Defer(func() { a.reserve(x) })
	if x.Refusal != nil && x.claim != nil {
		a.verifier.Drop(x.claim)
		x.claim = nil
	}
}

func (a *App) reserve(x *Arrival) {
	resp, err := a.CheckTx(&abci.RequestCheckTx{Tx: x.raw})
	switch {
	case err != nil:
		x.Refusal = sdkerrors.ResponseCheckTxWithEvents(err, 0, 0, nil, false)
	case resp.Code != abci.CodeTypeOK:
		x.Refusal = resp
	default:
		x.placed = !x.Displaces && !x.Later
	}
}

// Settle verifies the blobs of arrivals that were reserved, all together. Those that are good wait
// from now on, and the others leave. It returns how many it found good and false, of those that
// were not known to be good. It may be called beside ABCI. A panic leaves none that is not known to be
// good in its place.
func (a *App) Settle(arrivals []*Arrival) (good, bad int) {
	var claims []*ante.Claim
	for _, x := range arrivals {
		if x.claim != nil {
			claims = append(claims, x.claim)
		}
	}
	defer func() {
		for _, x := range arrivals {
			a.settle(x)
		}
	}()
	a.verifier.Settle(claims)
	for _, c := range claims {
		if c.Err != nil {
			bad++
		}
	}
	return len(claims) - bad, bad
}

func (a *App) settle(x *Arrival) {
	switch {
	case x.Refusal != nil || x.tx == nil:
	case x.claim != nil && x.claim.Err != nil:
		x.Refusal = a.refuse(x.id, x.claim.Height, x.claim.Err, sdk.GasInfo{}, nil)
		a.pool.Release(x.id, x.raw, pool.Outcome{
			Kind: pool.Refused, Height: x.claim.Height, Code: x.Refusal.Code, Codespace: x.Refusal.Codespace, Reason: x.Refusal.Log,
		})
	case x.placed:
		a.pool.Confirm(x.id, x.raw)
	}
}
