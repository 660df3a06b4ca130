package da

import (
	"fmt"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// Encoding says how a blob's bytes become scalars.
type Encoding uint8

const (
	// EncodingData takes any bytes: 31 to a scalar, behind a zero byte.
	EncodingData Encoding = 0
	// EncodingRaw takes canonical scalars as they are: an Ethereum blob, or a part of one.
	EncodingRaw Encoding = 1
)

const (
	// dataScalarSize is how many bytes of data a scalar holds.
	dataScalarSize = kzg.ScalarSize - 1
	// DataCellSize is how many bytes of data a cell holds: 1984.
	DataCellSize = kzg.CellScalars * dataScalarSize
	// DataRowSize is how many bytes of data a row holds: 126,976.
	DataRowSize = kzg.RowScalars * dataScalarSize
)

// ParseEncoding returns the encoding of that name: "data" or "raw". It fails with ErrInvalidBlob.
func ParseEncoding(name string) (Encoding, error) {
	for _, e := range []Encoding{EncodingData, EncodingRaw} {
		if e.String() == name {
			return e, nil
		}
	}
	return 0, fmt.Errorf("%w: no encoding is called %q; use data for any bytes or raw for canonical scalars", ErrInvalidBlob, name)
}

// String returns the encoding's name.
func (e Encoding) String() string {
	switch e {
	case EncodingData:
		return "data"
	case EncodingRaw:
		return "raw"
	}
	return fmt.Sprintf("encoding(%d)", uint8(e))
}

// MarshalText implements encoding.TextMarshaler with the encoding's name.
func (e Encoding) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler; it takes what ParseEncoding takes.
func (e *Encoding) UnmarshalText(text []byte) error {
	parsed, err := ParseEncoding(string(text))
	if err == nil {
		*e = parsed
	}
	return err
}

// CellBytes is how many bytes of a blob one cell holds in this encoding.
func (e Encoding) CellBytes() int {
	if e == EncodingRaw {
		return kzg.CellSize
	}
	return DataCellSize
}

// Cells is how many cells size bytes take in this encoding.
func (e Encoding) Cells(size int) int { return ceilDiv(size, e.CellBytes()) }

// encode writes data's scalars to dst, which must be zero and have room for them.
func (e Encoding) encode(dst, data []byte) {
	if e == EncodingRaw {
		copy(dst, data)
		return
	}
	for len(data) > 0 {
		n := copy(dst[1:kzg.ScalarSize], data)
		dst, data = dst[kzg.ScalarSize:], data[n:]
	}
}

// decode reads size bytes of data back from scalars and fails with ErrMalformed unless
// these are exactly what encode writes into zeros.
func (e Encoding) decode(scalars []byte, size int) ([]byte, error) {
	if e.Cells(size)*kzg.CellSize > len(scalars) {
		return nil, fmt.Errorf("%w: %d bytes of scalars are too few for %d bytes in encoding %s", ErrMalformed, len(scalars), size, e)
	}
	stream := scalars
	if e == EncodingData {
		var err error
		if stream, err = unpackScalars(scalars); err != nil {
			return nil, err
		}
	}
	if !allZero(stream[size:]) {
		return nil, fmt.Errorf("%w: bytes after the first %d must be zero", ErrMalformed, size)
	}
	return stream[:size:size], nil
}

// unpackScalars returns the last 31 bytes of each scalar; the first must be zero.
func unpackScalars(scalars []byte) ([]byte, error) {
	out := make([]byte, 0, len(scalars)/kzg.ScalarSize*dataScalarSize)
	for i := 0; i+kzg.ScalarSize <= len(scalars); i += kzg.ScalarSize {
		if scalars[i] != 0 {
			return nil, fmt.Errorf("%w: scalar %d of encoding data must start with a zero byte", ErrMalformed, i/kzg.ScalarSize)
		}
		out = append(out, scalars[i+1:i+kzg.ScalarSize]...)
	}
	return out, nil
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }
