// Package signed makes headers of chains that live in memory, signed by keys at hand, for tests and for adversaries.
package signed

import (
	"bytes"
	"crypto/sha256"
	"time"

	"github.com/cometbft/cometbft/crypto/ed25519"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	cmtversion "github.com/cometbft/cometbft/proto/tendermint/version"
	"github.com/cometbft/cometbft/types"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/p2p"
)

// NewHeader returns the header of a block of transactions, not signed yet, on top of another, which is nil at
// height 1. The validators are the height's and the next one's.
func NewHeader(chainID string, height int64, at time.Time, txs [][]byte, set, next *types.ValidatorSet, below *types.SignedHeader) *types.Header {
	dataHash := da.DataHash(txs)
	header := &types.Header{
		Version: cmtversion.Consensus{Block: 11}, ChainID: chainID, Height: height, Time: at.UTC(), DataHash: dataHash[:],
		ValidatorsHash: set.Hash(), NextValidatorsHash: next.Hash(), ConsensusHash: dataHash[:], ProposerAddress: set.Validators[0].Address,
	}
	if below != nil {
		header.LastBlockID = below.Commit.BlockID
	}
	return header
}

// Sign returns a header with the commit of those validators of a set whose keys are given; the others are absent.
func Sign(header *types.Header, set *types.ValidatorSet, keys ...ed25519.PrivKey) (*types.SignedHeader, error) {
	parts := sha256.Sum256(header.Hash())
	id := types.BlockID{Hash: header.Hash(), PartSetHeader: types.PartSetHeader{Total: 1, Hash: parts[:]}}
	signatures := make([]types.CommitSig, set.Size())
	for i := range signatures {
		signatures[i] = types.NewCommitSigAbsent()
	}
	for _, key := range keys {
		index, validator := set.GetByAddress(key.PubKey().Address())
		vote := &types.Vote{
			Type: cmtproto.PrecommitType, Height: header.Height, BlockID: id, Timestamp: header.Time,
			ValidatorAddress: validator.Address, ValidatorIndex: index,
		}
		var err error
		if vote.Signature, err = key.Sign(types.VoteSignBytes(header.ChainID, vote.ToProto())); err != nil {
			return nil, err
		}
		signatures[index] = vote.CommitSig()
	}
	return &types.SignedHeader{Header: header, Commit: &types.Commit{Height: header.Height, BlockID: id, Signatures: signatures}}, nil
}

// Answer returns as much of a header as a request wants.
func Answer(header *p2p.Header, request p2p.HeaderRequest) *p2p.Header {
	answer := *header
	if !request.Proof {
		answer.Proof = nil
	}
	if bytes.Equal(request.KnownValidators, header.Signed.ValidatorsHash) {
		answer.Validators = nil
	}
	return &answer
}
