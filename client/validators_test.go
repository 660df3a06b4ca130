package client_test

import (
	"fmt"

	"github.com/cometbft/cometbft/crypto/ed25519"
	"github.com/cometbft/cometbft/types"
)

func blockID(hash []byte) types.BlockID {
	return types.BlockID{Hash: hash, PartSetHeader: types.PartSetHeader{Total: 1, Hash: make([]byte, 32)}}
}

// key is a validator's.
func (w *world) key(i int) ed25519.PrivKey {
	return ed25519.GenPrivKeyFromSecret(fmt.Append(nil, w.chainID, w.secret, i))
}

// validators are those of a height: four, one of which is another after each five heights.
func (w *world) validators(height int) *types.ValidatorSet {
	var list []*types.Validator
	for i := range 4 {
		list = append(list, types.NewValidator(w.key(height/5+i).PubKey(), 10))
	}
	return types.NewValidatorSet(list)
}

// commitTo has the validators sign a header.
func (w *world) commitTo(header *types.Header) *types.Commit {
	set := w.validators(int(header.Height))
	commit := &types.Commit{Height: header.Height, BlockID: blockID(header.Hash()), Signatures: make([]types.CommitSig, set.Size())}
	for i := range 4 {
		key := w.key(int(header.Height)/5 + i)
		at, _ := set.GetByAddress(key.PubKey().Address())
		commit.Signatures[at] = types.CommitSig{BlockIDFlag: types.BlockIDFlagCommit, ValidatorAddress: key.PubKey().Address(), Timestamp: header.Time}
		commit.Signatures[at].Signature = must(key.Sign(commit.VoteSignBytes(w.chainID, at)))
	}
	return commit
}
