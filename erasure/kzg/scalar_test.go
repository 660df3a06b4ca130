package kzg

import (
	"bytes"
	"errors"
	"math/big"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

func TestDecodeScalarsBounds(t *testing.T) {
	r := modulus()
	less := r
	less[ScalarSize-1]--
	for _, test := range []struct {
		name string
		data []byte
		want error
	}{
		{"zero", make([]byte, ScalarSize), nil},
		{"r−1", less[:], nil},
		{"r", r[:], ErrNonCanonicalScalar},
		{"2²⁵⁶−1", bytes.Repeat([]byte{0xff}, ScalarSize), ErrNonCanonicalScalar},
		{"short", make([]byte, ScalarSize-1), ErrBadInput},
		{"long", make([]byte, ScalarSize+1), ErrBadInput},
		{"empty", nil, ErrBadInput},
	} {
		var e [1]fr.Element
		if err := DecodeScalars(e[:], test.data); !errors.Is(err, test.want) {
			t.Errorf("%s: have %v, want %v", test.name, err, test.want)
		}
		if err := DecodePlain(e[:], test.data); !errors.Is(err, test.want) {
			t.Errorf("%s, plain: have %v, want %v", test.name, err, test.want)
		}
	}
	if err := CheckScalars(append(less[:], r[:]...)); !errors.Is(err, ErrNonCanonicalScalar) {
		t.Errorf("CheckScalars: have %v, want %v", err, ErrNonCanonicalScalar)
	}
	if err := CheckScalars(make([]byte, ScalarSize+1)); !errors.Is(err, ErrBadInput) {
		t.Errorf("CheckScalars of an odd length: have %v, want %v", err, ErrBadInput)
	}
}

// FuzzScalars holds decoding, to Montgomery and to plain form, against math/big, and that encoding inverts it.
func FuzzScalars(f *testing.F) {
	r := modulus()
	f.Add(r[:])
	f.Add(make([]byte, 2*ScalarSize))
	f.Add([]byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, data []byte) {
		data = data[:min(len(data), CellSize)]
		scalars := make([]fr.Element, len(data)/ScalarSize)
		err := DecodeScalars(scalars, data)
		canonical := len(data)%ScalarSize == 0
		for i := 0; canonical && i < len(data); i += ScalarSize {
			canonical = new(big.Int).SetBytes(data[i:i+ScalarSize]).Cmp(fr.Modulus()) < 0
		}
		if canonical != (err == nil) {
			t.Fatalf("canonical: %t, error: %v", canonical, err)
		}
		again := make([]byte, len(data))
		if EncodeScalars(again, scalars); canonical && !bytes.Equal(again, data) {
			t.Fatalf("%x encodes as %x", data, again)
		}
		plain := make([]fr.Element, len(scalars))
		if errPlain := DecodePlain(plain, data); (err == nil) != (errPlain == nil) {
			t.Fatalf("error: %v, plain: %v", err, errPlain)
		}
		for i := range plain {
			if canonical && plain[i] != fr.Element(scalars[i].Bits()) {
				t.Fatalf("scalar %d of %x is %v in plain form", i, data, plain[i])
			}
		}
		if EncodePlain(again, plain); canonical && !bytes.Equal(again, data) {
			t.Fatalf("%x encodes as %x from plain form", data, again)
		}
	})
}
