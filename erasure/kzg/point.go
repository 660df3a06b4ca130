package kzg

import (
	"errors"
	"fmt"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
)

// compressed marks the first byte of a compressed point; infinity is c0 followed by zeros and nothing else.
const compressed = 0x80

// DecodePoints decodes commitments or proofs: each must be the canonical compressed encoding of a point on the
// curve and in the prime-order subgroup. It fails with ErrInvalidPoint, naming the index.
//
// The subgroup check is not optional anywhere: a small-order component survives a random linear combination with
// probability 1/3.
func DecodePoints[T Commitment | Proof](encoded []T) ([]bls12381.G1Affine, error) {
	points := make([]bls12381.G1Affine, len(encoded))
	err := inParallel(len(encoded), func(i int) error {
		if err := decodePoint(&points[i], [PointSize]byte(encoded[i])); err != nil {
			return fmt.Errorf("%w: point %d: %w", ErrInvalidPoint, i, err)
		}
		return nil
	})
	return points, err
}

func decodePoint(p *bls12381.G1Affine, encoded [PointSize]byte) error {
	if encoded[0]&compressed == 0 {
		return errors.New("the compression bit is not set")
	}
	_, err := p.SetBytes(encoded[:])
	return err
}

// EncodePoints encodes points canonically; the inverse of DecodePoints.
func EncodePoints[T Commitment | Proof](points []bls12381.G1Affine) []T {
	encoded := make([]T, len(points))
	for i := range points {
		encoded[i] = T(points[i].Bytes())
	}
	return encoded
}

// Commitments are decoded, subgroup-checked commitments: decode a header's once, verify against them often.
// They are immutable and safe for concurrent use.
type Commitments struct {
	points []bls12381.G1Affine
}

// DecodeCommitments decodes and checks commitments. It fails with ErrInvalidPoint.
func DecodeCommitments(commitments []Commitment) (*Commitments, error) {
	points, err := DecodePoints(commitments)
	if err != nil {
		return nil, err
	}
	return &Commitments{points}, nil
}

// Len returns the number of commitments.
func (c *Commitments) Len() int { return len(c.points) }
