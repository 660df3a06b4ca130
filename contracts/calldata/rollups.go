package calldata

import "github.com/ashlar-da/ashlar/da"

// Batch is a batch as a Polygon CDK validium's sequenceBatchesValidium takes it. It is a forced one if the hash of an L1
// block is not zero.
type Batch struct {
	TransactionsHash     [32]byte
	ForcedGlobalExitRoot [32]byte
	ForcedTimestamp      uint64
	ForcedBlockHashL1    [32]byte
}

func (b *Batch) encode() value {
	return tuple(word(b.TransactionsHash), word(b.ForcedGlobalExitRoot), number(b.ForcedTimestamp), word(b.ForcedBlockHashL1))
}

func (b *Batch) forced() bool { return b.ForcedBlockHashL1 != [32]byte{} }

// Sequence is what the message to AshlarCDK's verifyMessage carries.
type Sequence struct {
	Batches              []Batch
	L1InfoRoot           [32]byte
	MaxSequenceTimestamp uint64
	L2Coinbase           [20]byte
	// Attested has one blob for each batch that is not forced, in order.
	Attested AttestedBlobs
}

// Encode returns the dataAvailabilityMessage.
func (s *Sequence) Encode() []byte {
	return tuple(tuple(list(s.Batches, (*Batch).encode), word(s.L1InfoRoot), number(s.MaxSequenceTimestamp), right(s.L2Coinbase[:]), s.Attested.encode())).bytes
}

// AccInputHash is the accumulated input hash that the rollup has once it sequenced the batches, from the one it had.
func (s *Sequence) AccInputHash(before [32]byte) [32]byte {
	for i := range s.Batches {
		b := &s.Batches[i]
		root, time, block := s.L1InfoRoot, s.MaxSequenceTimestamp, [32]byte{}
		if b.forced() {
			root, time, block = b.ForcedGlobalExitRoot, b.ForcedTimestamp, b.ForcedBlockHashL1
		}
		before = da.Keccak256(before[:], b.TransactionsHash[:], root[:], number(time).bytes[wordSize-8:], s.L2Coinbase[:], block[:])
	}
	return before
}

// Pubdata is what the operator of a ZK Stack chain hands to AshlarZKsync's checkDA.
type Pubdata struct {
	StateDiffHash [32]byte
	// Attested has one blob, the pubdata.
	Attested AttestedBlobs
}

// Encode returns the operatorDAInput.
func (p *Pubdata) Encode() []byte {
	return append(p.StateDiffHash[:], tuple(p.Attested.encode()).bytes...)
}

// OutputHash is what the L2's half of the pair of validators outputs under PUBDATA_KECCAK256.
func (p *Pubdata) OutputHash(pubdata []byte) [32]byte {
	hash := da.Keccak256(pubdata)
	return da.Keccak256(p.StateDiffHash[:], hash[:])
}

// BinaryMerkleProof is what AshlarBlobstream's verifyAttestation takes beside the history root and the tuple of height and
// data root.
type BinaryMerkleProof struct {
	SideNodes      [][32]byte
	Key, NumLeaves uint64
}

// BinaryMerkleProof returns a place in that shape; newest is the history's last height.
func (p *Place) BinaryMerkleProof(newest uint64) BinaryMerkleProof {
	return BinaryMerkleProof{append([][32]byte{p.BlobTreeRoot}, p.History...), p.Height - 1, newest}
}
