package attest

import (
	"context"
	"errors"

	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ashlar-da/ashlar/da"
	attestpb "github.com/ashlar-da/ashlar/proto/attest"
)

// statement is what evidence says was signed, and by whom.
type statement struct {
	attestation *da.Attestation // one of both
	rotation    *da.Rotation

	epoch     uint64 // of the set that signers count in
	signers   da.Signers
	signature da.AttestationSignature
}

// Punish slashes and removes for good the validators that signed an attestation or a rotation which differs, in any
// field, from what the chain knows, or of which it knows nothing yet. One such fault ends a validator, so that
// stake is lost once, however much it signed falsely, and two attestations of one height need no rule of their
// own: one of them differs. It implements [evidence], and fails with ErrInvalidEvidence, ErrNoFault, ErrOutsideWindow,
// ErrUnknownSet, ErrNotAttester, ErrInvalidSignature and, where none of the signers can be punished, with ErrPunished or ErrNoStake.
//
// [evidence]: https://github.com/ashlar-da/ashlar/blob/main/da/SPEC.md#12-attestations-and-certificates
func (k *Keeper) Punish(ctx context.Context, evidence attestpb.Evidence) error {
	signed, err := decodeEvidence(sdk.UnwrapSDKContext(ctx).ChainID(), evidence)
	if err != nil {
		return err
	}
	sdk.UnwrapSDKContext(ctx).GasMeter().ConsumeGas(pairingGas+signerGas*uint64(signed.signers.Count()), "signature of evidence")
	if err := k.isFalse(ctx, signed); err != nil {
		return err
	}
	if err := k.isCounted(ctx, signed); err != nil {
		return err
	}
	stored, err := k.set(ctx, signed.epoch)
	if err != nil {
		return err
	}
	set, err := decodeSet(stored)
	if err != nil {
		return err
	}
	err = set.VerifySigners(&signed.signers, signed.digest(), signed.signature)
	if errors.Is(err, da.ErrMalformed) {
		return ErrNotAttester.Wrapf("under the set of epoch %d: %v", signed.epoch, err)
	}
	if err != nil {
		return ErrInvalidSignature.Wrapf("under the set of epoch %d: %v", signed.epoch, err)
	}
	// what punishing costs depends on how much stake is on its way out, of which anybody can see to more than a block has gas for
	unmetered := sdk.UnwrapSDKContext(ctx).WithGasMeter(storetypes.NewInfiniteGasMeter())
	return k.expelAll(unmetered, set, signed)
}

// Punished tells whether a validator was expelled, so that further evidence against it comes to nothing.
func (k *Keeper) Punished(ctx context.Context, operator [da.AddressSize]byte) (bool, error) {
	return k.faults.Has(ctx, operator[:])
}

// of returns the epoch that was signed for, and the height, 0 of a rotation.
func (s *statement) of() (epoch, height uint64) {
	if s.rotation != nil {
		return s.rotation.Epoch, 0
	}
	return s.attestation.Epoch, s.attestation.Height
}

func (s *statement) digest() [da.HashSize]byte {
	if s.rotation != nil {
		return s.rotation.Digest()
	}
	return s.attestation.Digest()
}

// decodeEvidence checks lengths, and that one thing was signed.
func decodeEvidence(chainID string, evidence attestpb.Evidence) (*statement, error) {
	if (evidence.Attestation == nil) == (evidence.Rotation == nil) {
		return nil, ErrInvalidEvidence.Wrap("give what was signed: an attestation, or a rotation")
	}
	signed := &statement{epoch: evidence.Epoch}
	fields := []field{{"signers", evidence.Signers, signed.signers[:]}, {"signature", evidence.Signature, signed.signature[:]}}
	if a := evidence.Attestation; a != nil {
		to := &da.Attestation{ChainID: chainID, Epoch: a.Epoch, Height: a.Height, Time: a.Time}
		signed.attestation = to
		fields = append(fields, field{"set_hash", a.SetHash, to.SetHash[:]}, field{"header_hash", a.HeaderHash, to.HeaderHash[:]},
			field{"data_root", a.DataRoot, to.DataRoot[:]}, field{"blob_tree_root", a.BlobTreeRoot, to.BlobTreeRoot[:]},
			field{"history_root", a.HistoryRoot, to.HistoryRoot[:]})
	} else {
		r := evidence.Rotation
		to := &da.Rotation{ChainID: chainID, Epoch: r.Epoch, Time: r.Time}
		signed.rotation = to
		fields = append(fields, field{"set_hash", r.SetHash, to.SetHash[:]}, field{"next_hash", r.NextHash, to.NextHash[:]})
	}
	for _, f := range fields {
		if len(f.from) != len(f.to) {
			return nil, ErrInvalidEvidence.Wrapf("%s has %d bytes, not %d", f.name, len(f.from), len(f.to))
		}
		copy(f.to, f.from)
	}
	return signed, nil
}

// field is one of fixed length.
type field struct {
	name     string
	from, to []byte
}

// isFalse fails unless nobody who is honest signed this.
func (k *Keeper) isFalse(ctx context.Context, signed *statement) error {
	if signed.rotation != nil {
		return k.isFalseRotation(ctx, signed.rotation)
	}
	own, err := k.Attestation(ctx, signed.attestation.Height)
	switch {
	case errors.Is(err, ErrFutureHeight) || signed.attestation.Height == 0:
		return nil // a height is signed once it is committed, which none is that the block with the evidence comes before
	case errors.Is(err, ErrOutsideWindow):
		return k.isFalseData(ctx, signed.attestation, err)
	case err != nil:
		return err
	case *own == *signed.attestation:
		return ErrNoFault.Wrapf("it is what every validator should sign of height %d", own.Height)
	}
	return nil
}

// isFalseData holds an attestation of a height before the window against what state keeps longer than its record: the two roots, of
// every height, and the sets, which say when their epochs were. It fails with beyond if those are the chain's: of the rest there is no record.
func (k *Keeper) isFalseData(ctx context.Context, attestation *da.Attestation, beyond error) error {
	roots, err := k.others.Squares.Roots(ctx, int64(attestation.Height))
	if err != nil {
		return err
	}
	if hash32(roots.DataRoot) != attestation.DataRoot || hash32(roots.BlobTreeRoot) != attestation.BlobTreeRoot {
		return nil
	}
	dated, err := k.isDated(ctx, attestation)
	if err != nil || !dated {
		return err
	}
	return beyond
}

// isDated tells whether the epoch, the set and the time of an attestation go with its height, one before the window: an epoch's first block
// takes the set of the next. It may be so of what is false, and is of whatever is true.
func (k *Keeper) isDated(ctx context.Context, a *da.Attestation) (bool, error) {
	schedule, err := k.Schedule(ctx)
	if err != nil {
		return false, err
	}
	after, err := k.oldestInWindow(ctx)
	if err != nil {
		return false, err
	}
	if a.Epoch > schedule.Epoch || a.Time > after.Time {
		return false, nil
	}
	var sets [3]attestpb.AttesterSet // its own, that taken in its epoch's first block, that taken in the first block after it; those that are kept
	for i := range sets {
		if sets[i], err = optional(k.sets.Get(ctx, a.Epoch+uint64(i))); err != nil {
			return false, err
		}
	}
	own, begins, ends := sets[0], sets[1], sets[2]
	if ends.Hash == nil && begins.Hash == nil { // long gone, and before whatever is kept
		oldest, err := k.oldestSet(ctx)
		return a.Height < oldest.TakenAt && a.Time <= oldest.Time, err
	}
	return (own.Hash == nil || a.SetHash == hash32(own.Hash)) &&
		(begins.Hash == nil || begins.TakenAt <= a.Height && begins.Time <= a.Time) &&
		(ends.Hash == nil || a.Height < ends.TakenAt && a.Time <= ends.Time), nil
}

// isFalseRotation is isFalse of a rotation, which is signed once the next set was taken.
func (k *Keeper) isFalseRotation(ctx context.Context, rotation *da.Rotation) error {
	schedule, err := k.Schedule(ctx)
	if err != nil {
		return err
	}
	if rotation.Epoch > schedule.Epoch {
		return nil
	}
	own, err := k.Rotation(ctx, rotation.Epoch)
	if err != nil {
		return err
	}
	if *own == *rotation {
		return ErrNoFault.Wrapf("it is what every attester of epoch %d should sign of the next set", own.Epoch)
	}
	return nil
}

// isCounted fails unless signers count in the set of the epoch that was signed for, as far as state has it.
func (k *Keeper) isCounted(ctx context.Context, signed *statement) error {
	epoch, _ := signed.of()
	if epoch == signed.epoch {
		return nil
	}
	known, err := k.sets.Has(ctx, epoch)
	if known {
		return ErrInvalidEvidence.Wrapf("signers count in the set of epoch %d: name them by the set of epoch %d, which was signed for", signed.epoch, epoch)
	}
	return err
}
