package da

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/proto/wire"
)

const (
	// PayForBlobsURL is the type URL of the message that pays for blobs.
	PayForBlobsURL = "/" + payForBlobsName
	// MaxTxSize bounds the signed bytes of a transaction: what two transaction rows hold.
	MaxTxSize = 2 * DataRowSize

	payForBlobsName = "ashlar.blob.v1.MsgPayForBlobs"
	// maxCapDigits bounds a cap's decimal digits: those of 2²⁵⁶.
	maxCapDigits = 78
)

// PayForBlobs is MsgPayForBlobs, decoded: what a signature covers of its transaction's blobs.
type PayForBlobs struct {
	Signer    [AddressSize]byte
	Blobs     []BlobInfo
	ProofHash [HashSize]byte
	// FeeCap and TipCap are per unit of blob gas, decimal digits as signed; the application reads them.
	FeeCap, TipCap string
}

// BlobInfo is what a signature covers of one blob.
type BlobInfo struct {
	Namespace   Namespace
	Size        uint64
	Encoding    Encoding
	Commitments []kzg.Commitment
	Keccak256   [HashSize]byte
}

// DescribeBlobs returns what a message says of blobs with these commitments, one list for
// each blob (see ProveBlobs).
func DescribeBlobs(blobs []Blob, commitments [][]kzg.Commitment) []BlobInfo {
	infos := make([]BlobInfo, len(blobs))
	for i, b := range blobs {
		infos[i] = BlobInfo{b.Namespace, uint64(len(b.Data)), b.Encoding, commitments[i], Keccak256(b.Data)}
	}
	return infos
}

// ProofHash is SHA-256 over cell proofs, 48 bytes each: what a message says of the proofs
// beside it.
func ProofHash(proofs []kzg.Proof) [HashSize]byte { return sha256.Sum256(joinProofs(proofs)) }

// ID is the id of the blob described.
func (i *BlobInfo) ID() BlobID {
	return ComputeBlobID(i.Namespace, i.Encoding, i.Keccak256, i.Commitments, i.Size)
}

// Cells is how many cells the blob's bytes take. Like what follows it needs a size that passed Check.
func (i *BlobInfo) Cells() int { return i.Encoding.Cells(int(i.Size)) }

// OwnRows is how many rows the blob has to itself; zero if it lives in a shared row.
func (i *BlobInfo) OwnRows() int { return ownRows(i.Cells()) }

// Allotment is how many cells of the square the blob takes.
func (i *BlobInfo) Allotment() int { return allotment(i.Cells()) }

// Check tells whether one blob may be described so, whatever its bytes are. It fails with
// ErrInvalidNamespace, ErrInvalidBlob or ErrTooLarge.
func (i *BlobInfo) Check() error {
	if err := i.Namespace.ValidateForBlob(); err != nil {
		return err
	}
	if err := checkSize(i.Encoding, i.Size); err != nil {
		return err
	}
	if want := commitmentsFor(i.Cells()); len(i.Commitments) != want {
		return fmt.Errorf("%w: %d commitments for %d bytes in encoding %s, which take %d", ErrInvalidBlob, len(i.Commitments), i.Size, i.Encoding, want)
	}
	return nil
}

// Check tells whether a square under these limits can hold the blobs described, were it
// otherwise empty. It fails like BlobInfo.Check.
func (m *PayForBlobs) Check(limits Limits) error {
	if len(m.Blobs) == 0 {
		return fmt.Errorf("%w: the message describes no blob; post at least one", ErrInvalidBlob)
	}
	for i := range m.Blobs {
		if err := m.Blobs[i].Check(); err != nil {
			return fmt.Errorf("blob %d: %w", i, err)
		}
	}
	if cells := m.allotted(); cells > MaxTxCells {
		return fmt.Errorf("%w: the blobs take %d cells, one transaction takes at most %d; post them in several", ErrTooLarge, cells, MaxTxCells)
	}
	if err := m.usage().check(limits, ErrTooLarge); err != nil {
		return fmt.Errorf("no square can hold the transaction's blobs, post them in several: %w", err)
	}
	return nil
}

// OwnRows is how many rows the blobs own together.
func (m *PayForBlobs) OwnRows() int { return m.usage().ownRows }

// BlobGas is what the blobs are charged for: the bytes of square they take.
func (m *PayForBlobs) BlobGas() uint64 { return uint64(m.allotted()) * kzg.CellSize }

// TxBlobGas is what every transaction of size bytes is charged for besides its blobs: the
// bytes of square it takes in the transaction rows, length prefix included.
func TxBlobGas(size int) uint64 {
	return uint64(ceilDiv(txUsage(size).txBytes*kzg.ScalarSize, dataScalarSize))
}

func (m *PayForBlobs) allotted() int {
	u := m.usage()
	return u.ownRows*kzg.RowCells + u.sharedCells
}

func (m *PayForBlobs) usage() usage {
	var u usage
	for i := range m.Blobs {
		if own := m.Blobs[i].OwnRows(); own > 0 {
			u.ownRows += own
		} else {
			u.sharedCells += m.Blobs[i].Allotment()
		}
	}
	return u
}

// messages decodes a signed transaction as far as its messages.
func messages(tx []byte) ([]*wire.Any, error) {
	if err := checkTxSize(len(tx)); err != nil {
		return nil, err
	}
	var raw wire.TxRaw
	if err := raw.Unmarshal(tx); err != nil {
		return nil, fmt.Errorf("%w: transaction: %w", ErrMalformed, err)
	}
	var body wire.TxBody
	if err := body.Unmarshal(raw.BodyBytes); err != nil {
		return nil, fmt.Errorf("%w: transaction body: %w", ErrMalformed, err)
	}
	return body.Messages, nil
}

func checkTxSize(size int) error {
	if size == 0 {
		return fmt.Errorf("%w: an empty transaction", ErrMalformed)
	}
	if size > MaxTxSize {
		return fmt.Errorf("%w: a transaction of %d bytes, at most %d are allowed", ErrTooLarge, size, MaxTxSize)
	}
	return nil
}

// isPayForBlobs tells whether some registry could resolve the type URL to MsgPayForBlobs:
// what precedes the last slash is decoration to them.
func isPayForBlobs(url string) bool {
	return url[strings.LastIndexByte(url, '/')+1:] == payForBlobsName
}

// mentionsPayForBlobs tells whether a MsgPayForBlobs is among the messages of a signed
// transaction. Bytes that are no transaction mention nothing.
func mentionsPayForBlobs(tx []byte) bool {
	list, err := messages(tx)
	if err != nil {
		return false
	}
	for _, m := range list {
		if isPayForBlobs(m.TypeUrl) {
			return true
		}
	}
	return false
}

// DecodePayForBlobs decodes the one message of a blob transaction's signed bytes. It fails
// with ErrMalformed, ErrTooLarge or ErrInvalidNamespace.
func DecodePayForBlobs(tx []byte) (*PayForBlobs, error) {
	list, err := messages(tx)
	if err != nil {
		return nil, err
	}
	if len(list) != 1 || list[0].TypeUrl != PayForBlobsURL {
		return nil, fmt.Errorf("%w: a blob transaction has %s as its one message", ErrMalformed, PayForBlobsURL)
	}
	var m wire.PayForBlobs
	if err := m.Unmarshal(list[0].Value); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrMalformed, PayForBlobsURL, err)
	}
	return fromWire(&m)
}

func fromWire(m *wire.PayForBlobs) (*PayForBlobs, error) {
	if len(m.Blobs) > MaxTxCells {
		return nil, fmt.Errorf("%w: %d blobs, one transaction takes at most %d", ErrTooLarge, len(m.Blobs), MaxTxCells)
	}
	out := &PayForBlobs{Blobs: make([]BlobInfo, len(m.Blobs)), FeeCap: m.FeeCap, TipCap: m.TipCap}
	var err error
	if out.Signer, err = ParseAddress(m.Signer); err != nil {
		return nil, err
	}
	if out.ProofHash, err = fixed32(m.ProofHash, "proof_hash"); err != nil {
		return nil, err
	}
	if err := errors.Join(checkCap(m.FeeCap, "fee_cap"), checkCap(m.TipCap, "tip_cap")); err != nil {
		return nil, err
	}
	for i, info := range m.Blobs {
		if out.Blobs[i], err = infoFromWire(info); err != nil {
			return nil, fmt.Errorf("blob %d: %w", i, err)
		}
	}
	return out, nil
}

// checkCap tells whether a cap is written in the one way an amount has. The SDK would read
// others, such as 0x10 and 020, and keep the first of two where the second is empty.
func checkCap(digits, name string) error {
	if digits == "" || len(digits) > maxCapDigits || strings.Trim(digits, "0123456789") != "" || len(digits) > 1 && digits[0] == '0' {
		return fmt.Errorf("%w: %s is %.80q: write decimal digits without leading zeros", ErrMalformed, name, digits)
	}
	return nil
}

func infoFromWire(m *wire.BlobInfo) (info BlobInfo, err error) {
	if m.Encoding > uint32(EncodingRaw) {
		return info, fmt.Errorf("%w: unknown encoding %d; use 0 (data) or 1 (raw)", ErrInvalidBlob, m.Encoding)
	}
	info.Size, info.Encoding = m.Size_, Encoding(m.Encoding)
	if info.Namespace, err = NamespaceFromBytes(m.Namespace); err != nil {
		return info, err
	}
	if info.Keccak256, err = fixed32(m.Keccak256, "keccak256"); err != nil {
		return info, err
	}
	info.Commitments, err = commitmentsFromWire(m.Commitments)
	return info, err
}

func commitmentsFromWire(list [][]byte) ([]kzg.Commitment, error) {
	if len(list) > MaxTxOwnRows {
		return nil, fmt.Errorf("%w: %d commitments, a blob has at most %d", ErrTooLarge, len(list), MaxTxOwnRows)
	}
	commitments := make([]kzg.Commitment, len(list))
	for i, c := range list {
		if len(c) != kzg.PointSize {
			return nil, fmt.Errorf("%w: commitment %d has %d bytes, not %d", ErrMalformed, i, len(c), kzg.PointSize)
		}
		commitments[i] = kzg.Commitment(c)
	}
	return commitments, nil
}

func fixed32(b []byte, name string) ([HashSize]byte, error) {
	if len(b) != HashSize {
		return [HashSize]byte{}, fmt.Errorf("%w: %s has %d bytes, not %d", ErrMalformed, name, len(b), HashSize)
	}
	return [HashSize]byte(b), nil
}
