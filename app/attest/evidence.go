package attest

import (
	"context"
	"errors"
	"strconv"

	"cosmossdk.io/collections"
	sdk "github.com/cosmos/cosmos-sdk/types"
	evidencetypes "github.com/cosmos/cosmos-sdk/x/evidence/types"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"

	"github.com/ashlar-da/ashlar/da"
	attestpb "github.com/ashlar-da/ashlar/proto/attest"
)

// Punish slashes and removes for good the validator that signed an attestation which differs, in any field, from
// what the chain knows of that height. One such fault ends a validator, so that stake is lost once, however many
// heights it attested falsely, and two attestations of one height need no rule of their own: one of them
// differs. It fails with ErrInvalidOperator, ErrInvalidEvidence, ErrFutureHeight, ErrOutsideWindow, ErrUnknownSet,
// ErrNotAttester, ErrNoFault, ErrPunished, ErrInvalidSignature or ErrNoStake.
func (k *Keeper) Punish(ctx context.Context, operator string, signed attestpb.SignedAttestation) error {
	address, err := da.ParseAddress(operator)
	if err != nil {
		return ErrInvalidOperator.Wrap(err.Error())
	}
	attestation, signature, err := decodeSigned(sdk.UnwrapSDKContext(ctx).ChainID(), signed)
	if err != nil {
		return err
	}
	attester, err := k.accused(ctx, address, attestation)
	if err != nil {
		return err
	}
	if err := attester.Key.VerifyAttestation(attestation.Digest(), signature); err != nil {
		return ErrInvalidSignature.Wrap(err.Error())
	}
	return k.expel(ctx, attester, attestation.Height)
}

// Punished tells whether a validator was expelled, so that further evidence against it comes to nothing.
func (k *Keeper) Punished(ctx context.Context, operator [da.AddressSize]byte) (bool, error) {
	return k.faults.Has(ctx, operator[:])
}

// decodeSigned checks lengths.
func decodeSigned(chainID string, signed attestpb.SignedAttestation) (*da.Attestation, da.AttestationSignature, error) {
	for i, hash := range [][]byte{signed.SetHash, signed.HeaderHash, signed.DataRoot, signed.BlobTreeRoot, signed.HistoryRoot} {
		if len(hash) != da.HashSize {
			name := []string{"set_hash", "header_hash", "data_root", "blob_tree_root", "history_root"}[i]
			return nil, da.AttestationSignature{}, ErrInvalidEvidence.Wrapf("%s has %d bytes, not %d", name, len(hash), da.HashSize)
		}
	}
	if len(signed.Signature) != da.AttestationSignatureSize {
		return nil, da.AttestationSignature{}, ErrInvalidEvidence.Wrapf("the signature has %d bytes, not %d", len(signed.Signature), da.AttestationSignatureSize)
	}
	return &da.Attestation{
		ChainID: chainID, Epoch: signed.Epoch, SetHash: hash32(signed.SetHash), Height: signed.Height, Time: signed.Time,
		HeaderHash: hash32(signed.HeaderHash), DataRoot: hash32(signed.DataRoot),
		BlobTreeRoot: hash32(signed.BlobTreeRoot), HistoryRoot: hash32(signed.HistoryRoot),
	}, da.AttestationSignature(signed.Signature), nil
}

// accused returns the attester of an attestation that would be a fault, if it signed it and is not
// punished yet.
func (k *Keeper) accused(ctx context.Context, operator [da.AddressSize]byte, attestation *da.Attestation) (*da.Attester, error) {
	own, err := k.Attestation(ctx, attestation.Height)
	if err != nil {
		return nil, err
	}
	if *own == *attestation {
		return nil, ErrNoFault.Wrapf("it is what every validator should sign of height %d", own.Height)
	}
	fault, err := k.faults.Get(ctx, operator[:])
	if err == nil {
		return nil, ErrPunished.Wrapf("%s was expelled at block %d for its attestation of height %d", fault.Operator, fault.Block, fault.Height)
	}
	if !errors.Is(err, collections.ErrNotFound) {
		return nil, err
	}
	set, err := k.AttesterSet(ctx, attestation.Epoch)
	if err != nil {
		return nil, err
	}
	for i := range set.Attesters {
		if set.Attesters[i].Operator == operator {
			return &set.Attesters[i], nil
		}
	}
	return nil, ErrNotAttester.Wrapf("%s has no key in the set of epoch %d", da.FormatAddress(operator), set.Epoch)
}

// expel slashes, jails and tombstones, of the stake that the attester vouched with and that has not been
// paid out.
func (k *Keeper) expel(ctx context.Context, attester *da.Attester, height uint64) error {
	params, err := k.Params(ctx)
	if err != nil {
		return err
	}
	operator := da.FormatAddress(attester.Operator)
	validator, err := k.others.Staking.GetValidator(ctx, attester.Operator[:])
	if errors.Is(err, stakingtypes.ErrNoValidatorFound) || err == nil && validator.IsUnbonded() {
		return ErrNoStake.Wrapf("%s has withdrawn all of it", operator)
	}
	if err != nil {
		return err
	}
	address, err := validator.GetConsAddr()
	if err != nil {
		return err
	}
	if err := k.others.Slashing.Slash(ctx, address, params.SlashFraction, int64(attester.Power), int64(height)-sdk.ValidatorUpdateDelay); err != nil {
		return err
	}
	if err := k.remove(ctx, address, validator.Jailed); err != nil {
		return err
	}
	emit(ctx, eventFault, sdk.NewAttribute(attributeOperator, operator), sdk.NewAttribute(attributeHeight, strconv.FormatUint(height, 10)))
	return k.faults.Set(ctx, attester.Operator[:], attestpb.Fault{Operator: operator, Height: height, Block: blockHeight(ctx)})
}

// remove has a validator leave the set for good.
func (k *Keeper) remove(ctx context.Context, address sdk.ConsAddress, jailed bool) error {
	if !jailed {
		if err := k.others.Slashing.Jail(ctx, address); err != nil {
			return err
		}
	}
	if err := k.others.Slashing.JailUntil(ctx, address, evidencetypes.DoubleSignJailEndTime); err != nil {
		return err
	}
	if k.others.Slashing.IsTombstoned(ctx, address) {
		return nil
	}
	return k.others.Slashing.Tombstone(ctx, address)
}
