package da

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

const (
	// injectedByte begins what a proposer injects into a block, and no user transaction.
	injectedByte = 0x00
	// envelopeByte begins an envelope, and no Cosmos SDK transaction.
	envelopeByte = 0x01

	// MaxEnvelopeSize bounds an encoded envelope in bytes: a transaction, sixteen rows and their proofs, and framing.
	MaxEnvelopeSize = MaxTxSize + MaxTxOwnRows*(kzg.RowSize+kzg.Columns*kzg.PointSize) + MaxTxCells*maxBlobFraming + maxBlobFraming

	// maxBlobFraming is the most a blob's tag and length take.
	maxBlobFraming = 8
)

// The fields of wire.Envelope.
const (
	envelopeTxField     protowire.Number = 1
	envelopeBlobsField  protowire.Number = 2
	envelopeProofsField protowire.Number = 3
)

// Envelope is a blob transaction: a signed transaction and, beside it, the blobs and cell
// proofs that its signature covers by hash.
type Envelope struct {
	// Tx is the signed transaction, with MsgPayForBlobs as its one message.
	Tx []byte
	// Blobs are the bytes of the message's blobs, in order.
	Blobs [][]byte
	// Proofs are those of the rows the blobs own: 128 a row, blobs in order, rows ascending.
	Proofs []kzg.Proof
}

// IsEnvelope tells whether a transaction claims to be an envelope.
func IsEnvelope(tx []byte) bool { return len(tx) > 0 && tx[0] == envelopeByte }

// Encode returns the one encoding of the envelope: byte 0x01, then wire.Envelope with its
// fields in order.
func (e *Envelope) Encode() []byte {
	out := append(make([]byte, 0, e.sizeHint()), envelopeByte)
	out = appendField(out, envelopeTxField, e.Tx)
	for _, blob := range e.Blobs {
		out = appendField(out, envelopeBlobsField, blob)
	}
	if len(e.Proofs) > 0 {
		out = appendField(out, envelopeProofsField, joinProofs(e.Proofs))
	}
	return out
}

// encodesTo tells whether data is what Encode returns, without the copy.
func (e *Envelope) encodesTo(data []byte) bool {
	rest, same := bytes.CutPrefix(data, []byte{envelopeByte})
	cut := func(field protowire.Number, size int) (value []byte) {
		var head [maxBlobFraming]byte
		tag := protowire.AppendVarint(protowire.AppendTag(head[:0], field, protowire.BytesType), uint64(size))
		same = same && bytes.HasPrefix(rest, tag) && len(rest)-len(tag) >= size
		if same {
			value, rest = rest[len(tag):len(tag)+size], rest[len(tag)+size:]
		}
		return value
	}
	same = bytes.Equal(cut(envelopeTxField, len(e.Tx)), e.Tx) && same
	for _, blob := range e.Blobs {
		same = bytes.Equal(cut(envelopeBlobsField, len(blob)), blob) && same
	}
	if len(e.Proofs) > 0 {
		joined := cut(envelopeProofsField, len(e.Proofs)*kzg.PointSize)
		for i := range e.Proofs {
			same = same && bytes.Equal(joined[i*kzg.PointSize:(i+1)*kzg.PointSize], e.Proofs[i][:])
		}
	}
	return same && len(rest) == 0
}

func appendField(out []byte, field protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(out, field, protowire.BytesType), value)
}

func (e *Envelope) sizeHint() int {
	n := len(e.Tx) + len(e.Proofs)*kzg.PointSize + 4*maxBlobFraming
	for _, blob := range e.Blobs {
		n += len(blob) + maxBlobFraming
	}
	return n
}

// DecodeEnvelope decodes an envelope; what it returns aliases data. Any other encoding than
// Encode's is refused. It fails with ErrMalformed or ErrTooLarge.
func DecodeEnvelope(data []byte) (*Envelope, error) {
	if len(data) > MaxEnvelopeSize {
		return nil, fmt.Errorf("%w: an envelope of %d bytes, at most %d are allowed", ErrTooLarge, len(data), MaxEnvelopeSize)
	}
	if !IsEnvelope(data) {
		return nil, fmt.Errorf("%w: an envelope begins with byte 0x01", ErrMalformed)
	}
	e := new(Envelope)
	for rest := data[1:]; len(rest) > 0; {
		field, value, n := consumeField(rest)
		if n < 0 {
			return nil, fmt.Errorf("%w: envelope: %w", ErrMalformed, protowire.ParseError(n))
		}
		if err := e.set(field, value); err != nil {
			return nil, err
		}
		rest = rest[n:]
	}
	if len(e.Tx) == 0 || !e.encodesTo(data) {
		return nil, fmt.Errorf("%w: not the canonical encoding of an envelope: fields in order, lengths minimal, none empty but blobs", ErrMalformed)
	}
	return e, nil
}

// consumeField reads a length-delimited field; n < 0 is a protowire error.
func consumeField(b []byte) (field protowire.Number, value []byte, n int) {
	field, kind, n := protowire.ConsumeTag(b)
	if n < 0 {
		return 0, nil, n
	}
	if kind != protowire.BytesType {
		return 0, nil, n // set refuses field 0
	}
	value, m := protowire.ConsumeBytes(b[n:])
	if m < 0 {
		return 0, nil, m
	}
	return field, value[:len(value):len(value)], n + m
}

func (e *Envelope) set(field protowire.Number, value []byte) error {
	switch field {
	case envelopeTxField:
		e.Tx = value
	case envelopeBlobsField:
		if len(e.Blobs) == MaxTxCells {
			return fmt.Errorf("%w: more than %d blobs in an envelope", ErrTooLarge, MaxTxCells)
		}
		e.Blobs = append(e.Blobs, value)
	case envelopeProofsField:
		proofs, err := splitProofs(value)
		if err != nil {
			return err
		}
		e.Proofs = proofs
	default:
		return fmt.Errorf("%w: an envelope has fields 1 (tx), 2 (blobs) and 3 (proofs) only", ErrMalformed)
	}
	return nil
}

// Message decodes the message of the signed transaction. It fails like DecodePayForBlobs.
func (e *Envelope) Message() (*PayForBlobs, error) { return DecodePayForBlobs(e.Tx) }

// TxID is the id users see: SHA-256 of the signed transaction.
func (e *Envelope) TxID() [HashSize]byte { return sha256.Sum256(e.Tx) }

// TxID is the id users see of any transaction of a block: of an envelope, SHA-256 of the signed
// transaction inside; of others, of all bytes. It fails like DecodeEnvelope.
func TxID(tx []byte) ([HashSize]byte, error) {
	if !IsEnvelope(tx) {
		return sha256.Sum256(tx), nil
	}
	e, err := DecodeEnvelope(tx)
	if err != nil {
		return [HashSize]byte{}, err
	}
	return e.TxID(), nil
}

// Check matches the envelope against its own message, KZG aside: the message is one that a
// square under these limits can hold (it fails like PayForBlobs.Check), and blobs and
// proofs are those it describes (ErrMismatch: perhaps a stranger's doing, not the
// signer's). It returns the message.
func (e *Envelope) Check(limits Limits) (*PayForBlobs, error) {
	m, err := e.Message()
	if err != nil {
		return nil, err
	}
	if err := m.Check(limits); err != nil {
		return nil, err
	}
	if err := m.usage().plus(txUsage(len(e.Tx))).check(limits, ErrTooLarge); err != nil {
		return nil, fmt.Errorf("no square can hold the transaction, post its blobs in several: %w", err)
	}
	return m, e.match(m)
}

// match checks blobs and proofs against a message that passed its own Check.
func (e *Envelope) match(m *PayForBlobs) error {
	if err := e.matchSizes(m); err != nil {
		return err
	}
	for i, blob := range e.Blobs {
		if err := m.Blobs[i].Match(blob); err != nil {
			return fmt.Errorf("blob %d: %w", i, err)
		}
	}
	if ProofHash(e.Proofs) != m.ProofHash {
		return fmt.Errorf("%w: the cell proofs are not those the signature covers", ErrMismatch)
	}
	return nil
}

// matchSizes checks that blobs, commitments and proofs are as many and as long as the message says.
func (e *Envelope) matchSizes(m *PayForBlobs) error {
	if len(e.Blobs) != len(m.Blobs) {
		return fmt.Errorf("%w: %d blobs beside a message that describes %d", ErrMismatch, len(e.Blobs), len(m.Blobs))
	}
	proofs := 0
	for i, blob := range e.Blobs {
		info := &m.Blobs[i]
		if uint64(len(blob)) != info.Size || len(info.Commitments) != commitmentsFor(info.Cells()) {
			return fmt.Errorf("%w: blob %d of %d bytes, the message describes %d bytes and %d commitments", ErrMismatch, i, len(blob), info.Size, len(info.Commitments))
		}
		proofs += info.OwnRows() * kzg.Columns
	}
	if len(e.Proofs) != proofs {
		return fmt.Errorf("%w: %d cell proofs, the blobs' own rows have %d", ErrMismatch, len(e.Proofs), proofs)
	}
	return nil
}

// Match tells whether data has the size and the keccak that are described. It fails with ErrMismatch.
func (i *BlobInfo) Match(data []byte) error {
	if uint64(len(data)) != i.Size {
		return fmt.Errorf("%w: %d bytes, the message says %d", ErrMismatch, len(data), i.Size)
	}
	if Keccak256(data) != i.Keccak256 {
		return fmt.Errorf("%w: the bytes do not have the keccak256 that the message says", ErrMismatch)
	}
	return nil
}

// Key identifies what VerifyKZG checks: SHA-256 over encodings, data, commitments and
// proofs. An envelope whose key was verified once holds, whoever signs it. It fails like Message.
func (e *Envelope) Key() ([HashSize]byte, error) {
	m, err := e.Message()
	if err != nil {
		return [HashSize]byte{}, err
	}
	h := sha256.New()
	put := func(n int) { h.Write(binary.BigEndian.AppendUint64(nil, uint64(n))) }
	put(len(e.Blobs))
	for _, blob := range e.Blobs {
		put(len(blob))
		h.Write(blob)
	}
	put(len(m.Blobs))
	for i := range m.Blobs {
		put(int(m.Blobs[i].Encoding))
		put(len(m.Blobs[i].Commitments))
		for _, c := range m.Blobs[i].Commitments {
			h.Write(c[:])
		}
	}
	h.Write(joinProofs(e.Proofs))
	return [HashSize]byte(h.Sum(nil)), nil
}

// joinProofs concatenates proofs, 48 bytes each.
func joinProofs(proofs []kzg.Proof) []byte {
	out := make([]byte, 0, len(proofs)*kzg.PointSize)
	for i := range proofs {
		out = append(out, proofs[i][:]...)
	}
	return out
}

// splitProofs is the inverse of joinProofs. It fails with ErrMalformed.
func splitProofs(b []byte) ([]kzg.Proof, error) {
	if len(b)%kzg.PointSize != 0 {
		return nil, fmt.Errorf("%w: %d bytes of proofs, %d each", ErrMalformed, len(b), kzg.PointSize)
	}
	proofs := make([]kzg.Proof, len(b)/kzg.PointSize)
	for i := range proofs {
		proofs[i] = kzg.Proof(b[i*kzg.PointSize:])
	}
	return proofs, nil
}
