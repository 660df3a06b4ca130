package da

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
)

// TestCoordinates: both forms hold the point, and nothing that is none is turned into one.
func TestCoordinates(t *testing.T) {
	_, secrets := attesters(t, 1)
	key := secrets[0].Key()
	xy, err := key.Coordinates()
	var p bls12381.G1Affine
	if _, decodeErr := p.SetBytes(xy[:]); err != nil || decodeErr != nil || p.Bytes() != key { // the library's uncompressed form has no flag set
		t.Fatalf("%x of %s: %v, %v", xy, key, err, decodeErr)
	}
	signature, err := secrets[0].Attest([HashSize]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	padded, err := signature.EIP2537()
	var raw []byte // imaginary parts first
	for _, part := range []int{1, 0, 3, 2} {
		raw = append(raw, padded[64*part+16:64*part+64]...)
		if zeros := padded[64*part : 64*part+16]; slices.Max(zeros) != 0 {
			t.Errorf("part %d begins with %x", part, zeros)
		}
	}
	if back, err := SignatureFromEIP2537(padded[:]); err != nil || back != signature {
		t.Errorf("back again it is %x: %v", back, err)
	}
	for name, corrupt := range map[string]func([]byte) []byte{
		"short":           func(b []byte) []byte { return b[1:] },
		"padding":         func(b []byte) []byte { b[64]++; return b },
		"not canonical":   func(b []byte) []byte { copy(b[16:64], bytes.Repeat([]byte{0xff}, 48)); return b },
		"not a point":     func(b []byte) []byte { b[63]++; return b },
		"infinity":        func(b []byte) []byte { return make([]byte, len(b)) },
		"another y for x": func(b []byte) []byte { copy(b[128:], b[:128]); return b },
	} {
		if _, err := SignatureFromEIP2537(corrupt(slices.Clone(padded[:]))); !errors.Is(err, ErrInvalidSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var q bls12381.G2Affine
	if _, decodeErr := q.SetBytes(raw); err != nil || decodeErr != nil || q.Bytes() != signature {
		t.Fatalf("%x: %v, %v", padded, err, decodeErr)
	}
	if _, err := (AttestationKey{}).Coordinates(); !errors.Is(err, ErrInvalidKey) {
		t.Errorf("a key of zeros: %v", err)
	}
	if _, err := (AttestationSignature{}).EIP2537(); !errors.Is(err, ErrInvalidSignature) {
		t.Errorf("a signature of zeros: %v", err)
	}
}
