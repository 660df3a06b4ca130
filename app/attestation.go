package app

import (
	"errors"
	"fmt"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ashlar-da/ashlar/app/attest"
	"github.com/ashlar-da/ashlar/da"
	attestpb "github.com/ashlar-da/ashlar/proto/attest"
)

// CertificateSource is where a proposer gets certificates from. Implementations must be safe for concurrent
// use and return at once.
type CertificateSource interface {
	// Certificate returns the newest held with after < Height ≤ until, nil if there is none. It need not be
	// valid: what does not verify is left out of the proposal.
	Certificate(after, until uint64) *da.Certificate
}

// committedState reads the state of the last block committed, beside whatever executes. It fails
// with da.ErrFutureHeight before the first. The height is named: asked for the latest, BaseApp looks for a
// header of it, which it has none of between a restart and the next block.
func (a *App) committedState() (sdk.Context, error) {
	height := a.LastBlockHeight()
	if height == 0 {
		return sdk.Context{}, fmt.Errorf("%w: the chain has not committed its first block", da.ErrFutureHeight)
	}
	return a.CreateQueryContextWithCheckHeader(height, false, false)
}

// sourceError has errors of the attest module say what sources of blocks say. It takes them by their
// text: the SDK's errors add source paths when they are wrapped.
func sourceError(err error) error {
	switch {
	case errors.Is(err, attest.ErrFutureHeight), errors.Is(err, attest.ErrNotBegun):
		return fmt.Errorf("%w: %s", da.ErrFutureHeight, err.Error())
	case errors.Is(err, attest.ErrOutsideWindow):
		return fmt.Errorf("%w: %s", da.ErrPruned, err.Error())
	case errors.Is(err, attest.ErrUnknownSet):
		return fmt.Errorf("%w: %s", da.ErrNotFound, err.Error())
	}
	return err
}

// Attestation returns what validators sign of a committed height. It fails with da.ErrFutureHeight, and with
// da.ErrPruned before the window. Safe for concurrent use, as all below are.
func (a *App) Attestation(height uint64) (*da.Attestation, error) {
	ctx, err := a.committedState()
	if err != nil {
		return nil, err
	}
	attestation, err := a.Keepers.Attest.Attestation(ctx, height)
	return attestation, sourceError(err)
}

// AttesterSet returns the set of an epoch. It fails with da.ErrNotFound where it was not taken yet, or is kept no more.
func (a *App) AttesterSet(epoch uint64) (*da.AttesterSet, error) {
	ctx, err := a.committedState()
	if err != nil {
		return nil, err
	}
	set, err := a.Keepers.Attest.AttesterSet(ctx, epoch)
	return set, sourceError(err)
}

// SetTaken returns when an epoch's set was taken, in seconds since 1970. It fails as AttesterSet does.
func (a *App) SetTaken(epoch uint64) (uint64, error) {
	ctx, err := a.committedState()
	if err != nil {
		return 0, err
	}
	taken, err := a.Keepers.Attest.SetTaken(ctx, epoch)
	return taken, sourceError(err)
}

// Rotation returns what the attesters of an epoch sign of the next epoch's set. It fails as AttesterSet does.
func (a *App) Rotation(epoch uint64) (*da.Rotation, error) {
	ctx, err := a.committedState()
	if err != nil {
		return nil, err
	}
	rotation, err := a.Keepers.Attest.Rotation(ctx, epoch)
	return rotation, sourceError(err)
}

// HistoryProof proves a height in the history that ends at newest, both of them in the window. It fails as Attestation does.
func (a *App) HistoryProof(height, newest uint64) (*da.HistoryProof, error) {
	ctx, err := a.committedState()
	if err != nil {
		return nil, err
	}
	proof, err := a.Keepers.Attest.ProveHistory(ctx, height, newest)
	return proof, sourceError(err)
}

// Punished tells whether a validator was expelled for what it attested.
func (a *App) Punished(operator [da.AddressSize]byte) (bool, error) {
	ctx, err := a.committedState()
	if err != nil {
		return false, err
	}
	return a.Keepers.Attest.Punished(ctx, operator)
}

// AttestationParams returns the governed parameters of attestations.
func (a *App) AttestationParams() (attestpb.Params, error) {
	ctx, err := a.committedState()
	if err != nil {
		return attestpb.Params{}, err
	}
	params, err := a.Keepers.Attest.Params(ctx)
	return params, sourceError(err)
}

// AttestationEpoch returns the epoch of the last block committed, with its first height and its length in blocks.
func (a *App) AttestationEpoch() (attestpb.Schedule, error) {
	ctx, err := a.committedState()
	if err != nil {
		return attestpb.Schedule{}, err
	}
	schedule, err := a.Keepers.Attest.Schedule(ctx)
	return schedule, sourceError(err)
}
