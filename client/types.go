package client

import (
	"encoding/hex"
	"encoding/json"
	"fmt"

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

// blobReceipt answers POST /v1/blobs.
type blobReceipt struct {
	ID              da.BlobID    `json:"id"`
	Status          string       `json:"status"`
	Height          uint64       `json:"height,omitempty"`
	Tx              Hex          `json:"tx"`
	Namespace       da.Namespace `json:"namespace"`
	Encoding        da.Encoding  `json:"encoding"`
	Size            uint64       `json:"size"`
	Keccak256       Hex          `json:"keccak256"`
	VersionedHashes []Hex        `json:"versioned_hashes"`
}

// Status describes a node.
type Status struct {
	ChainID string `json:"chain_id"`
	Version string `json:"version"`
	// ChainHeight is the newest block the node has committed, Head and Tail the newest
	// and the oldest square it holds.
	ChainHeight uint64 `json:"chain_height"`
	Head        uint64 `json:"height"`
	Tail        uint64 `json:"tail"`
	Syncing     bool   `json:"syncing"`
	// DiskFull tells that the node takes no posts until its disk has room.
	DiskFull   bool     `json:"disk_full"`
	Peers      int      `json:"peers"`
	ChainPeers int      `json:"chain_peers"`
	PeerID     string   `json:"peer_id"`
	Listen     []string `json:"listen"`
	Retain     string   `json:"retain"`
	// Poster is the address that pays for blobs posted without a signature.
	Poster string `json:"poster"`
}

// AccountState is what the chain knows of an account.
type AccountState struct {
	Address string `json:"address"`
	// Balance is in aash.
	Balance  string `json:"balance"`
	Sequence uint64 `json:"sequence"`
	// PendingSequence comes after those that wait in the node's mempool.
	PendingSequence uint64 `json:"pending_sequence"`
	Number          uint64 `json:"account_number"`
}

// TxStatus is what became of a transaction, as far as a node remembers.
type TxStatus struct {
	Tx Hex `json:"tx"`
	// Status is waiting, included, evicted, replaced, refused or unknown.
	Status string `json:"status"`
	// Height is that of the block that includes it, or the chain's when it came, left or was
	// refused.
	Height uint64 `json:"height,omitempty"`
	// Waiting is there while it waits, Included once a block includes it.
	Waiting  *TxWaiting  `json:"waiting,omitempty"`
	Included *TxIncluded `json:"included,omitempty"`
	// Cause and Reason are why it was evicted or refused.
	Cause  string `json:"cause,omitempty"`
	Reason string `json:"reason,omitempty"`
	// By is the transaction that replaced it.
	By Hex `json:"by,omitempty"`
}

// TxWaiting is how a transaction waits. Amounts are in aash per unit of blob gas.
type TxWaiting struct {
	Tip          string `json:"tip"`
	UnderBaseFee bool   `json:"under_base_fee"`
	BaseFee      string `json:"base_fee"`
	// MaxBaseFee is the highest base fee at which a block can include it.
	MaxBaseFee string `json:"max_base_fee"`
	// Before is how many of its signers' transactions must be included first.
	Before int `json:"before"`
}

// TxIncluded is what a block did with a transaction: code 0 is success.
type TxIncluded struct {
	Index     int    `json:"index"`
	Code      uint32 `json:"code"`
	Codespace string `json:"codespace,omitempty"`
}

// ChainFees is what the next block charges.
type ChainFees struct {
	Height uint64 `json:"height"`
	// BaseFee is in aash per unit of blob gas, GasPrice in aash per unit of execution gas.
	BaseFee  string `json:"base_fee"`
	GasPrice string `json:"gas_price"`
}

// receipt answers POST /v1/txs.
type receipt struct {
	Tx     Hex    `json:"tx"`
	Status string `json:"status"`
	Height uint64 `json:"height"`
}

// inclusions answers GET /v1/blobs/{id}.
type inclusions struct {
	Inclusions []inclusion `json:"inclusions"`
}

type inclusion struct {
	Height     uint64     `json:"height"`
	Entry      entry      `json:"entry"`
	EntryProof entryProof `json:"entry_proof"`
	// BlobTreeProof are the siblings from the leaf up.
	BlobTreeProof []Hex `json:"blob_tree_proof"`
}

// entry is what this client reads of an index entry: the rest follows from the encoding.
type entry struct {
	Signer  string `json:"signer"`
	Encoded Hex    `json:"encoded"`
}

type entryProof struct {
	Index int   `json:"index"`
	Nodes []Hex `json:"nodes"`
}

// namespaceBlobs answers GET /v1/namespaces/{ns}/blobs.
type namespaceBlobs struct {
	Height  uint64         `json:"height"`
	Entries []entry        `json:"entries"`
	Proof   namespaceProof `json:"proof"`
}

type namespaceProof struct {
	Start    int   `json:"start"`
	End      int   `json:"end"`
	Nodes    []Hex `json:"nodes"`
	LeafHash Hex   `json:"leaf_hash"`
}

// signedHeader answers GET /v1/headers/{height}.
type signedHeader struct {
	SignedHeader json.RawMessage `json:"signed_header"`
	HeaderProof  headerProof     `json:"header_proof"`
}

// validators answers GET /v1/validators/{height}.
type validators struct {
	Encoded Hex `json:"encoded"`
}

// certificate answers GET /v1/certificates/{height}.
type certificate struct {
	Encoded Hex `json:"certificate"`
}

// attesterSet answers GET /v1/attesters/{epoch}.
type attesterSet struct {
	Epoch     uint64     `json:"epoch"`
	Total     uint64     `json:"total"`
	Hash      Hex        `json:"hash"`
	Attesters []attester `json:"attesters"`
}

type attester struct {
	Operator string `json:"operator"`
	Key      Hex    `json:"key"`
	Power    uint64 `json:"power"`
}

// rotation answers GET /v1/rotations/{epoch}.
type rotation struct {
	ChainID   string `json:"chain_id"`
	Epoch     uint64 `json:"epoch"`
	SetHash   Hex    `json:"set_hash"`
	NextHash  Hex    `json:"next_hash"`
	Time      uint64 `json:"time"`
	Signers   Hex    `json:"signers"`
	Signature Hex    `json:"signature"`
}

// historyProof answers GET /v1/history/{height}.
type historyProof struct {
	Path  []Hex `json:"path"`
	Right Hex   `json:"right"`
	Left  []Hex `json:"left"`
}

type headerProof struct {
	Header Hex   `json:"header"`
	Total  int64 `json:"total"`
	Aunts  []Hex `json:"aunts"`
}

func plain(list []Hex) [][]byte {
	out := make([][]byte, len(list))
	for i := range list {
		out[i] = list[i]
	}
	return out
}
