package kzg

import (
	"math/bits"
	"slices"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
)

// weighBuckets returns Σ (d+1)·bucket[d] for each of some groups of buckets. Buckets are ordered by d, then by group, and
// each group has a power of two of them. With d = h·n + l for a power of two n near the root the sum is
//
//	n·Σ h·(Σ_l bucket) + Σ (l+1)·(Σ_h bucket)
//
// and the inner sums take batched affine additions, the outer ones a few in Jacobian form. The buckets are used up.
func weighBuckets(a *bucketAdder, buckets []bls12381.G1Affine, groups int) []bls12381.G1Jac {
	size := bits.Len(uint(len(buckets)/groups)) - 1
	low, high := 1<<(size/2), 1<<(size-size/2)
	transposed := make([]bls12381.G1Affine, 0, len(buckets))
	for l := range low {
		for h := range high {
			transposed = append(transposed, buckets[(h*low+l)*groups:(h*low+l+1)*groups]...)
		}
	}
	overLow, overHigh := foldRows(a.adder, transposed, low), foldRows(a.adder, buckets, high)
	out := make([]bls12381.G1Jac, groups)
	for g := range out {
		// Without the last row the weights of overLow are h+1.
		out[g] = runningSum(overLow[groups:], g, groups)
		for range size / 2 {
			out[g].DoubleAssign()
		}
		rest := runningSum(overHigh, g, groups)
		out[g].AddAssign(&rest)
	}
	return out
}

// foldRows returns the sum of the given number of rows, a power of two, using up the points.
func foldRows(adder *PointAdder, points []bls12381.G1Affine, rows int) []bls12381.G1Affine {
	for ; rows > 1; rows /= 2 {
		half := len(points) / 2
		adder.Add(points[:half], points[:half], points[half:])
		points = points[:half]
	}
	return slices.Clip(points)
}

// runningSum returns Σ (i+1)·points[i·stride+at].
func runningSum(points []bls12381.G1Affine, at, stride int) (total bls12381.G1Jac) {
	var sum bls12381.G1Jac
	for i := len(points) - stride + at; i >= 0; i -= stride {
		sum.AddMixed(&points[i])
		total.AddAssign(&sum)
	}
	return total
}
