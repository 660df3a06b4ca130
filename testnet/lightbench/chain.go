package lightbench

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"sync"
	"time"

	"github.com/cometbft/cometbft/crypto/ed25519"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	cmtversion "github.com/cometbft/cometbft/proto/tendermint/version"
	"github.com/cometbft/cometbft/types"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/p2p"
)

// blockProtocol is the version of blocks that CometBFT v0.40 accepts.
const blockProtocol = 11

// ChainConfig describes a chain.
type ChainConfig struct {
	ID string
	// Validators is how many sign each block.
	Validators int
	// Txs is how many transactions a block has, which decides how long the path to
	// transaction 0 is.
	Txs int
	// SetHeights is for how many heights the validator set stays as it is. Then one of
	// them has another power, as after a delegation.
	SetHeights int
}

// Block is a block of a chain, with all that its light nodes may ask for.
type Block struct {
	Header *p2p.Header // the proof included
	DA     *da.Header
	Square *Square
}

// Time is when the block was made.
func (b *Block) Time() time.Time { return b.Header.Signed.Time }

// Chain signs blocks, each with a square of its own, and keeps them. It is safe for
// concurrent use.
type Chain struct {
	config ChainConfig
	base   *Base
	keys   map[string]ed25519.PrivKey // by address

	mu     sync.RWMutex
	blocks []*Block // of height 1 on; guarded by mu
}

// NewChain begins a chain, still without blocks, whose squares are made from a base.
func NewChain(config ChainConfig, base *Base) *Chain {
	c := &Chain{config: config, base: base, keys: make(map[string]ed25519.PrivKey)}
	for i := range config.Validators {
		key := c.key(i)
		c.keys[string(key.PubKey().Address())] = key
	}
	return c
}

// key is a validator's key; the same ones in every chain of the same name.
func (c *Chain) key(validator int) ed25519.PrivKey {
	secret := sha256.Sum256(binary.BigEndian.AppendUint32([]byte(c.config.ID), uint32(validator)))
	return ed25519.GenPrivKeyFromSecret(secret[:])
}

// validators returns the set of a height.
func (c *Chain) validators(height int64) *types.ValidatorSet {
	changes := (height - 1) / int64(c.config.SetHeights)
	validators := make([]*types.Validator, c.config.Validators)
	for i := range validators {
		power := int64(10_000_000 / (i + 10))
		if changes > 0 && int64(i) == changes%int64(len(validators)) {
			power += changes
		}
		validators[i] = types.NewValidator(c.key(i).PubKey(), power)
	}
	return types.NewValidatorSet(validators)
}

// Newest returns the newest height, 0 before there is one.
func (c *Chain) Newest() uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return uint64(len(c.blocks))
}

// At returns the block of a height, nil if there is none.
func (c *Chain) At(height uint64) *Block {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if height == 0 || height > uint64(len(c.blocks)) {
		return nil
	}
	return c.blocks[height-1]
}

// Grow signs one more block, made at a time that must be later than that of the last.
func (c *Chain) Grow(at time.Time) (*Block, error) {
	height := c.Newest() + 1
	b, txs, err := c.fill(height)
	if err != nil {
		return nil, fmt.Errorf("height %d: %w", height, err)
	}
	set := c.validators(int64(height))
	header, err := c.header(int64(height), at, set, txs)
	if err != nil {
		return nil, fmt.Errorf("height %d: %w", height, err)
	}
	if b.Header.Signed, err = c.sign(header, set); err != nil {
		return nil, fmt.Errorf("height %d: %w", height, err)
	}
	b.Header.Validators = set
	c.mu.Lock()
	defer c.mu.Unlock()
	c.blocks = append(c.blocks, b)
	return b, nil
}

// fill makes a height's square, and transactions that commit to it.
func (c *Chain) fill(height uint64) (*Block, [][]byte, error) {
	seed := sha256.Sum256(binary.BigEndian.AppendUint64([]byte(c.config.ID), height))
	square, err := c.base.Add([constantSize]byte(seed[:]))
	if err != nil {
		return nil, nil, err
	}
	header := &da.Header{Version: da.HeaderVersion, TxRows: 1, Commitments: square.Commitments, BlobTreeRoot: seed}
	txs := [][]byte{append([]byte{0}, header.Encode()...), {0}}
	for i := len(txs); i < c.config.Txs; i++ {
		txs = append(txs, binary.BigEndian.AppendUint32(seed[:], uint32(i)))
	}
	proof, err := da.ProveHeader(txs)
	if err != nil {
		return nil, nil, err
	}
	return &Block{Header: &p2p.Header{Proof: proof}, DA: header, Square: square}, txs, nil
}

// header makes a chain header with every field that those of a running chain have.
func (c *Chain) header(height int64, at time.Time, set *types.ValidatorSet, txs [][]byte) (*types.Header, error) {
	dataHash, filler := da.DataHash(txs), sha256.Sum256([]byte("state of "+c.config.ID))
	none := &types.EvidenceData{}
	header := &types.Header{
		Version: cmtversion.Consensus{Block: blockProtocol, App: 1}, ChainID: c.config.ID, Height: height, Time: at.UTC(),
		DataHash: dataHash[:], ValidatorsHash: set.Hash(), NextValidatorsHash: c.validators(height + 1).Hash(),
		ConsensusHash: filler[:], AppHash: filler[:], LastResultsHash: filler[:], EvidenceHash: none.Hash(),
		ProposerAddress: set.Validators[int(height)%set.Size()].Address,
	}
	below := c.At(uint64(height - 1))
	if below == nil {
		header.LastCommitHash = (&types.Commit{}).Hash()
		return header, nil
	}
	if !at.After(below.Time()) {
		return nil, fmt.Errorf("its time %v is not after that of the block below, %v", at, below.Time())
	}
	header.LastBlockID = below.Header.Signed.Commit.BlockID
	header.LastCommitHash = below.Header.Signed.Commit.Hash()
	return header, nil
}

// sign returns a header with a commit of every validator.
func (c *Chain) sign(header *types.Header, set *types.ValidatorSet) (*types.SignedHeader, error) {
	parts := sha256.Sum256(header.Hash())
	id := types.BlockID{Hash: header.Hash(), PartSetHeader: types.PartSetHeader{Total: 80, Hash: parts[:]}}
	commit := &types.Commit{Height: header.Height, BlockID: id, Signatures: make([]types.CommitSig, set.Size())}
	for i, validator := range set.Validators {
		vote := &types.Vote{
			Type: cmtproto.PrecommitType, Height: header.Height, BlockID: id, ValidatorAddress: validator.Address, ValidatorIndex: int32(i),
			Timestamp: header.Time.Add(time.Duration(i+1)*time.Millisecond + 12_345), // no two validators vote at once
		}
		signature, err := c.keys[string(validator.Address)].Sign(types.VoteSignBytes(c.config.ID, vote.ToProto()))
		if err != nil {
			return nil, err
		}
		vote.Signature = signature
		commit.Signatures[i] = vote.CommitSig()
	}
	return &types.SignedHeader{Header: header, Commit: commit}, nil
}
