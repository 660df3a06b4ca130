package erasure

import (
	"fmt"
	"runtime"
	"slices"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"

	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/erasure/parallel"
)

// adderBatch is how many additions of points share an inversion.
const adderBatch = 1024

// ExtendProofs extends the 128 proofs of each of the k original rows to those of all 2k rows. They must have been verified
// before: whether they are in the subgroup is not checked again, and false ones give false ones. It fails with
// kzg.ErrBadInput, or kzg.ErrInvalidPoint where a proof is not even on the curve.
func ExtendProofs(proofs [][]kzg.Proof) ([][]kzg.Proof, error) {
	k := len(proofs)
	if err := checkK(k); err != nil {
		return nil, err
	}
	all := make([]kzg.Proof, 0, 2*k*kzg.Columns)
	for i, row := range proofs {
		if len(row) != kzg.Columns {
			return nil, fmt.Errorf("%w: %d proofs of row %d, want %d", kzg.ErrBadInput, len(row), i, kzg.Columns)
		}
		all = append(all, row...)
	}
	points, err := kzg.DecodeVerified(all)
	if err != nil {
		return nil, err
	}
	extended := extrapolateRows(points, kzg.Columns)
	return slices.Collect(slices.Chunk(append(all, kzg.EncodePoints[kzg.Proof](extended)...), kzg.Columns)), nil
}

// extendPoints extends the k points of one column to 2k.
func extendPoints[T kzg.Commitment | kzg.Proof](encoded []T) ([]T, error) {
	if err := checkK(len(encoded)); err != nil {
		return nil, err
	}
	points, err := kzg.DecodePoints(encoded)
	if err != nil {
		return nil, err
	}
	extended := make([]bls12381.G1Affine, len(points))
	extrapolatePoints(extended, points, 1)
	return append(slices.Clone(encoded), kzg.EncodePoints[T](extended)...), nil
}

// extrapolateRows continues rows of points by as many, splitting columns between processors.
func extrapolateRows(points []bls12381.G1Affine, columns int) []bls12381.G1Affine {
	out := make([]bls12381.G1Affine, len(points))
	parts := min(columns, runtime.GOMAXPROCS(0))
	_ = parallel.For(parts, func(i int) error {
		from, to := columns*i/parts, columns*(i+1)/parts
		var part []bls12381.G1Affine
		for row := range slices.Chunk(points, columns) {
			part = append(part, row[from:to]...)
		}
		extended := make([]bls12381.G1Affine, len(part))
		extrapolatePoints(extended, part, to-from)
		for r := range len(points) / columns {
			copy(out[r*columns+from:r*columns+to], extended[r*(to-from):])
		}
		return nil
	})
	return out
}

// extrapolatePoints is extrapolate for n columns of points at once: values holds k rows of n points, which it uses up, and
// out the k rows that follow. All additions of a step, over all columns, share inversions.
//
// Growing the differences, value j of difference i needs value j of difference i−1, the next higher one, and its own value
// j−1: so what has the same i+j is one step, of 2k−2.
func extrapolatePoints(out, values []bls12381.G1Affine, n int) {
	adder, k := kzg.NewPointAdder(min(adderBatch, len(values))), len(values)/n
	for m := 1; m < k; m++ {
		adder.Subtract(values[:(k-m)*n], values[n:], values)
	}
	// The value at k−1 comes first now, then its differences, so that a sum precedes what it is added to.
	reverseRows(values, n)
	for step := range 2*k - 1 {
		if first, last := max(step-k+1, 1), min(step, k-1); first <= last {
			adder.Add(values[(k-1-last)*n:(k-first)*n], values[(k-1-last)*n:], values[(k-last)*n:])
		}
		if j := step - k + 1; j >= 0 {
			copy(out[j*n:], values[:n])
		}
	}
}

func reverseRows(values []bls12381.G1Affine, n int) {
	for low, high := 0, len(values)-n; low < high; low, high = low+n, high-n {
		for c := range n {
			values[low+c], values[high+c] = values[high+c], values[low+c]
		}
	}
}
