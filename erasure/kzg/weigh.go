package kzg

import (
	"math/bits"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
)

// bucketOf returns the bucket of a digit, from 1 to size, in a group's range of so many buckets, a power of two. The
// bucket of the digit size comes first, where zero would be, so that every other one is at its digit.
func bucketOf(digit uint32, size int) int { return int(digit) & (size - 1) }

// weighBuckets returns Σ 2^(width·g)·Σ digit·bucket, over groups g and the 2^(width−1) buckets of each, which are ordered by
// bucketOf and then by group. The buckets are used up.
//
// The inner sum is Σ 2ᵇ·Tᵇ where Tᵇ sums the buckets whose digits have bit b. From the highest bit down, what has the
// bit is added to what differs in that bit alone and then needs to be in its own Tᵇ only: in all two batched affine
// additions for each bucket.
func weighBuckets(buckets []bls12381.G1Affine, groups int) (total bls12381.G1Jac) {
	width := bits.Len(uint(len(buckets) / groups))
	adder := NewPointAdder(min(adderBatch, len(buckets)))
	for half := len(buckets) / 2; half > groups; half /= 2 {
		with, without := buckets[half:2*half], buckets[:half]
		adder.Add(without[groups:], without[groups:], with[groups:])
	}
	sums := make([][]bls12381.G1Affine, width)
	sums[width-1] = buckets[:groups]
	for b := range width - 1 {
		sums[b] = foldRows(adder, buckets[groups<<b:groups<<(b+1)], 1<<b)
	}
	for g := groups - 1; g >= 0; g-- {
		for b := width - 1; b >= 0; b-- {
			total.DoubleAssign()
			total.AddMixed(&sums[b][g])
		}
	}
	return total
}

// foldRows returns the sum of the given number of rows, a power of two, using up the points.
func foldRows(adder *PointAdder, points []bls12381.G1Affine, rows int) []bls12381.G1Affine {
	for ; rows > 1; rows /= 2 {
		half := len(points) / 2
		adder.Add(points[:half], points[:half], points[half:])
		points = points[:half]
	}
	return points
}
