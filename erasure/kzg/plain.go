package kzg

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// The field's modulus in limbs, the least first.
const (
	modulus0 = 0xffffffff00000001
	modulus1 = 0x53bda402fffe5bfe
	modulus2 = 0x3339d80809a1d805
	modulus3 = 0x73eda753299d7d48
)

// DecodePlain is DecodeScalars to plain form, in which the limbs of an fr.Element hold the value itself instead of its
// Montgomery form. It costs a fraction. Sums and differences of plain scalars are plain, and so is the product of a plain
// scalar and one in Montgomery form: whatever is linear in the input, with constants known beforehand, can do without
// Montgomery form. Nothing else that fr does with a plain scalar means anything.
func DecodePlain(dst []fr.Element, data []byte) error {
	if len(data) != len(dst)*ScalarSize {
		return fmt.Errorf("%w: %d bytes for %d scalars of %d bytes", ErrBadInput, len(data), len(dst), ScalarSize)
	}
	for i := range dst {
		dst[i] = plain((*[ScalarSize]byte)(data[i*ScalarSize:]))
		if !isCanonical(&dst[i]) {
			return fmt.Errorf("%w: scalar %d", ErrNonCanonicalScalar, i)
		}
	}
	return nil
}

// CheckScalars reports whether data, a multiple of ScalarSize bytes, holds canonical scalars only.
// It fails like DecodeScalars.
func CheckScalars(data []byte) error {
	if len(data)%ScalarSize != 0 {
		return fmt.Errorf("%w: %d bytes are no whole scalars of %d bytes", ErrBadInput, len(data), ScalarSize)
	}
	for i := range len(data) / ScalarSize {
		e := plain((*[ScalarSize]byte)(data[i*ScalarSize:]))
		if !isCanonical(&e) {
			return fmt.Errorf("%w: scalar %d", ErrNonCanonicalScalar, i)
		}
	}
	return nil
}

func plain(encoded *[ScalarSize]byte) fr.Element {
	return fr.Element{
		binary.BigEndian.Uint64(encoded[24:]),
		binary.BigEndian.Uint64(encoded[16:]),
		binary.BigEndian.Uint64(encoded[8:]),
		binary.BigEndian.Uint64(encoded[0:]),
	}
}

// isCanonical reports whether four limbs are less than the modulus.
func isCanonical(e *fr.Element) bool {
	_, borrow := bits.Sub64(e[0], modulus0, 0)
	_, borrow = bits.Sub64(e[1], modulus1, borrow)
	_, borrow = bits.Sub64(e[2], modulus2, borrow)
	_, borrow = bits.Sub64(e[3], modulus3, borrow)
	return borrow != 0
}

// EncodePlain is EncodeScalars from plain form.
func EncodePlain(dst []byte, src []fr.Element) {
	for i := range src {
		encoded := (*[ScalarSize]byte)(dst[i*ScalarSize:])
		binary.BigEndian.PutUint64(encoded[0:], src[i][3])
		binary.BigEndian.PutUint64(encoded[8:], src[i][2])
		binary.BigEndian.PutUint64(encoded[16:], src[i][1])
		binary.BigEndian.PutUint64(encoded[24:], src[i][0])
	}
}

// decodePlainRow decodes the cells of a row.
func decodePlainRow(b *block, row *Row) error {
	if row == nil {
		return fmt.Errorf("%w: nil row", ErrBadInput)
	}
	for c := range b {
		if err := DecodePlain(b[c][:], row.Cell(c)[:]); err != nil {
			return fmt.Errorf("cell %d: %w", c, err)
		}
	}
	return nil
}

// decodePlainScalars decodes a row to plain form.
func decodePlainScalars(row *Row) ([]fr.Element, error) {
	if row == nil {
		return nil, fmt.Errorf("%w: nil row", ErrBadInput)
	}
	scalars := make([]fr.Element, RowScalars)
	return scalars, DecodePlain(scalars, row[:])
}
