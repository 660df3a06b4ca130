package lightnode

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	cmtjson "github.com/cometbft/cometbft/libs/json"
	"github.com/cometbft/cometbft/types"

	"github.com/ashlar-da/ashlar/api"
)

// ErrCheckpoint means that a checkpoint is not one to begin with. The message says why, and what
// to do.
var ErrCheckpoint = errors.New("lightnode: checkpoint")

const (
	checkpointFormat     = "ashlar checkpoint 1"
	maxCheckpoint        = 64 << 10 // bytes of a file
	maxCheckpointSigners = 64
)

// Checkpoint is a header to begin with that others vouch for, as its file has it.
type Checkpoint struct {
	Format  string `json:"format"` // "ashlar checkpoint 1"
	ChainID string `json:"chain_id"`
	Height  uint64 `json:"height"`
	// Hash is the chain header's, ValidatorsHash that of the set that signed it, Time the
	// block's.
	Hash           api.Hex   `json:"hash"`
	ValidatorsHash api.Hex   `json:"validators_hash"`
	Time           time.Time `json:"time"`
	// Unbonding is the chain's unbonding period in seconds, as the signers know it.
	Unbonding  uint64                `json:"unbonding_seconds"`
	Signatures []CheckpointSignature `json:"signatures"`
}

// CheckpointSignature is an Ed25519 signature of what SignBytes returns.
type CheckpointSignature struct {
	Key       api.Hex `json:"key"` // the public key, 32 bytes
	Signature api.Hex `json:"signature"`
}

var checkpointChain = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,49}$`)

// SignBytes returns what is signed: the format's name and each field, each on a line.
func (c *Checkpoint) SignBytes() []byte {
	return fmt.Appendf(nil, "%s\n%s\n%d\n%x\n%x\n%s\n%d\n", checkpointFormat, c.ChainID, c.Height, []byte(c.Hash), []byte(c.ValidatorsHash), c.Time.UTC().Format(time.RFC3339Nano), c.Unbonding)
}

// Encode returns the one form of the checkpoint's file.
func (c *Checkpoint) Encode() ([]byte, error) {
	encoded, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	return append(encoded, '\n'), nil
}

// DecodeCheckpoint reads what Encode wrote, and nothing else. It verifies no signature.
func DecodeCheckpoint(encoded []byte) (*Checkpoint, error) {
	if len(encoded) > maxCheckpoint {
		return nil, fmt.Errorf("%w: a file of %d bytes; want at most %d: is it one?", ErrCheckpoint, len(encoded), maxCheckpoint)
	}
	c := new(Checkpoint)
	if err := json.Unmarshal(encoded, c); err != nil {
		return nil, fmt.Errorf("%w: not a checkpoint file: %w", ErrCheckpoint, err)
	}
	if err := c.wellFormed(); err != nil {
		return nil, err
	}
	again, err := c.Encode()
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, encoded) {
		return nil, fmt.Errorf("%w: the file is not as `ashlar-light checkpoint sign` writes it: it was edited, or reformatted; get it anew", ErrCheckpoint)
	}
	return c, nil
}

func (c *Checkpoint) wellFormed() error {
	switch {
	case c.Format != checkpointFormat:
		return fmt.Errorf("%w: its format is %.40q, this node reads %q", ErrCheckpoint, c.Format, checkpointFormat)
	case !checkpointChain.MatchString(c.ChainID):
		return fmt.Errorf("%w: %.60q is no chain id", ErrCheckpoint, c.ChainID)
	case c.Height == 0 || c.Height > 1<<62:
		return fmt.Errorf("%w: height %d", ErrCheckpoint, c.Height)
	case len(c.Hash) != 32 || len(c.ValidatorsHash) != 32:
		return fmt.Errorf("%w: hashes of %d and %d bytes; want 32", ErrCheckpoint, len(c.Hash), len(c.ValidatorsHash))
	case c.Time.Year() < 2000 || c.Time.Year() > 9999 || c.Time.Location() != time.UTC:
		return fmt.Errorf("%w: its time is %v", ErrCheckpoint, c.Time)
	case c.Unbonding == 0 || c.Unbonding > 1<<32:
		return fmt.Errorf("%w: an unbonding period of %d seconds", ErrCheckpoint, c.Unbonding)
	case len(c.Signatures) > maxCheckpointSigners:
		return fmt.Errorf("%w: %d signatures; want at most %d", ErrCheckpoint, len(c.Signatures), maxCheckpointSigners)
	}
	for i, s := range c.Signatures {
		if len(s.Key) != ed25519.PublicKeySize || len(s.Signature) != ed25519.SignatureSize {
			return fmt.Errorf("%w: signature %d is of %d bytes, its key of %d", ErrCheckpoint, i, len(s.Signature), len(s.Key))
		}
		if i > 0 && bytes.Compare(c.Signatures[i-1].Key, s.Key) >= 0 {
			return fmt.Errorf("%w: its signatures are not in the order of their keys, or one key has signed twice", ErrCheckpoint)
		}
	}
	return nil
}

// NewCheckpoint returns a checkpoint that nobody has signed yet.
func NewCheckpoint(chainID string, trust Trust, validatorsHash []byte, at time.Time, unbonding time.Duration) (*Checkpoint, error) {
	c := &Checkpoint{
		Format: checkpointFormat, ChainID: chainID, Height: trust.Height, Hash: trust.Hash[:], ValidatorsHash: validatorsHash,
		Time: at.UTC(), Unbonding: uint64(max(unbonding, 0) / time.Second), Signatures: []CheckpointSignature{},
	}
	return c, c.wellFormed()
}

// Sign adds a signature, over an earlier one of the same key.
func (c *Checkpoint) Sign(key ed25519.PrivateKey) error {
	public, ok := key.Public().(ed25519.PublicKey)
	if !ok {
		return fmt.Errorf("%w: not an Ed25519 key", ErrCheckpoint)
	}
	mine := CheckpointSignature{Key: api.Hex(public), Signature: ed25519.Sign(key, c.SignBytes())}
	i, signed := slices.BinarySearchFunc(c.Signatures, mine, func(a, b CheckpointSignature) int { return bytes.Compare(a.Key, b.Key) })
	if signed {
		c.Signatures[i] = mine
		return nil
	}
	c.Signatures = slices.Insert(c.Signatures, i, mine)
	return c.wellFormed()
}

// Trust returns the header to begin with.
func (c *Checkpoint) Trust() Trust { return Trust{Height: c.Height, Hash: [32]byte(c.Hash)} }

// UnbondingPeriod returns the chain's unbonding period as the signers know it.
func (c *Checkpoint) UnbondingPeriod() time.Duration {
	return time.Duration(c.Unbonding) * time.Second
}

// Signers tell who has to vouch for a checkpoint: so many of these keys. A threshold of 0 is all.
type Signers struct {
	Keys      []ed25519.PublicKey
	Threshold int
}

// ParseSigners reads public keys in hex digits.
func ParseSigners(keys []string, threshold int) (s Signers, err error) {
	for _, text := range keys {
		key, err := hex.DecodeString(text)
		if err != nil || len(key) != ed25519.PublicKeySize {
			return s, fmt.Errorf("%w: %q is no checkpoint key: want the 64 hex digits that `ashlar-light checkpoint key` shows", ErrConfig, text)
		}
		if s.has(key) {
			return s, fmt.Errorf("%w: checkpoint key %s is given twice: it counts once", ErrConfig, text)
		}
		s.Keys = append(s.Keys, key)
	}
	if s.Threshold = threshold; threshold == 0 {
		s.Threshold = len(s.Keys)
	}
	if len(s.Keys) == 0 {
		return s, fmt.Errorf("%w: no checkpoint key is given: say with --checkpoint-key whose signature you trust, from another place than the checkpoint itself", ErrConfig)
	}
	if s.Threshold < 1 || s.Threshold > len(s.Keys) {
		return s, fmt.Errorf("%w: %d signatures are wanted of %d keys", ErrConfig, s.Threshold, len(s.Keys))
	}
	return s, nil
}

// Verify reports a checkpoint of another chain, one that a trusted key's signature is wrong on,
// or one that too few have signed.
func (s Signers) Verify(c *Checkpoint, chainID string) error {
	if err := c.wellFormed(); err != nil {
		return err
	}
	if c.ChainID != chainID {
		return fmt.Errorf("%w: it is of chain %q, and this node is to follow %q: get the chain's own, or give another --chain-id", ErrCheckpoint, c.ChainID, chainID)
	}
	valid, strangers := 0, []string{}
	for _, signature := range c.Signatures {
		if !s.has(signature.Key) {
			strangers = append(strangers, hex.EncodeToString(signature.Key))
			continue
		}
		if !ed25519.Verify(ed25519.PublicKey(signature.Key), c.SignBytes(), signature.Signature) {
			return fmt.Errorf("%w: the signature of key %x is not of what the file says: it was altered; get it anew, from somewhere else", ErrCheckpoint, []byte(signature.Key))
		}
		valid++
	}
	if valid >= s.Threshold {
		return nil
	}
	unknown := ""
	if len(strangers) > 0 {
		unknown = "; it is signed by " + strings.Join(strangers, ", ") + ", which no --checkpoint-key names"
	}
	return fmt.Errorf("%w: %d of the %d keys that are trusted have signed it, %d are wanted%s", ErrCheckpoint, valid, len(s.Keys), s.Threshold, unknown)
}

// fresh reports a checkpoint that is too old to begin with, or from the future.
func (c *Checkpoint) fresh(now time.Time, period time.Duration) error {
	switch age := now.Sub(c.Time); {
	case age >= period:
		return fmt.Errorf("%w: %w: its block is of %s, %v ago, and who signed that may have left since: get a newer one (the trusting period is %v)", ErrCheckpoint, ErrTrustExpired, c.Time.Format(time.RFC3339), age.Truncate(time.Minute), period)
	case age < -clockDrift:
		return fmt.Errorf("%w: its block is of %s, in the future: is this machine's clock right?", ErrCheckpoint, c.Time.Format(time.RFC3339))
	}
	return nil
}

// Among names the trusted keys that have signed a checkpoint, in hex digits.
func (s Signers) Among(c *Checkpoint) string {
	var names []string
	for _, signature := range c.Signatures {
		if s.has(signature.Key) {
			names = append(names, hex.EncodeToString(signature.Key))
		}
	}
	return strings.Join(names, ", ")
}

func (s Signers) has(key []byte) bool {
	return slices.ContainsFunc(s.Keys, func(known ed25519.PublicKey) bool { return bytes.Equal(known, key) })
}

// CheckpointOf makes an unsigned checkpoint of what a full node answers under /v1/headers/HEIGHT.
// That the header is the chain's is for whoever signs to know.
func CheckpointOf(answer []byte, chainID string, unbonding time.Duration) (*Checkpoint, error) {
	var header api.Header
	var signed types.SignedHeader
	if err := json.Unmarshal(answer, &header); err != nil {
		return nil, fmt.Errorf("%w: the answer is not a full node's: %w", ErrCheckpoint, err)
	}
	if err := cmtjson.Unmarshal(header.SignedHeader, &signed); err != nil {
		return nil, fmt.Errorf("%w: the answer is not a full node's: %w", ErrCheckpoint, err)
	}
	if err := signed.ValidateBasic(chainID); err != nil {
		return nil, fmt.Errorf("%w: the node's header: %w", ErrCheckpoint, err)
	}
	trust := Trust{Height: uint64(signed.Height), Hash: toHash(signed.Hash())}
	return NewCheckpoint(chainID, trust, signed.ValidatorsHash, signed.Time, unbonding)
}
