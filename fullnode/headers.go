package fullnode

import (
	"bytes"
	"context"
	"fmt"

	sm "github.com/cometbft/cometbft/state"
	cmttypes "github.com/cometbft/cometbft/types"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/da/store"
	"github.com/ashlar-da/ashlar/p2p"
)

// headers serves chain headers from CometBFT's stores, up to the height whose square
// this node holds: a header it could not back with cells is of no use to a light node.
type headers struct {
	blocks  sm.BlockStore
	states  sm.Store
	squares *store.Store
}

var _ p2p.HeaderSource = (*headers)(nil)

// Header implements p2p.HeaderSource.
func (s *headers) Header(ctx context.Context, request p2p.HeaderRequest) (*p2p.Header, error) {
	height := request.Height
	if height == 0 {
		height = s.squares.Head()
	}
	signed, err := s.signed(height)
	if err != nil {
		return nil, err
	}
	header := &p2p.Header{Signed: signed}
	if request.Proof {
		if header.Proof, err = s.squares.HeaderProof(ctx, height); err != nil {
			return nil, err
		}
	}
	if !request.Alone && !bytes.Equal(signed.ValidatorsHash, request.KnownValidators) {
		if header.Validators, err = s.validators(height); err != nil {
			return nil, err
		}
	}
	return header, nil
}

// validators returns those who may sign a height.
func (s *headers) validators(height uint64) (*cmttypes.ValidatorSet, error) {
	set, err := s.states.LoadValidators(int64(height))
	if err != nil {
		return nil, fmt.Errorf("validators of height %d: %w", height, da.ErrPruned)
	}
	return set, nil
}

// signed returns the header of a height and the commit that made it final.
func (s *headers) signed(height uint64) (*cmttypes.SignedHeader, error) {
	if height == 0 || height > s.squares.Head() {
		return nil, fmt.Errorf("%w: height %d, this node holds up to %d", da.ErrFutureHeight, height, s.squares.Head())
	}
	return s.committed(height)
}

// committed is signed of a height whose square is not here yet, too.
func (s *headers) committed(height uint64) (*cmttypes.SignedHeader, error) {
	h := int64(height)
	meta := s.blocks.LoadBlockMeta(h)
	commit := s.blocks.LoadBlockCommit(h) // in the next block, if there is one
	if commit == nil {
		commit = s.blocks.LoadSeenCommit(h)
	}
	if meta == nil || commit == nil {
		return nil, fmt.Errorf("%w: header of height %d", da.ErrPruned, height)
	}
	return &cmttypes.SignedHeader{Header: &meta.Header, Commit: commit}, nil
}

// appHash returns the hash of the state before a height, as its header has it that more than two thirds signed.
func (s *headers) appHash(height uint64) ([]byte, error) {
	signed, err := s.committed(height)
	if err != nil {
		return nil, err
	}
	if hash := signed.Hash(); !bytes.Equal(hash, signed.Commit.BlockID.Hash) {
		return nil, fmt.Errorf("%w: height %d: stored is the header %x, more than two thirds signed %x: restore this node's data", da.ErrMismatch, height, hash, signed.Commit.BlockID.Hash)
	}
	return signed.AppHash, nil
}
