package api

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/ashlar-da/ashlar/da"
)

// Hex is bytes that JSON shows as lower-case hex without 0x.
type Hex []byte

// MarshalText implements encoding.TextMarshaler.
func (h Hex) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h), nil }

// UnmarshalText implements encoding.TextUnmarshaler. It fails with da.ErrMalformed.
func (h *Hex) UnmarshalText(text []byte) error {
	decoded, err := hex.AppendDecode(nil, text)
	if err != nil {
		return fmt.Errorf("%w: hex: %w", da.ErrMalformed, err)
	}
	*h = decoded
	return nil
}

// Status describes a full node.
type Status struct {
	ChainID string `json:"chain_id"`
	Version string `json:"version"`
	// ChainHeight is the newest block the node has committed.
	ChainHeight uint64 `json:"chain_height"`
	// Height and Tail are the newest and oldest height whose square is durable here. The API fills them in.
	Height  uint64 `json:"height"`
	Tail    uint64 `json:"tail"`
	Syncing bool   `json:"syncing"`
	// DiskFull tells that the node accepts nothing until its disk has room: reads are
	// answered, and what the chain commits is stored later. The API fills it in.
	DiskFull bool `json:"disk_full"`
	// Peers are those of the libp2p host, ChainPeers those of CometBFT.
	Peers      int `json:"peers"`
	ChainPeers int `json:"chain_peers"`
	// PeerID and Listen are how light nodes reach the node: multiaddresses with /p2p/.
	PeerID string   `json:"peer_id"`
	Listen []string `json:"listen"`
	// Retain is how long squares are kept, "0s" for ever.
	Retain string `json:"retain"`
	// Poster is the address that pays for POST /v1/blobs, empty if there is none.
	Poster string `json:"poster"`
	// Limits are the governed bounds of a square.
	Limits Limits `json:"limits"`
	// Attestation is how the node attests, and what certificates it has.
	Attestation AttestationStatus `json:"attestation"`
}

// AttestationStatus tells how a full node attests, and what certificates it has.
type AttestationStatus struct {
	// Key is the node's public attestation key, empty if it has none.
	Key Hex `json:"key"`
	// Attesting tells whether the node signed the newest height that it could have; Reason says
	// why not.
	Attesting bool   `json:"attesting"`
	Reason    string `json:"reason"`
	// Signed is the newest height that the node signed, 0 if there is none.
	Signed uint64 `json:"signed"`
	// Certificate is the newest height with a certificate, 0 if there is none.
	Certificate uint64 `json:"certificate"`
	// SignedPower is the voting power that signed it, TotalPower that of all validators.
	SignedPower uint64 `json:"signed_power"`
	TotalPower  uint64 `json:"total_power"`
	// Epoch is that of the newest block.
	Epoch uint64 `json:"epoch"`
	// EpochBlocks is how many blocks an epoch has, Window how many heights an attestation
	// vouches for; both are governed.
	EpochBlocks uint64 `json:"epoch_blocks"`
	Window      uint64 `json:"window"`
}

// Limits are the governed bounds of a square, in rows.
type Limits struct {
	MaxRows       int `json:"max_rows"`
	MaxTxRows     int `json:"max_tx_rows"`
	MaxSharedRows int `json:"max_shared_rows"`
}

// Account is an account's state.
type Account struct {
	Address string `json:"address"`
	// Balance is in aash.
	Balance  string `json:"balance"`
	Sequence uint64 `json:"sequence"`
	// PendingSequence is what the account's next transaction must carry: Sequence, and one more
	// for each of its transactions that wait here.
	PendingSequence uint64 `json:"pending_sequence"`
	// Number is the account's number, which signatures cover.
	Number uint64 `json:"account_number"`
}

// Fees is what the next block charges.
type Fees struct {
	// Height is that block's.
	Height uint64 `json:"height"`
	// BaseFee is in aash per blob gas, GasPrice in aash per execution gas: the least the
	// chain, and this node, take.
	BaseFee  string `json:"base_fee"`
	GasPrice string `json:"gas_price"`
}

// BlockFees is what a block charged.
type BlockFees struct {
	// BaseFee is in aash per blob gas.
	BaseFee string `json:"base_fee"`
	// BlobGas is what the block used, one for each byte of square charged.
	BlobGas uint64 `json:"blob_gas"`
}

// The values of Receipt.Status.
const (
	StatusAccepted = "accepted"
	StatusIncluded = "included"
	StatusAttested = "attested"
)

// Receipt answers POST /v1/txs.
type Receipt struct {
	// Tx is the transaction's id.
	Tx Hex `json:"tx"`
	// Status is accepted (in the mempool), included (final and durable here) or attested (covered
	// by a certificate too).
	Status string `json:"status"`
	// Height is the block's that includes it.
	Height uint64 `json:"height,omitempty"`
	// CertificateHeight is that of a certificate whose history includes the block.
	CertificateHeight uint64 `json:"certificate_height,omitempty"`
	// Blobs are those of an envelope, in its message's order.
	Blobs []BlobSummary `json:"blobs"`
}

// The other values of TxStatus.Status.
const (
	StatusWaiting  = "waiting"
	StatusEvicted  = "evicted"
	StatusReplaced = "replaced"
	StatusRefused  = "refused"
	StatusUnknown  = "unknown"
)

// TxStatus answers GET /v1/txs/{id}: what this node knows of a transaction, as long as it runs.
type TxStatus struct {
	Tx Hex `json:"tx"`
	// Status is waiting (in this node's mempool), included, evicted, replaced, refused or unknown.
	Status string `json:"status"`
	// Height is that of the block that includes it, or the chain's when it came, left or was
	// refused.
	Height uint64 `json:"height,omitempty"`
	// Waiting is there while it waits.
	Waiting *TxWaiting `json:"waiting,omitempty"`
	// Included is there once a block includes it, while the node remembers that much.
	Included *TxIncluded `json:"included,omitempty"`
	// Cause is why it was evicted: age, pressure, underpriced, sequence, predecessor, funds, expiry
	// or refused; or the code of why it was refused. Reason says it in words, and what to do.
	Cause  string `json:"cause,omitempty"`
	Reason string `json:"reason,omitempty"`
	// By is the transaction that replaced it.
	By Hex `json:"by,omitempty"`
}

// TxWaiting is how a transaction waits.
type TxWaiting struct {
	// Tip is what it tips per blob gas of its share of the next block; what tips most comes
	// first. It is 0 under the base fee.
	Tip string `json:"tip"`
	// UnderBaseFee tells that the next block cannot include it: BaseFee, that block's, is above
	// MaxBaseFee, the highest at which one can.
	UnderBaseFee bool   `json:"under_base_fee"`
	BaseFee      string `json:"base_fee"`
	MaxBaseFee   string `json:"max_base_fee"`
	// Before is how many transactions of its signers must be included first.
	Before int `json:"before"`
}

// TxIncluded is what a block did with a transaction.
type TxIncluded struct {
	// Index is its place in the block, what is injected left out.
	Index int `json:"index"`
	// Code is 0 where its messages succeeded. Its blobs are posted, and paid for, in any case.
	Code uint32 `json:"code"`
	// Codespace says whose code it is.
	Codespace string `json:"codespace,omitempty"`
}

// BlobReceipt answers POST /v1/blobs.
type BlobReceipt struct {
	Tx     Hex    `json:"tx"`
	Status string `json:"status"`
	Height uint64 `json:"height,omitempty"`
	// CertificateHeight is that of a certificate whose history includes the block.
	CertificateHeight uint64 `json:"certificate_height,omitempty"`
	BlobSummary
}

// BlobSummary is what the bytes of a blob and its namespace decide.
type BlobSummary struct {
	ID              da.BlobID    `json:"id"`
	Namespace       da.Namespace `json:"namespace"`
	Encoding        da.Encoding  `json:"encoding"`
	Size            uint64       `json:"size"`
	Keccak256       Hex          `json:"keccak256"`
	Commitments     []Hex        `json:"commitments"`
	VersionedHashes []Hex        `json:"versioned_hashes"`
}

// BlobIDs answers GET /v1/blobs.
type BlobIDs struct {
	IDs []da.BlobID `json:"ids"`
}

// Blob answers GET /v1/blobs/{id}.
type Blob struct {
	BlobSummary
	// Inclusions are newest first, at most 16, of at most 16 heights.
	Inclusions []Inclusion `json:"inclusions"`
	// More tells that there are others: of older heights, which before asks for, or of the same,
	// which signer tells apart.
	More bool `json:"more"`
}

// Inclusion is one time a blob was included, with proofs against the block's DA header.
type Inclusion struct {
	Height   uint64 `json:"height"`
	DataRoot Hex    `json:"data_root"`
	Entry    Entry  `json:"entry"`
	// EntryProof proves the entry under the index root.
	EntryProof EntryProof `json:"entry_proof"`
	// BlobTreeProof are the siblings from the leaf up to the blob tree root.
	BlobTreeProof []Hex `json:"blob_tree_proof"`
}

// Entry is a line of a block's blob index.
type Entry struct {
	BlobSummary
	// Signer paid for the blob.
	Signer string `json:"signer"`
	// FirstCell is 64·row + column of the blob's first cell in the square.
	FirstCell uint32 `json:"first_cell"`
	Cells     uint32 `json:"cells"`
	// Transaction is its index in the block, what is injected left out.
	Transaction uint32 `json:"transaction"`
	// Encoded is the canonical encoding, which proofs are over.
	Encoded Hex `json:"encoded"`
}

// EntryProof proves one entry in the namespaced Merkle tree of a block's index.
type EntryProof struct {
	Index int   `json:"index"`
	Nodes []Hex `json:"nodes"`
}

// NamespaceBlobs answers GET /v1/namespaces/{ns}/blobs and is what its stream consists of.
type NamespaceBlobs struct {
	Height    uint64       `json:"height"`
	Namespace da.Namespace `json:"namespace"`
	DataRoot  Hex          `json:"data_root"`
	IndexRoot Hex          `json:"index_root"`
	// Entries are all of the namespace, in index order.
	Entries []Entry `json:"entries"`
	// Proof shows that there are no others.
	Proof NamespaceProof `json:"proof"`
}

// NamespaceProof proves that entries are all those of a namespace.
type NamespaceProof struct {
	Start    int   `json:"start"`
	End      int   `json:"end"`
	Nodes    []Hex `json:"nodes"`
	LeafHash Hex   `json:"leaf_hash"`
}

// Header answers GET /v1/headers/{height}.
type Header struct {
	Height uint64 `json:"height"`
	Hash   Hex    `json:"hash"`
	// SignedHeader is CometBFT's JSON of the header and its commit.
	SignedHeader json.RawMessage `json:"signed_header"`
	HeaderProof  HeaderProof     `json:"header_proof"`
}

// Validators answers GET /v1/validators/{height}.
type Validators struct {
	Height uint64 `json:"height"`
	// Hash is the set's, which the height's header has as validators_hash.
	Hash Hex `json:"hash"`
	// Encoded is the set as CometBFT's protobuf.
	Encoded Hex `json:"encoded"`
	// Validators are its members, in order.
	Validators []Validator `json:"validators"`
}

// Validator is a member of a set of validators.
type Validator struct {
	// Address is that of the consensus key, 20 bytes.
	Address Hex `json:"address"`
	// Power is its voting power.
	Power int64 `json:"power"`
}

// HeaderProof is the path from the block's data hash to transaction 0, the DA header.
type HeaderProof struct {
	// Header is the DA header's encoding.
	Header Hex `json:"header"`
	// Total is the number of the block's transactions.
	Total int64 `json:"total"`
	// Aunts are the sibling hashes from the leaf up.
	Aunts []Hex `json:"aunts"`
}

// Block answers GET /v1/blocks/{height}.
type Block struct {
	Height   uint64     `json:"height"`
	ChainID  string     `json:"chain_id"`
	Time     time.Time  `json:"time"`
	Hash     Hex        `json:"hash"`
	DataHash Hex        `json:"data_hash"`
	DataRoot Hex        `json:"data_root"`
	DAHeader DAHeader   `json:"da_header"`
	Fees     *BlockFees `json:"fees,omitempty"`
}

// DAHeader is what a light node needs of one block to sample it.
type DAHeader struct {
	Version      uint16 `json:"version"`
	K            int    `json:"k"`
	TxRows       int    `json:"tx_rows"`
	SharedRows   int    `json:"shared_rows"`
	Commitments  []Hex  `json:"commitments"`
	IndexRoot    Hex    `json:"index_root"`
	BlobTreeRoot Hex    `json:"blob_tree_root"`
}

// Cell answers GET /v1/blocks/{height}/cells/{row}/{col}.
type Cell struct {
	Height uint64 `json:"height"`
	Row    int    `json:"row"`
	Column int    `json:"column"`
	Cell   Hex    `json:"cell"`
	Proof  Hex    `json:"proof"`
}
