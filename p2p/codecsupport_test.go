package p2p

import (
	"encoding/binary"

	"github.com/cometbft/cometbft/crypto/encoding"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	"github.com/cometbft/cometbft/types"
)

func uvarint(n int) []byte { return binary.AppendUvarint(nil, uint64(n)) }

// protoSet encodes a validator set without checking it.
func protoSet(set *types.ValidatorSet) *cmtproto.ValidatorSet {
	m := &cmtproto.ValidatorSet{}
	for _, v := range set.Validators {
		key, err := encoding.PubKeyToProto(v.PubKey)
		if err != nil {
			panic(err) // the fixture's keys are Ed25519
		}
		m.Validators = append(m.Validators, &cmtproto.Validator{Address: v.Address, PubKey: key, VotingPower: v.VotingPower})
	}
	return m
}
