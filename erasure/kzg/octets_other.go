//go:build !amd64 || purego

package kzg

import bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"

// octetAdder adds pairs of points eight at a time where the processor can; here it cannot.
type octetAdder struct{}

func newOctetAdder(int) *octetAdder { return nil }

func (*octetAdder) combine(_, _, _ []bls12381.G1Affine, _ bool, _ *PointAdder) int { return 0 }

func (*octetAdder) double(_, _ []bls12381.G1Affine) int { return 0 }

// octetDecoder decodes points eight at a time where the processor can; here it cannot.
type octetDecoder struct{}

func newOctetDecoder() *octetDecoder { return nil }

func (*octetDecoder) decode([]bls12381.G1Affine, []encodedPoint, bool) bool { return false }

func (*octetDecoder) inSubgroup([]bls12381.G1Affine) bool { return false }

// octetTransform transforms eight lanes at a time where the processor can; here it cannot.
type octetTransform struct{}

func newOctetTransform(*transform) *octetTransform { return nil }

func (*octetTransform) evaluate([]line) {}

func (*octetTransform) interpolate([]line) {}
