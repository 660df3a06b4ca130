package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"cosmossdk.io/core/store"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ashlar-da/ashlar/app/attest"
	"github.com/ashlar-da/ashlar/da"
)

// StateHashes returns the hash of state that the header of a height has, which is of the state that the block before left.
type StateHashes func(height uint64) ([]byte, error)

// errNoProof means that a version of state has nothing of attestations.
var errNoProof = errors.New("app: state has no proof")

// ProveAttestation fails with da.ErrMismatch unless the epoch, the set hash and the history root of an attestation are what headers
// commit to. Of the newest height they follow from the state before it, whose hash is in its own header, and from its
// roots, which are taken as they are; of others they are on record in the state of the newest header. What is compared was read together
// with a proof, so that it does not matter what the node's state answers otherwise. It fails with
// da.ErrFutureHeight where only the next header will have the hash of a state that knows: of the chain's first height.
func (a *App) ProveAttestation(attestation *da.Attestation, hashes StateHashes) error {
	newest := uint64(a.LastBlockHeight())
	if attestation.Height > newest {
		return fmt.Errorf("%w: height %d, committed are those up to %d", da.ErrFutureHeight, attestation.Height, newest)
	}
	ctx, keeper, err := a.proven(newest, hashes)
	var own *da.Attestation
	switch {
	case err != nil:
	case attestation.Height < newest:
		own, err = keeper.Attestation(ctx, attestation.Height)
	default:
		own, err = a.coming(ctx, keeper, attestation)
	}
	if attestation.Height == newest && (errors.Is(err, attest.ErrNotBegun) || errors.Is(err, errNoProof)) {
		return fmt.Errorf("%w: the header of height %d has the hash of a state before attestations: the next one's is waited for", da.ErrFutureHeight, newest)
	}
	if err != nil {
		return sourceError(err)
	}
	return sameAttestation(attestation, own)
}

// coming returns what there is to sign of the height after a proven state.
func (a *App) coming(ctx sdk.Context, proven *attest.Keeper, known *da.Attestation) (*da.Attestation, error) {
	before, err := a.Keepers.Attest.History(ctx, known.Height-1) // as state has it: its root is proven
	if err != nil {
		return nil, err
	}
	return proven.Coming(ctx, known, before)
}

// sameAttestation names the first field that differs of those that state says by itself.
func sameAttestation(a, own *da.Attestation) error {
	switch {
	case a.Epoch != own.Epoch:
		return fmt.Errorf("%w: height %d: state says epoch %d, what its hash commits to says %d: restore this node's data", da.ErrMismatch, a.Height, a.Epoch, own.Epoch)
	case a.SetHash != own.SetHash:
		return fmt.Errorf("%w: height %d: state says that the attester set has hash %x, what its hash commits to says %x: restore this node's data", da.ErrMismatch, a.Height, a.SetHash, own.SetHash)
	case a.HistoryRoot != own.HistoryRoot:
		return fmt.Errorf("%w: height %d: state says that the history has root %x, what its hash commits to says %x: restore this node's data", da.ErrMismatch, a.Height, a.HistoryRoot, own.HistoryRoot)
	case *a != *own:
		return fmt.Errorf("%w: height %d: state says otherwise than what its hash commits to: restore this node's data", da.ErrMismatch, a.Height)
	}
	return nil
}

// ProveRotation fails with da.ErrMismatch unless a rotation is what the newest header's state has of its epoch and the next, and with
// da.ErrNotFound where that did not take the next set yet, or keeps one of both no more.
func (a *App) ProveRotation(rotation *da.Rotation, hashes StateHashes) error {
	ctx, keeper, err := a.proven(uint64(a.LastBlockHeight()), hashes)
	if err != nil {
		return err
	}
	own, err := keeper.Rotation(ctx, rotation.Epoch)
	if err != nil {
		return sourceError(err)
	}
	if *own != *rotation {
		return fmt.Errorf("%w: epoch %d: state says that the next set has hash %x, what its hash commits to says %x: restore this node's data", da.ErrMismatch, rotation.Epoch, rotation.NextHash, own.NextHash)
	}
	return nil
}

// committedStores is what a multistore of committed versions can tell of one.
type committedStores interface {
	GetCommitInfo(version int64) (*storetypes.CommitInfo, error)
	GetStoreByName(name string) storetypes.Store
}

// proven returns a keeper that reads what the state before a height has, as the height's header commits to it, and a context that
// reads it without. It fails with errNoProof where that state has nothing of attestations, and with da.ErrMismatch where it is another.
func (a *App) proven(height uint64, hashes StateHashes) (ctx sdk.Context, _ *attest.Keeper, err error) {
	version := int64(height) - 1
	if version < 1 {
		return ctx, nil, fmt.Errorf("%w before height 1", errNoProof)
	}
	hash, err := hashes(height)
	if err != nil {
		return ctx, nil, err
	}
	stores, ok := a.CommitMultiStore().(committedStores)
	if !ok {
		return ctx, nil, fmt.Errorf("%w: it is none of committed versions", errNoProof)
	}
	root, err := storeRoot(stores, attest.StoreKey, version, hash)
	if err != nil {
		return ctx, nil, err
	}
	queried, ok := stores.GetStoreByName(attest.StoreKey).(storetypes.Queryable)
	if !ok {
		return ctx, nil, fmt.Errorf("%w: the store of attestations answers no queries", errNoProof)
	}
	if ctx, err = a.CreateQueryContextWithCheckHeader(version, false, false); err != nil {
		return ctx, nil, err
	}
	keeper, err := attest.NewKeeper(a.encoding.Codec, provenStore{queried, version, root}, "", attest.Others{})
	return ctx, keeper, err
}

// storeRoot returns the root hash of a store at a version of state, whose hash is known.
func storeRoot(stores committedStores, name string, version int64, hash []byte) ([]byte, error) {
	info, err := stores.GetCommitInfo(version)
	if err != nil {
		return nil, fmt.Errorf("the stores of version %d: %w", version, err)
	}
	if own := info.Hash(); !bytes.Equal(own, hash) {
		return nil, fmt.Errorf("%w: state has the hash %x at version %d, the header of height %d says %x: restore this node's data", da.ErrMismatch, own, version, version+1, hash)
	}
	for i := range info.StoreInfos {
		if info.StoreInfos[i].Name == name {
			return info.StoreInfos[i].CommitId.Hash, nil
		}
	}
	return nil, fmt.Errorf("%w of %s at version %d", errNoProof, name, version)
}

// provenStore reads one store at one version, and gives out nothing that the store's root does not commit to. Single values can
// be read, and nothing else be done.
type provenStore struct {
	queried storetypes.Queryable
	version int64
	root    []byte
}

var (
	_ store.KVStoreService = provenStore{}
	_ store.KVStore        = provenStore{}
)

// OpenKVStore implements store.KVStoreService.
func (s provenStore) OpenKVStore(context.Context) store.KVStore { return s }

// Get implements store.KVStore. It fails with da.ErrMismatch where the value, or that there is none, is not what the root commits to.
func (s provenStore) Get(key []byte) ([]byte, error) {
	value, err := s.prove(key)
	if err != nil {
		return nil, fmt.Errorf("%w: what state has at version %d of key %x is not what the next header commits to, restore this node's data: %w", da.ErrMismatch, s.version, key, err)
	}
	return value, nil
}

// prove returns a value that its proof leads from to the root. The store panics where what it reads of its own tree is
// damaged, or was pruned meanwhile: that is a reason not to sign, and none to stop the node.
func (s provenStore) prove(key []byte) (value []byte, err error) {
	defer func() {
		if damage := recover(); damage != nil {
			err = fmt.Errorf("no proof can be made: %v", damage)
		}
	}()
	response, err := s.queried.Query(&storetypes.RequestQuery{Path: "/key", Data: key, Height: s.version, Prove: true})
	if err != nil {
		return nil, err
	}
	if response.ProofOps == nil || len(response.ProofOps.Ops) != 1 {
		return nil, fmt.Errorf("no proof can be made: %s", response.Log)
	}
	proof, err := storetypes.CommitmentOpDecoder(response.ProofOps.Ops[0])
	if err != nil {
		return nil, err
	}
	var shown [][]byte
	if response.Value != nil {
		shown = append(shown, response.Value)
	}
	roots, err := proof.Run(shown)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(proof.GetKey(), key) || len(roots) != 1 || !bytes.Equal(roots[0], s.root) {
		return nil, fmt.Errorf("the proof leads to %x, not to %x", roots, s.root)
	}
	return response.Value, nil
}

// errReadOnly says what a provenStore is not for.
var errReadOnly = errors.New("app: proven state is read value by value")

// Has implements store.KVStore.
func (s provenStore) Has(key []byte) (bool, error) {
	value, err := s.Get(key)
	return value != nil, err
}

// Set implements store.KVStore.
func (provenStore) Set(_, _ []byte) error { return errReadOnly }

// Delete implements store.KVStore.
func (provenStore) Delete([]byte) error { return errReadOnly }

// Iterator implements store.KVStore.
func (provenStore) Iterator(_, _ []byte) (store.Iterator, error) { return nil, errReadOnly }

// ReverseIterator implements store.KVStore.
func (provenStore) ReverseIterator(_, _ []byte) (store.Iterator, error) { return nil, errReadOnly }
