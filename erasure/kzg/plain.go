package kzg

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// A scalar is plain if the limbs of an fr.Element hold the value itself, not its Montgomery form. Sums and differences
// of plain scalars are plain, and so is the product of a plain scalar and one in Montgomery form: whatever is linear in
// the input, with constants known beforehand, needs no conversion.

// The field's modulus in limbs, the least first.
const (
	modulus0 = 0xffffffff00000001
	modulus1 = 0x53bda402fffe5bfe
	modulus2 = 0x3339d80809a1d805
	modulus3 = 0x73eda753299d7d48
)

// decodePlain is DecodeScalars to plain form.
func decodePlain(dst []fr.Element, data []byte) error {
	if len(data) != len(dst)*ScalarSize {
		return fmt.Errorf("%w: %d bytes for %d scalars of %d bytes", ErrBadInput, len(data), len(dst), ScalarSize)
	}
	for i := range dst {
		e, encoded := &dst[i], (*[ScalarSize]byte)(data[i*ScalarSize:])
		e[3] = binary.BigEndian.Uint64(encoded[0:])
		e[2] = binary.BigEndian.Uint64(encoded[8:])
		e[1] = binary.BigEndian.Uint64(encoded[16:])
		e[0] = binary.BigEndian.Uint64(encoded[24:])
		if !isCanonical(e) {
			return fmt.Errorf("%w: scalar %d", ErrNonCanonicalScalar, i)
		}
	}
	return nil
}

// isCanonical reports whether four limbs are less than the modulus.
func isCanonical(e *fr.Element) bool {
	_, borrow := bits.Sub64(e[0], modulus0, 0)
	_, borrow = bits.Sub64(e[1], modulus1, borrow)
	_, borrow = bits.Sub64(e[2], modulus2, borrow)
	_, borrow = bits.Sub64(e[3], modulus3, borrow)
	return borrow != 0
}

// encodePlain is EncodeScalars from plain form.
func encodePlain(dst []byte, src []fr.Element) {
	for i := range src {
		encoded := (*[ScalarSize]byte)(dst[i*ScalarSize:])
		binary.BigEndian.PutUint64(encoded[0:], src[i][3])
		binary.BigEndian.PutUint64(encoded[8:], src[i][2])
		binary.BigEndian.PutUint64(encoded[16:], src[i][1])
		binary.BigEndian.PutUint64(encoded[24:], src[i][0])
	}
}
