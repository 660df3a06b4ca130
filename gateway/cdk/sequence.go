package cdk

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/gateway/jsonrpc"
)

const (
	// maxBatches is how many batches a validium's contract takes at once, _MAX_VERIFY_BATCHES of [PolygonConstantsBase].
	//
	// [PolygonConstantsBase]: https://github.com/0xPolygonHermez/zkevm-contracts/blob/077b22f8c88e57cc2e8f5276675c9df85ec4cc7d/contracts/v2/lib/PolygonConstantsBase.sol
	maxBatches = 1000
	// firstRecovery is what Ethereum adds to the number of a signature's curve point.
	firstRecovery = 27
)

var errSignature = errors.New("a signature has 65 bytes")

// sequence is what a sequencer asks to have stored and signed.
type sequence struct {
	batches   [][]byte
	hash      common.Hash // the accumulated input hash, which is signed
	signature octets
}

// signer returns the account whose key signed the sequence.
func (s *sequence) signer() (common.Address, error) {
	if len(s.signature) != crypto.SignatureLength {
		return common.Address{}, errSignature
	}
	signature := append(octets(nil), s.signature...)
	signature[crypto.RecoveryIDOffset] -= firstRecovery
	key, err := crypto.SigToPub(s.hash[:], signature)
	if err != nil {
		return common.Address{}, err
	}
	return crypto.PubkeyToAddress(*key), nil
}

// decode reads the parameter of datacom_signSequence, see [SignedSequence].
//
// [SignedSequence]: https://github.com/0xPolygon/cdk-data-availability/blob/v0.0.13/types/sequence.go
func decode(encoded json.RawMessage) (*sequence, error) {
	var parts struct {
		Sequence  json.RawMessage `json:"sequence"`
		Signature octets          `json:"signature"`
	}
	if err := json.Unmarshal(encoded, &parts); err != nil {
		return nil, err
	}
	list, err := jsonrpc.List(parts.Sequence, maxBatches)
	if err != nil {
		return nil, err
	}
	s := &sequence{signature: parts.Signature}
	for i := range list {
		var batch octets
		if err := json.Unmarshal(list[i], &batch); err != nil {
			return nil, fmt.Errorf("batch %d: %w", i, err)
		}
		s.batches = append(s.batches, batch)
		data := da.Keccak256(batch)
		s.hash = crypto.Keccak256Hash(s.hash[:], data[:])
	}
	return s, nil
}

// decodeBanana reads the parameter of datacom_signSequenceBanana, see [SignedSequenceBanana].
//
// [SignedSequenceBanana]: https://github.com/0xPolygon/cdk-data-availability/blob/v0.0.13/types/sequencebanana.go
func decodeBanana(encoded json.RawMessage) (*sequence, error) {
	var parts struct {
		Sequence struct {
			Batches      json.RawMessage `json:"batches"`
			OldHash      common.Hash     `json:"oldAccInputhash"`
			L1InfoRoot   common.Hash     `json:"l1InfoRoot"`
			MaxTimestamp number          `json:"maxSequenceTimestamp"`
		} `json:"sequence"`
		Signature octets `json:"signature"`
	}
	if err := json.Unmarshal(encoded, &parts); err != nil {
		return nil, err
	}
	list, err := jsonrpc.List(parts.Sequence.Batches, maxBatches)
	if err != nil {
		return nil, err
	}
	s := &sequence{signature: parts.Signature, hash: parts.Sequence.OldHash}
	timestamp := binary.BigEndian.AppendUint64(nil, uint64(parts.Sequence.MaxTimestamp))
	for i := range list {
		var b batch
		if err := json.Unmarshal(list[i], &b); err != nil {
			return nil, fmt.Errorf("batch %d: %w", i, err)
		}
		s.batches = append(s.batches, b.Data)
		data := da.Keccak256(b.Data)
		s.hash = crypto.Keccak256Hash(s.hash[:], data[:], parts.Sequence.L1InfoRoot[:], timestamp, b.Coinbase[:], b.ForcedBlockHash[:])
	}
	return s, nil
}

// batch is one of a Banana sequence.
type batch struct {
	Data            octets         `json:"L2Data"`
	ForcedExitRoot  common.Hash    `json:"forcedGlobalExitRoot"` // not hashed, and must be a hash
	ForcedTimestamp number         `json:"forcedTimestamp"`      // likewise
	Coinbase        common.Address `json:"coinbase"`
	ForcedBlockHash common.Hash    `json:"forcedBlockHashL1"`
}
