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

// expelAll expels each signer that there is still something to take from. It fails with ErrPunished or ErrNoStake if there is
// none.
func (k *Keeper) expelAll(ctx context.Context, set *da.AttesterSet, signed *statement) error {
	var guilty []*da.Attester
	var reason error
	for i := range set.Attesters {
		if !signed.signers.Has(i) {
			continue
		}
		_, err := k.punishable(ctx, set.Attesters[i].Operator)
		switch {
		case err == nil:
			guilty = append(guilty, &set.Attesters[i])
		case !errors.Is(err, ErrPunished) && !errors.Is(err, ErrNoStake):
			return err
		case reason == nil:
			reason = err
		}
	}
	if len(guilty) == 0 {
		return reason
	}
	all, err := k.stakes(ctx) // reads all sets that are kept, which evidence against nobody is not worth
	if err != nil {
		return err
	}
	for _, attester := range guilty {
		if err := k.expel(ctx, attester, all[da.FormatAddress(attester.Operator)], signed); err != nil {
			return err
		}
	}
	return nil
}

// punishable returns a validator that was not expelled yet and has stake. It fails with ErrPunished or ErrNoStake.
func (k *Keeper) punishable(ctx context.Context, operator [da.AddressSize]byte) (stakingtypes.Validator, error) {
	if err := k.unpunished(ctx, operator); err != nil {
		return stakingtypes.Validator{}, err
	}
	validator, err := k.others.Staking.GetValidator(ctx, operator[:])
	if errors.Is(err, stakingtypes.ErrNoValidatorFound) || err == nil && validator.IsUnbonded() {
		return validator, ErrNoStake.Wrapf("%s has withdrawn all of it", da.FormatAddress(operator))
	}
	return validator, err
}

// expel slashes, jails and tombstones, of the stake that any set that is kept counts and that has not been
// paid out. It fails as punishable does, and changes nothing then.
func (k *Keeper) expel(ctx context.Context, attester *da.Attester, counted stake, signed *statement) error {
	operator := da.FormatAddress(attester.Operator)
	validator, err := k.punishable(ctx, attester.Operator)
	if err != nil {
		return err
	}
	params, err := k.Params(ctx)
	if err != nil {
		return err
	}
	address, err := validator.GetConsAddr()
	if err != nil {
		return err
	}
	if err := k.others.Slashing.Slash(ctx, address, params.SlashFraction, int64(counted.power), answerableSince(ctx, counted.since)); err != nil {
		return err
	}
	if err := k.remove(ctx, address, validator.Jailed); err != nil {
		return err
	}
	epoch, height := signed.of()
	emit(ctx, eventFault, sdk.NewAttribute(attributeOperator, operator), sdk.NewAttribute(attributeEpoch, strconv.FormatUint(epoch, 10)),
		sdk.NewAttribute(attributeHeight, strconv.FormatUint(height, 10)))
	return k.faults.Set(ctx, attester.Operator[:], attestpb.Fault{Operator: operator, Height: height, Block: blockHeight(ctx), Epoch: epoch})
}

// stake is what an operator answers with: the greatest power that a set counts for it, and when the first of those sets was
// taken.
type stake struct{ power, since uint64 }

// stakes returns what each operator of the sets that are kept answers with. It is punished once, for whatever it
// signed: or it would show by itself a lie under a set that counts little, or was taken after its stake had left, and
// lie under the others for nothing.
func (k *Keeper) stakes(ctx context.Context) (map[string]stake, error) {
	all := make(map[string]stake)
	err := k.sets.Walk(ctx, nil, func(_ uint64, set attestpb.AttesterSet) (bool, error) {
		for i := range set.Attesters {
			a := &set.Attesters[i]
			known, ok := all[a.Operator]
			if !ok {
				known.since = set.TakenAt
			}
			all[a.Operator] = stake{max(known.power, a.Power), min(known.since, set.TakenAt)}
		}
		return false, nil
	})
	return all, err
}

// answerableSince is the first height at which stake that begins to unbond is slashed with the rest: what a set
// counted when it was taken answers for all that the set signs, whenever that is. Staking wants a height before the block
// at hand, or it leaves out what unbonds.
func answerableSince(ctx context.Context, takenAt uint64) int64 {
	return int64(min(takenAt+1, max(blockHeight(ctx), 1)-1))
}

// unpunished fails with ErrPunished for who was expelled.
func (k *Keeper) unpunished(ctx context.Context, operator [da.AddressSize]byte) error {
	fault, err := k.Fault(ctx, operator)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil
	case err != nil:
		return err
	}
	return ErrPunished.Wrapf("%s was expelled at block %d", fault.Operator, fault.Block)
}

// Fault returns what a validator was expelled for; ErrNotFound where it was not.
func (k *Keeper) Fault(ctx context.Context, operator [da.AddressSize]byte) (attestpb.Fault, error) {
	fault, err := k.faults.Get(ctx, operator[:])
	if errors.Is(err, collections.ErrNotFound) {
		return fault, ErrNotFound.Wrapf("%s was never expelled", da.FormatAddress(operator))
	}
	return fault, err
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
