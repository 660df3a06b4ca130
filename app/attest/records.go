package attest

import (
	"context"
	"errors"
	"fmt"

	"cosmossdk.io/collections"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ashlar-da/ashlar/da"
	attestpb "github.com/ashlar-da/ashlar/proto/attest"
)

// record adds the block at hand to the history and to the records.
func (k *Keeper) record(ctx context.Context, epoch uint64) error {
	height := blockHeight(ctx)
	roots, err := k.others.Squares.Roots(ctx, int64(height))
	if err != nil {
		return err
	}
	leaf := da.HistoryLeaf(height, hash32(roots.DataRoot), hash32(roots.BlobTreeRoot))
	history, err := k.grow(ctx, height, leaf)
	if err != nil {
		return err
	}
	root := history.Root()
	return k.records.Set(ctx, height, attestpb.Record{
		Epoch: epoch, Time: blockTime(ctx),
		HeaderHash: sdk.UnwrapSDKContext(ctx).HeaderHash(), DataRoot: roots.DataRoot, BlobTreeRoot: roots.BlobTreeRoot,
		HistoryRoot: root[:],
	})
}

// grow adds a height to the history, which must end right before it.
func (k *Keeper) grow(ctx context.Context, height uint64, leaf [da.HashSize]byte) (*da.History, error) {
	state, err := optional(k.history.Get(ctx))
	if err != nil {
		return nil, err
	}
	if state.Height+1 != height {
		return nil, fmt.Errorf("the history ends at height %d before block %d", state.Height, height)
	}
	added, err := da.GrowHistory(state.Height, leaf, k.node(ctx))
	if err != nil {
		return nil, err
	}
	for _, n := range added {
		if err := k.nodes.Set(ctx, nodeKey(n.HistoryNode), n.Hash[:]); err != nil {
			return nil, err
		}
	}
	state.Height = height
	if err := k.history.Set(ctx, state); err != nil {
		return nil, err
	}
	return da.HistoryFrom(height, k.node(ctx))
}

func nodeKey(n da.HistoryNode) collections.Pair[uint32, uint64] {
	return collections.Join(uint32(n.Level), n.Index)
}

// node reads the history's nodes.
func (k *Keeper) node(ctx context.Context) da.HistoryNodes {
	return func(n da.HistoryNode) ([da.HashSize]byte, error) {
		hash, err := k.nodes.Get(ctx, nodeKey(n))
		return hash32(hash), err
	}
}

// prune drops the records of the heights that left the window, and the nodes that only they needed.
func (k *Keeper) prune(ctx context.Context, window uint64) error {
	history, err := k.history.Get(ctx)
	if err != nil {
		return err
	}
	for range prunedAtOnce {
		if history.Pruned+window >= history.Height {
			break
		}
		history.Pruned++
		if err := k.records.Remove(ctx, history.Pruned); err != nil {
			return err
		}
		for _, n := range da.SpentHistoryNodes(history.Pruned) {
			if err := k.nodes.Remove(ctx, nodeKey(n)); err != nil {
				return err
			}
		}
	}
	return k.history.Set(ctx, history)
}

// BeginHistory makes the history of all heights up to one, whose squares are known, on a chain that
// began without the module. None of them can be attested or proven any more: their leaves are only
// what later ones are built on.
func (k *Keeper) BeginHistory(ctx context.Context, height uint64) error {
	var history da.History
	for h := uint64(1); h <= height; h++ {
		roots, err := k.others.Squares.Roots(ctx, int64(h))
		if err != nil {
			return err
		}
		history = history.Append(da.HistoryLeaf(h, hash32(roots.DataRoot), hash32(roots.BlobTreeRoot)))
	}
	for i, n := range da.HistoryPeaks(height) {
		if err := k.nodes.Set(ctx, nodeKey(n), history.Peaks[i][:]); err != nil {
			return err
		}
	}
	return k.history.Set(ctx, attestpb.History{Height: height, Pruned: height})
}

// inWindow fails with ErrFutureHeight or ErrOutsideWindow unless attestations of a height are of use.
func (k *Keeper) inWindow(ctx context.Context, height uint64) error {
	params, err := k.Params(ctx)
	if err != nil {
		return err
	}
	history, err := optional(k.history.Get(ctx))
	switch {
	case err != nil:
		return err
	case height > history.Height:
		return ErrFutureHeight.Wrapf("height %d: the newest on record is %d", height, history.Height)
	case height <= history.Pruned || height+params.Window <= history.Height:
		return ErrOutsideWindow.Wrapf("height %d: on record are the last %d up to %d", height, params.Window, history.Height)
	}
	return nil
}

// oldestInWindow returns the record of the window's first height.
func (k *Keeper) oldestInWindow(ctx context.Context) (attestpb.Record, error) {
	params, err := k.Params(ctx)
	if err != nil {
		return attestpb.Record{}, err
	}
	history, err := k.history.Get(ctx)
	if err != nil {
		return attestpb.Record{}, err
	}
	return k.records.Get(ctx, max(history.Pruned, history.Height-min(history.Height, params.Window))+1)
}

// Record returns what attestations of a height say of it. It fails with ErrFutureHeight or ErrOutsideWindow.
func (k *Keeper) Record(ctx context.Context, height uint64) (attestpb.Record, error) {
	if err := k.inWindow(ctx, height); err != nil {
		return attestpb.Record{}, err
	}
	return k.records.Get(ctx, height)
}

// Attestation returns what validators sign of a height. It fails as Record does.
func (k *Keeper) Attestation(ctx context.Context, height uint64) (*da.Attestation, error) {
	record, err := k.Record(ctx, height)
	if err != nil {
		return nil, err
	}
	set, err := k.set(ctx, record.Epoch)
	if err != nil {
		return nil, err
	}
	return &da.Attestation{
		ChainID: sdk.UnwrapSDKContext(ctx).ChainID(),
		Epoch:   record.Epoch, SetHash: hash32(set.Hash), Height: height, Time: record.Time,
		HeaderHash: hash32(record.HeaderHash), DataRoot: hash32(record.DataRoot),
		BlobTreeRoot: hash32(record.BlobTreeRoot), HistoryRoot: hash32(record.HistoryRoot),
	}, nil
}

// History returns the history up to a height, the newest or one of the window.
func (k *Keeper) History(ctx context.Context, height uint64) (*da.History, error) {
	return da.HistoryFrom(height, k.node(ctx))
}

// Coming returns what validators sign of the height after the one that state is of, of which all but the epoch, the set and the history
// is known. What the history was before need not be of this state: its root is held against state's. It fails with ErrNotBegun where state is
// of before the first epoch, with ErrFutureHeight for another height, and with da.ErrMismatch where the history was another.
func (k *Keeper) Coming(ctx context.Context, known *da.Attestation, before *da.History) (*da.Attestation, error) {
	schedule, err := k.Schedule(ctx)
	if err != nil {
		return nil, err
	}
	coming := *known
	coming.ChainID, coming.Epoch = sdk.UnwrapSDKContext(ctx).ChainID(), schedule.Epoch
	if known.Height >= schedule.First+schedule.Blocks {
		coming.Epoch++
	}
	set, err := k.set(ctx, coming.Epoch)
	if err != nil {
		return nil, err
	}
	coming.SetHash = hash32(set.Hash)
	last, err := k.records.Get(ctx, known.Height-1)
	if errors.Is(err, collections.ErrNotFound) {
		return nil, ErrFutureHeight.Wrapf("state has no record of height %d, and is not of that before %d", known.Height-1, known.Height)
	}
	if err != nil {
		return nil, err
	}
	if root := before.Root(); before.Height+1 != known.Height || root != hash32(last.HistoryRoot) {
		return nil, fmt.Errorf("%w: the history up to height %d has root %x, on record is %x", da.ErrMismatch, before.Height, root, last.HistoryRoot)
	}
	grown := before.Append(da.HistoryLeaf(known.Height, known.DataRoot, known.BlobTreeRoot))
	coming.HistoryRoot = grown.Root()
	return &coming, nil
}

// ProveHistory proves a height in the history that ends at newest, both of the window. It fails with
// ErrFutureHeight or ErrOutsideWindow.
func (k *Keeper) ProveHistory(ctx context.Context, height, newest uint64) (*da.HistoryProof, error) {
	if err := errors.Join(k.inWindow(ctx, height), k.inWindow(ctx, newest)); err != nil {
		return nil, err
	}
	if height > newest {
		return nil, ErrFutureHeight.Wrapf("height %d is after %d, where the history ends", height, newest)
	}
	return da.ProveHistoryFrom(newest, height, k.node(ctx))
}
