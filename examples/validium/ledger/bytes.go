package ledger

import "fmt"

// ScalarSize is the length of a scalar in a blob.
const ScalarSize = 32

// Bytes writes scalars as a blob of encoding raw has them: 32 bytes each, big-endian.
func Bytes(scalars []Scalar) []byte {
	out := make([]byte, 0, ScalarSize*len(scalars))
	for i := range scalars {
		b := scalars[i].Bytes()
		out = append(out, b[:]...)
	}
	return out
}

// Parse is the inverse of Bytes. It fails with ErrMalformed.
func Parse(data []byte) ([]Scalar, error) {
	if len(data)%ScalarSize != 0 {
		return nil, fmt.Errorf("%w: %d bytes are no scalars", ErrMalformed, len(data))
	}
	scalars := make([]Scalar, len(data)/ScalarSize)
	for i := range scalars {
		if err := scalars[i].SetBytesCanonical(data[ScalarSize*i : ScalarSize*(i+1)]); err != nil {
			return nil, fmt.Errorf("%w: scalar %d: %w", ErrMalformed, i, err)
		}
	}
	return scalars, nil
}
