package kzg

import (
	"errors"
	"fmt"
	"runtime"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fp"

	"github.com/ashlar-da/ashlar/erasure/parallel"
)

// The first three bits of a compressed point. Infinity is the first two and nothing else.
const (
	compressed = 0x80
	isInfinity = 0x40
	isLargest  = 0x20 // y is the larger of the two
)

// decodeBatch is how many points a goroutine decodes at a time.
const decodeBatch = 256

var errNoMember = errors.New("it is not in the subgroup")

// encodedPoint is a Commitment or a Proof.
type encodedPoint = [PointSize]byte

// DecodePoints decodes commitments or proofs: each must be the canonical compressed encoding of a point on the
// curve and in the prime-order subgroup. It fails with ErrInvalidPoint, naming the index of one that is not. A bad point
// costs its sender's victim little: with one or more among thousands the time is at most 1.3 times what good ones take.
//
// The subgroup check is not optional anywhere that points are verified: a small-order component survives a random linear
// combination with probability 1/3.
func DecodePoints[T Commitment | Proof](encoded []T) ([]bls12381.G1Affine, error) {
	return decodePoints(encoded, true)
}

// DecodeVerified is DecodePoints without the subgroup check, for points that were verified before they were stored.
func DecodeVerified[T Commitment | Proof](encoded []T) ([]bls12381.G1Affine, error) {
	return decodePoints(encoded, false)
}

func decodePoints[T Commitment | Proof](encoded []T, members bool) ([]bls12381.G1Affine, error) {
	points := make([]bls12381.G1Affine, len(encoded))
	if !members || len(encoded) < leastSumCheck {
		return points, decodeAll(points, encoded, members)
	}
	if err := decodeAll(points, encoded, false); err != nil {
		return points, err
	}
	if !inSubgroupBySums(points) {
		return points, fmt.Errorf("%w: point %d: %w", ErrInvalidPoint, findOutside(points), errNoMember)
	}
	return points, nil
}

// decodeAll decodes points one by one, or some side by side.
func decodeAll[T Commitment | Proof](points []bls12381.G1Affine, encoded []T, members bool) error {
	batch := min(decodeBatch, (len(encoded)+runtime.GOMAXPROCS(0)-1)/runtime.GOMAXPROCS(0)+laneCount-1)
	batches := (len(encoded) + batch - 1) / batch
	return parallel.For(batches, func(i int) error {
		from, to := i*batch, min((i+1)*batch, len(encoded))
		raw := make([]encodedPoint, to-from)
		for j := range raw {
			raw[j] = encodedPoint(encoded[from+j])
		}
		if at, err := decodeEach(points[from:to], raw, members); err != nil {
			return fmt.Errorf("%w: point %d: %w", ErrInvalidPoint, from+at, err)
		}
		return nil
	})
}

// decodeEach decodes points and returns the least index that fails.
func decodeEach(points []bls12381.G1Affine, encoded []encodedPoint, members bool) (int, error) {
	const worthwhile = 3 // below that an octet takes longer than its points alone
	var octets *octetDecoder
	if len(encoded) >= worthwhile {
		octets = newOctetDecoder()
	}
	for from := 0; from < len(encoded); from += laneCount {
		to := min(from+laneCount, len(encoded))
		if octets != nil && to-from >= worthwhile && octets.decode(points[from:to], encoded[from:to], members) {
			continue
		}
		for i := from; i < to; i++ {
			if err := decodePoint(&points[i], &encoded[i], members); err != nil {
				return i, err
			}
		}
	}
	return 0, nil
}

func decodePoint(p *bls12381.G1Affine, encoded *encodedPoint, members bool) error {
	x, infinity, err := abscissa(encoded)
	if err != nil || infinity {
		*p = bls12381.G1Affine{}
		return err
	}
	y := curveAt(&x)
	if y.Sqrt(&y) == nil {
		return errors.New("it is not on the curve")
	}
	choose(encoded, &y)
	*p = bls12381.G1Affine{X: x, Y: y}
	if members && !p.IsInSubGroup() {
		return errNoMember
	}
	return nil
}

// abscissa returns the x of an encoded point, zero for infinity.
func abscissa(encoded *encodedPoint) (x fp.Element, infinity bool, err error) {
	bytes := *encoded
	flags := bytes[0] & (compressed | isInfinity | isLargest)
	bytes[0] &^= flags
	switch {
	case flags&compressed == 0:
		return x, false, errors.New("the compression bit is not set")
	case flags&isInfinity == 0:
		return x, false, x.SetBytesCanonical(bytes[:])
	case flags&isLargest != 0 || bytes != encodedPoint{}:
		return x, false, errors.New("infinity has bits that it must not have")
	}
	return x, true, nil
}

// curveAt returns x³ + 4, the square of a point's ordinate.
func curveAt(x *fp.Element) (square fp.Element) {
	square.Square(x).Mul(&square, x)
	return *square.Add(&square, new(fp.Element).SetUint64(4))
}

// choose negates y if the encoding says that it is the other root.
func choose(encoded *encodedPoint, y *fp.Element) {
	if y.LexicographicallyLargest() != (encoded[0]&isLargest != 0) {
		y.Neg(y)
	}
}

// EncodePoints encodes points canonically; the inverse of DecodePoints.
func EncodePoints[T Commitment | Proof](points []bls12381.G1Affine) []T {
	encoded := make([]T, len(points))
	parallel.Split(len(points), decodeBatch, func(from, to int) {
		for i := from; i < to; i++ {
			encoded[i] = T(points[i].Bytes())
		}
	})
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
