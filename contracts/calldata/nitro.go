package calldata

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// NitroWord is how many bytes of a batch Nitro reads in one step.
const NitroWord = 32

// NitroProof is a proof as Nitro's one-step prover hands it to AshlarNitro: the certificate, behind its length, and
// what a gateway answered.
func NitroProof(certificate, answer []byte) []byte {
	proof := binary.BigEndian.AppendUint64(nil, uint64(len(certificate)))
	return append(append(proof, certificate...), answer...)
}

// NitroReading is what AshlarNitro's validateReadPreimage takes behind the certificate.
type NitroReading struct {
	Blob Blob
	// Openings are those of the scalars that have bytes of the answer: two at most, in order.
	Openings []*ElementOpening
}

// ReadNitro opens the scalars of a blob, of which these are the rows, that have the bytes from an offset on: NitroWord of them,
// or as many as the blob has. Behind its end there are none. It fails as OpenElement does.
func ReadNitro(setup *kzg.Setup, info *da.BlobInfo, rows []*kzg.Row, offset uint64) (*NitroReading, error) {
	if len(rows) != len(info.Commitments) {
		return nil, fmt.Errorf("%w: %d rows of a blob of %d", kzg.ErrBadInput, len(rows), len(info.Commitments))
	}
	reading := &NitroReading{Blob: NewBlob(info)}
	if offset >= info.Size {
		return reading, nil
	}
	width := uint64(kzg.ScalarSize - 1) // bytes of the blob in a scalar
	if info.Encoding == da.EncodingRaw {
		width = kzg.ScalarSize
	}
	end := min(info.Size, offset+NitroWord)
	for i := offset / width; i <= (end-1)/width; i++ {
		opening, err := OpenElement(setup, rows[i/kzg.RowScalars], int(i%kzg.RowScalars))
		if err != nil {
			return nil, err
		}
		reading.Openings = append(reading.Openings, opening)
	}
	return reading, nil
}

// Encode returns the bytes. It fails with da.ErrTooLarge for a blob of more than 255 rows, whose number has one byte: no
// transaction carries such a blob (da.MaxTxOwnRows), and no proof that AshlarNitro takes can be about one.
func (r *NitroReading) Encode() ([]byte, error) {
	if n := len(r.Blob.VersionedHashes); n > math.MaxUint8 {
		return nil, fmt.Errorf("%w: a reading of %d rows, at most %d", da.ErrTooLarge, n, math.MaxUint8)
	}
	encoded := append(append([]byte(nil), r.Blob.Namespace[:]...), r.Blob.Encoding)
	encoded = append(encoded, r.Blob.DataKeccak[:]...)
	encoded = append(binary.BigEndian.AppendUint64(encoded, r.Blob.Size), byte(len(r.Blob.VersionedHashes)))
	for i := range r.Blob.VersionedHashes {
		encoded = append(encoded, r.Blob.VersionedHashes[i][:]...)
	}
	for _, o := range r.Openings {
		encoded = append(append(encoded, word32(o.Value)...), o.Points...)
	}
	return encoded, nil
}

// NitroEvidence is what AshlarNitro's validateCertificate takes behind the claim: the roots that the certificate's height
// has, proven in the history that an attestation signs.
type NitroEvidence struct {
	Certificate Certificate
	Place       Place
}

// Encode returns the bytes.
func (e *NitroEvidence) Encode() []byte {
	a := &e.Certificate.Attestation
	var encoded []byte
	for _, n := range []uint64{a.Epoch, a.Height, a.Time} {
		encoded = binary.BigEndian.AppendUint64(encoded, n)
	}
	for _, hash := range [][32]byte{a.HeaderHash, a.DataRoot, a.BlobTreeRoot, a.HistoryRoot} {
		encoded = append(encoded, hash[:]...)
	}
	encoded = append(append(encoded, word32(e.Certificate.Signers)...), e.Certificate.Signature...)
	for _, hash := range append([][32]byte{e.Place.DataRoot, e.Place.BlobTreeRoot}, e.Place.History...) {
		encoded = append(encoded, hash[:]...)
	}
	return encoded
}

// word32 is a number as a word.
func word32(n *big.Int) []byte { return n.FillBytes(make([]byte, wordSize)) }
