package kzg

import (
	"errors"
	"testing"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
)

func TestDecodePointsRefuses(t *testing.T) {
	good := someRows(t)[0].commitment
	for name, bad := range badPoints(t) {
		t.Run(name, func(t *testing.T) {
			if _, err := DecodePoints([]Commitment{good, bad}); !errors.Is(err, ErrInvalidPoint) {
				t.Errorf("commitment: have %v, want %v", err, ErrInvalidPoint)
			}
			if _, err := DecodePoints([]Proof{bad}); !errors.Is(err, ErrInvalidPoint) {
				t.Errorf("proof: have %v, want %v", err, ErrInvalidPoint)
			}
		})
	}
}

func TestDecodePointsAcceptsInfinity(t *testing.T) {
	points, err := DecodePoints([]Proof{{0: 0xc0}})
	if err != nil || !points[0].IsInfinity() {
		t.Fatalf("have %v, %v, want infinity", points, err)
	}
}

// FuzzPoint holds that what decodes is in the subgroup and re-encodes to the same bytes.
func FuzzPoint(f *testing.F) {
	for _, bad := range badPoints(f) {
		f.Add(bad[:])
	}
	commitment := someRows(f)[0].commitment
	f.Add(commitment[:])
	f.Add(append([]byte{0xc0}, make([]byte, PointSize-1)...))
	f.Fuzz(func(t *testing.T, data []byte) {
		var encoded Commitment
		copy(encoded[:], data)
		points, err := DecodePoints([]Commitment{encoded})
		if _, many := DecodePoints([]Commitment{encoded, encoded, encoded}); (many == nil) != (err == nil) {
			t.Fatalf("alone %v, beside others %v", err, many)
		}
		if err != nil {
			if !errors.Is(err, ErrInvalidPoint) {
				t.Fatalf("unexpected error: %v", err)
			}
			return
		}
		if again := EncodePoints[Commitment](points); again[0] != encoded {
			t.Fatalf("%x decodes but encodes as %x", encoded, again[0])
		}
		checkInSubgroup(t, points[0])
	})
}

// checkInSubgroup multiplies by the group order, without the endomorphism that decoding uses.
func checkInSubgroup(t *testing.T, p bls12381.G1Affine) {
	t.Helper()
	order := modulus()
	var sum bls12381.G1Jac
	for _, b := range order {
		for bit := 7; bit >= 0; bit-- {
			sum.DoubleAssign()
			if b>>bit&1 == 1 {
				sum.AddMixed(&p)
			}
		}
	}
	if !sum.Z.IsZero() {
		t.Fatal("a point outside the subgroup was accepted")
	}
}
