package kzg

import (
	"fmt"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// DecodeScalars decodes len(dst) canonical scalars from data, which holds ScalarSize bytes for each.
// It fails with ErrNonCanonicalScalar, naming the index, or ErrBadInput if the lengths differ.
func DecodeScalars(dst []fr.Element, data []byte) error {
	if len(data) != len(dst)*ScalarSize {
		return fmt.Errorf("%w: %d bytes for %d scalars of %d bytes", ErrBadInput, len(data), len(dst), ScalarSize)
	}
	for i := range dst {
		if dst[i].SetBytesCanonical(data[i*ScalarSize:(i+1)*ScalarSize]) != nil {
			return fmt.Errorf("%w: scalar %d", ErrNonCanonicalScalar, i)
		}
	}
	return nil
}

// EncodeScalars writes the canonical encodings of src to dst, which must hold ScalarSize bytes for each.
func EncodeScalars(dst []byte, src []fr.Element) {
	for i := range src {
		fr.BigEndian.PutElement((*[ScalarSize]byte)(dst[i*ScalarSize:]), src[i])
	}
}

func decodeRow(row *Row) ([]fr.Element, error) {
	if row == nil {
		return nil, fmt.Errorf("%w: nil row", ErrBadInput)
	}
	scalars := make([]fr.Element, RowScalars)
	return scalars, DecodeScalars(scalars, row[:])
}

func decodeScalar(z Scalar) (fr.Element, error) {
	var e [1]fr.Element
	err := DecodeScalars(e[:], z[:])
	return e[0], err
}
