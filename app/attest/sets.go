package attest

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"cosmossdk.io/collections"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ashlar-da/ashlar/da"
	attestpb "github.com/ashlar-da/ashlar/proto/attest"
)

const (
	// keptEpochs is how many epochs' sets are kept at least, the one at hand included, and maxKeptEpochs how many at
	// most beside those that the window's records name.
	keptEpochs, maxKeptEpochs = 8, 1024
	// prunedAtOnce bounds what leaves state in one block, should a window shrink.
	prunedAtOnce = 64
)

// Schedule returns the epoch at hand.
func (k *Keeper) Schedule(ctx context.Context) (attestpb.Schedule, error) {
	schedule, err := k.schedule.Get(ctx)
	if errors.Is(err, collections.ErrNotFound) {
		return schedule, ErrNotBegun.Wrap("the first epoch begins with the next block")
	}
	return schedule, err
}

// advance returns the epoch of the block at hand, and takes the next one's set in its first block. Epoch 0
// begins with the module, and has nobody before it to take its set.
func (k *Keeper) advance(ctx context.Context, params attestpb.Params) (attestpb.Schedule, error) {
	height := blockHeight(ctx)
	schedule, err := k.schedule.Get(ctx)
	switch {
	case errors.Is(err, collections.ErrNotFound):
		schedule = attestpb.Schedule{First: height}
		if err := k.takeSet(ctx, 0); err != nil {
			return schedule, err
		}
	case err != nil:
		return schedule, fmt.Errorf("read the epoch: %w", err)
	case height < schedule.First+schedule.Blocks:
		return schedule, nil
	default:
		schedule = attestpb.Schedule{Epoch: schedule.Epoch + 1, First: height}
	}
	schedule.Blocks = params.EpochBlocks
	if err := k.takeSet(ctx, schedule.Epoch+1); err != nil {
		return schedule, err
	}
	return schedule, k.schedule.Set(ctx, schedule)
}

// takeSet records the validators that vote after this block as an epoch's set.
func (k *Keeper) takeSet(ctx context.Context, epoch uint64) error {
	candidates, total, err := k.candidates(ctx)
	if err != nil {
		return err
	}
	var before []da.Attester
	if epoch > 0 {
		last, err := k.AttesterSet(ctx, epoch-1)
		if err != nil {
			return err
		}
		before = last.Attesters
	}
	set := &da.AttesterSet{Epoch: epoch, Attesters: da.NextAttesters(before, candidates), Total: total}
	hash, err := set.Hash()
	if err != nil {
		return fmt.Errorf("the set of epoch %d: %w", epoch, err)
	}
	emit(ctx, eventSet, sdk.NewAttribute(attributeEpoch, strconv.FormatUint(epoch, 10)), sdk.NewAttribute(attributeHash, hex.EncodeToString(hash[:])))
	stored := encodeSet(set, hash)
	stored.Time, stored.TakenAt = blockTime(ctx), blockHeight(ctx)
	return k.sets.Set(ctx, epoch, stored)
}

// candidates are the validators that vote, have a key and were never expelled, and the power of all that vote.
func (k *Keeper) candidates(ctx context.Context) (candidates []da.Attester, total uint64, _ error) {
	bonded, err := k.others.Staking.GetBondedValidatorsByPower(ctx)
	if err != nil {
		return nil, 0, fmt.Errorf("the validators that vote: %w", err)
	}
	reduction := k.others.Staking.PowerReduction(ctx)
	for _, validator := range bonded {
		power := uint64(max(validator.ConsensusPower(reduction), 0))
		total += power
		operator, err := sdk.ValAddressFromBech32(validator.GetOperator())
		if err != nil {
			return nil, 0, err
		}
		key, err := optional(k.keys.Get(ctx, operator))
		if err != nil {
			return nil, 0, fmt.Errorf("the key of %s: %w", operator, err)
		}
		// an operator that was expelled can make another validator, which nobody could punish
		expelled, err := k.faults.Has(ctx, operator)
		if err != nil {
			return nil, 0, fmt.Errorf("the faults of %s: %w", operator, err)
		}
		if !expelled && power > 0 && len(key.Key) == da.AttestationKeySize {
			candidates = append(candidates, da.Attester{
				Operator: [da.AddressSize]byte(operator), Key: da.AttestationKey(key.Key), Power: power,
			})
		}
	}
	return candidates, total, nil
}

// AttesterSet returns the set of an epoch. It fails with ErrUnknownSet where it was not taken yet, or not kept.
func (k *Keeper) AttesterSet(ctx context.Context, epoch uint64) (*da.AttesterSet, error) {
	stored, err := k.set(ctx, epoch)
	if err != nil {
		return nil, err
	}
	return decodeSet(stored)
}

func (k *Keeper) set(ctx context.Context, epoch uint64) (attestpb.AttesterSet, error) {
	stored, err := k.sets.Get(ctx, epoch)
	if errors.Is(err, collections.ErrNotFound) {
		return stored, ErrUnknownSet.Wrapf("epoch %d: its set was not taken yet, or is kept no more", epoch)
	}
	return stored, err
}

// SetTaken returns when an epoch's set was taken, in seconds since 1970. It fails as AttesterSet does.
func (k *Keeper) SetTaken(ctx context.Context, epoch uint64) (uint64, error) {
	set, err := k.set(ctx, epoch)
	return set.Time, err
}

// Rotation returns what an epoch's attesters sign of the next epoch's set. It fails with ErrUnknownSet.
func (k *Keeper) Rotation(ctx context.Context, epoch uint64) (*da.Rotation, error) {
	set, err := k.set(ctx, epoch)
	if err != nil {
		return nil, err
	}
	next, err := k.set(ctx, epoch+1)
	if err != nil {
		return nil, err
	}
	return &da.Rotation{
		ChainID: sdk.UnwrapSDKContext(ctx).ChainID(),
		Epoch:   epoch, SetHash: hash32(set.Hash), NextHash: hash32(next.Hash), Time: next.Time,
	}, nil
}

// pruneSets drops the sets that no record of the window names, and whose stake has been paid out: but for those of the last few
// epochs, those of which a later one than the next was taken an unbonding time ago, which ended the epoch. However short epochs are, so
// many sets and those of the window are kept at most.
func (k *Keeper) pruneSets(ctx context.Context, epoch uint64) error {
	keep, err := k.oldestNamed(ctx)
	if err != nil {
		return err
	}
	keep = min(keep, max(epoch+1, keptEpochs)-keptEpochs)
	unbonding, err := k.others.Staking.UnbondingTime(ctx)
	if err != nil {
		return fmt.Errorf("how long stake takes to unbond: %w", err)
	}
	crowded := max(epoch+1, maxKeptEpochs) - maxKeptEpochs
	var drop []uint64
	err = k.sets.Walk(ctx, new(collections.Range[uint64]).EndExclusive(keep), func(oldest uint64, _ attestpb.AttesterSet) (bool, error) {
		ended, err := k.set(ctx, oldest+2)
		if err != nil {
			return true, err
		}
		if oldest >= crowded && ended.Time+uint64(unbonding/time.Second) >= blockTime(ctx) {
			return true, nil
		}
		drop = append(drop, oldest)
		return len(drop) == prunedAtOnce, nil
	})
	if err != nil {
		return err
	}
	for _, epoch := range drop {
		if err := k.sets.Remove(ctx, epoch); err != nil {
			return err
		}
	}
	return nil
}

// oldestSet returns the first set that is kept.
func (k *Keeper) oldestSet(ctx context.Context) (oldest attestpb.AttesterSet, _ error) {
	err := k.sets.Walk(ctx, nil, func(_ uint64, set attestpb.AttesterSet) (bool, error) {
		oldest = set
		return true, nil
	})
	return oldest, err
}

// oldestNamed returns the epoch of the window's oldest record.
func (k *Keeper) oldestNamed(ctx context.Context) (uint64, error) {
	history, err := k.history.Get(ctx)
	if err != nil {
		return 0, err
	}
	oldest, err := k.records.Get(ctx, history.Pruned+1)
	if err != nil {
		return 0, fmt.Errorf("the oldest record: %w", err)
	}
	return oldest.Epoch, nil
}

func encodeSet(set *da.AttesterSet, hash [da.HashSize]byte) attestpb.AttesterSet {
	out := attestpb.AttesterSet{Epoch: set.Epoch, Total: set.Total, Hash: hash[:]}
	for _, a := range set.Attesters {
		out.Attesters = append(out.Attesters, attestpb.Attester{Operator: da.FormatAddress(a.Operator), Key: a.Key[:], Power: a.Power})
	}
	return out
}

func decodeSet(stored attestpb.AttesterSet) (*da.AttesterSet, error) {
	set := &da.AttesterSet{Epoch: stored.Epoch, Total: stored.Total}
	for _, a := range stored.Attesters {
		operator, err := da.ParseAddress(a.Operator)
		if err != nil || len(a.Key) != da.AttestationKeySize {
			return nil, fmt.Errorf("attester %s of epoch %d has a key of %d bytes: %w", a.Operator, stored.Epoch, len(a.Key), err)
		}
		set.Attesters = append(set.Attesters, da.Attester{Operator: operator, Key: da.AttestationKey(a.Key), Power: a.Power})
	}
	return set, nil
}
