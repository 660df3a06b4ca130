package attest

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"cosmossdk.io/collections"
	sdk "github.com/cosmos/cosmos-sdk/types"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"

	"github.com/ashlar-da/ashlar/da"
	attestpb "github.com/ashlar-da/ashlar/proto/attest"
)

// Injected returns what is known of the certificates that proposers injected.
func (k *Keeper) Injected(ctx context.Context) (attestpb.Injected, error) {
	return optional(k.injected.Get(ctx))
}

// CheckCertificate holds the certificate that a block carries against the state before that block: it must be
// newer than the last, of what the chain knows of its height, and signed by more than two thirds of the set of
// that height's epoch. It fails with ErrStaleCertificate, ErrWrongCertificate or as Attestation does.
func (k *Keeper) CheckCertificate(ctx context.Context, c *da.Certificate) error {
	last, err := k.Injected(ctx)
	if err != nil {
		return err
	}
	if c.Height <= last.Height {
		return ErrStaleCertificate.Wrapf("it is of height %d, the last one of %d", c.Height, last.Height)
	}
	want, err := k.Attestation(ctx, c.Height)
	if err != nil {
		return err
	}
	if c.Attestation != *want {
		return ErrWrongCertificate.Wrapf("height %d: it differs from what is on record", c.Height)
	}
	set, err := k.AttesterSet(ctx, c.Epoch)
	if err != nil {
		return err
	}
	if err := c.Verify(want.ChainID, set); err != nil {
		return ErrWrongCertificate.Wrapf("height %d: %v", c.Height, err)
	}
	return nil
}

// CheckQuiet fails with ErrQuiet while a block without transactions of users should stay empty.
func (k *Keeper) CheckQuiet(ctx context.Context) error {
	last, err := k.Injected(ctx)
	if err != nil {
		return err
	}
	params, err := k.Params(ctx)
	if err != nil {
		return err
	}
	if height := blockHeight(ctx); height < last.Block+params.QuietBlocks {
		return ErrQuiet.Wrapf("block %d has no transactions, and block %d had a certificate: %d must pass", height, last.Block, params.QuietBlocks)
	}
	return nil
}

// Inject takes note of the certificate that the block at hand carries, which passed CheckCertificate, and counts
// the misses of those whose signatures it lacks, unless its proposer has had its share of the counting.
func (k *Keeper) Inject(ctx context.Context, c *da.Certificate) error {
	injected, err := k.Injected(ctx)
	if err != nil {
		return err
	}
	injected = attestpb.Injected{Count: injected.Count + 1, Height: c.Height, Block: blockHeight(ctx)}
	if err := k.injected.Set(ctx, injected); err != nil {
		return err
	}
	set, err := k.AttesterSet(ctx, c.Epoch)
	if err != nil {
		return err
	}
	params, err := k.Params(ctx)
	if err != nil {
		return err
	}
	emit(ctx, eventCertificate, sdk.NewAttribute(attributeHeight, strconv.FormatUint(c.Height, 10)))
	if counts, err := k.counts(ctx, injected.Count, set.Total); err != nil || !counts {
		return err
	}
	for i := range set.Attesters {
		if c.Signers.Has(i) {
			continue
		}
		if err := k.miss(ctx, params, injected, set.Attesters[i].Operator); err != nil {
			return fmt.Errorf("the miss of %s: %w", da.FormatAddress(set.Attesters[i].Operator), err)
		}
	}
	return nil
}

// counts tells whether misses are counted of a certificate, given how many there were, its own included. Who proposes a
// certificate chooses whose signatures to leave out, up to a third, and by filling its own blocks injects as
// many as it likes where others' are empty. So of all certificates each proposer's count in
// proportion to its power: however many it injects, those with less than a half of the power cannot have a
// validator miss more than half of a window.
func (k *Keeper) counts(ctx context.Context, count, total uint64) (bool, error) {
	proposer, err := k.others.Staking.GetValidatorByConsAddr(ctx, sdk.UnwrapSDKContext(ctx).BlockHeader().ProposerAddress)
	if errors.Is(err, stakingtypes.ErrNoValidatorFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	power := uint64(max(proposer.ConsensusPower(k.others.Staking.PowerReduction(ctx)), 0))
	operator, err := sdk.ValAddressFromBech32(proposer.GetOperator())
	if err != nil || power == 0 { // it does not vote any more
		return false, err
	}
	last, err := k.reports.Get(ctx, operator)
	switch {
	case errors.Is(err, collections.ErrNotFound):
	case err != nil:
		return false, err
	case count-last < total/power:
		return false, nil
	}
	return true, k.reports.Set(ctx, operator, count)
}

// miss counts a miss of an attester, unless it does not vote now or did not when the height was attested, and
// jails it if there are too many.
func (k *Keeper) miss(ctx context.Context, params attestpb.Params, injected attestpb.Injected, operator [da.AddressSize]byte) error {
	validator, err := k.others.Staking.GetValidator(ctx, operator[:])
	if errors.Is(err, stakingtypes.ErrNoValidatorFound) || err == nil && (validator.Jailed || !validator.IsBonded()) {
		return nil
	}
	if err != nil {
		return err
	}
	misses, err := optional(k.misses.Get(ctx, operator[:]))
	if err != nil || injected.Height <= misses.Since {
		return err
	}
	misses.Certificates = append(recent(misses.Certificates, injected.Count, params.MissWindow), injected.Count)
	emit(ctx, eventMiss, sdk.NewAttribute(attributeOperator, da.FormatAddress(operator)),
		sdk.NewAttribute(attributeHeight, strconv.FormatUint(injected.Height, 10)),
		sdk.NewAttribute(attributeMissed, strconv.Itoa(len(misses.Certificates))))
	if uint64(len(misses.Certificates)) > params.MissLimit {
		misses.Certificates = nil
		if err := k.jail(ctx, params, operator, validator); err != nil {
			return err
		}
	}
	return k.misses.Set(ctx, operator[:], misses)
}

// recent are those of ascending numbers that are among the last so many up to the newest.
func recent(numbers []uint64, newest, window uint64) []uint64 {
	for len(numbers) > 0 && numbers[0]+window <= newest {
		numbers = numbers[1:]
	}
	return numbers
}

// jail has a validator sit out; none of its stake is lost.
func (k *Keeper) jail(ctx context.Context, params attestpb.Params, operator [da.AddressSize]byte, validator stakingtypes.Validator) error {
	address, err := validator.GetConsAddr()
	if err != nil {
		return err
	}
	until := sdk.UnwrapSDKContext(ctx).BlockTime().Add(params.MissJail)
	emit(ctx, eventJail, sdk.NewAttribute(attributeOperator, da.FormatAddress(operator)), sdk.NewAttribute(attributeUntil, sdk.FormatTimeString(until)))
	if err := k.others.Slashing.Jail(ctx, address); err != nil {
		return err
	}
	return k.others.Slashing.JailUntil(ctx, address, until)
}

// Missed returns how many of the last certificates of the window lack a validator's signature.
func (k *Keeper) Missed(ctx context.Context, operator [da.AddressSize]byte) (uint64, error) {
	params, err := k.Params(ctx)
	if err != nil {
		return 0, err
	}
	injected, err := k.Injected(ctx)
	if err != nil {
		return 0, err
	}
	misses, err := optional(k.misses.Get(ctx, operator[:]))
	return uint64(len(recent(misses.Certificates, injected.Count, params.MissWindow))), err
}
