package adversary

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"

	"github.com/cometbft/cometbft/crypto/ed25519"
	"github.com/cometbft/cometbft/types"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/testnet/signed"
)

// Validators hold the keys of a chain and sign whatever they are told.
type Validators struct {
	keys []ed25519.PrivKey // in the order of the set
	set  *types.ValidatorSet
}

// NewValidators makes n validators of equal power, the same ones for the same name.
func NewValidators(name string, n int) *Validators {
	v := &Validators{}
	keys := make(map[string]ed25519.PrivKey)
	var members []*types.Validator
	for i := range n {
		seed := sha256.Sum256(binary.BigEndian.AppendUint32([]byte(name), uint32(i)))
		key := ed25519.GenPrivKeyFromSecret(seed[:])
		keys[string(key.PubKey().Address())] = key
		members = append(members, types.NewValidator(key.PubKey(), 10))
	}
	v.set = types.NewValidatorSet(members)
	for _, member := range v.set.Validators {
		v.keys = append(v.keys, keys[string(member.Address)])
	}
	return v
}

// Set returns the validator set.
func (v *Validators) Set() *types.ValidatorSet { return v.set.Copy() }

// Sign returns a header with the commit of those validators whose indices are given; the
// others are absent.
func (v *Validators) Sign(header *types.Header, signers ...int) (*types.SignedHeader, error) {
	var keys []ed25519.PrivKey
	for _, i := range signers {
		keys = append(keys, v.keys[i])
	}
	return signed.Sign(header, v.set, keys...)
}

// Equivocate returns a header of the same height as another, with other transactions.
func Equivocate(header *types.Header) *types.Header {
	other := *header
	dataHash := da.DataHash(da.EmptyTxs())
	other.DataHash = dataHash[:]
	return &other
}

// errNotABlock means that transactions do not begin with a DA header.
var errNotABlock = errors.New("adversary: not a block's transactions")

// withHeader returns a block's transactions with another DA header.
func withHeader(txs [][]byte, change func(*da.Header)) ([][]byte, error) {
	if len(txs) < 2 || len(txs[0]) == 0 {
		return nil, errNotABlock
	}
	header, err := da.DecodeHeader(txs[0][1:])
	if err != nil {
		return nil, err
	}
	change(header)
	return append([][]byte{append([]byte{txs[0][0]}, header.Encode()...)}, txs[1:]...), nil
}

// WrongCommitment returns a block's transactions with a DA header in which the last row's
// commitment is that of the first.
func WrongCommitment(txs [][]byte) ([][]byte, error) {
	return withHeader(txs, func(h *da.Header) { h.Commitments[len(h.Commitments)-1] = h.Commitments[0] })
}

// WrongIndex returns a block's transactions with a DA header whose roots commit to another index.
func WrongIndex(txs [][]byte) ([][]byte, error) {
	return withHeader(txs, func(h *da.Header) { h.BlobTreeRoot[0] ^= 1 })
}

// WrongRows returns a block's transactions with the DA header and the cell proofs of another: a
// square that can be recovered, and whose transaction rows hold transactions that the block
// does not have.
func WrongRows(txs, of [][]byte) ([][]byte, error) {
	if len(txs) < 2 || len(of) < 2 {
		return nil, errNotABlock
	}
	return append([][]byte{of[0], of[1]}, txs[2:]...), nil
}
