package kzg

import (
	"math/bits"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fp"
)

// pointSize is what a point takes in memory.
const pointSize = 2 * fp.Bytes

// comb multiplies 64 fixed points, cut into groups, by 64 scalars and adds up. For each group of b points P it knows the
// sums ±P ± … + P, 2ᵇ⁻¹ of them, of which one or its negative is the contribution of a group's digits at one place.
type comb struct {
	widths []int                 // points of each group, 64 altogether
	tables [][]bls12381.G1Affine // by group and the digits of all its points but the last, which is positive
}

// combWidths returns the fewest groups for which the tables of all columns take at most the given number of bytes, or
// groups of one if none do: the points themselves, 768 KiB.
func combWidths(limit int) []int {
	for groups := 4; groups < CellScalars; groups++ {
		widths, entries := make([]int, groups), 0
		for g := range widths {
			widths[g] = (CellScalars + g) / groups
			entries += 1 << (widths[g] - 1)
		}
		if entries*Columns*pointSize <= limit {
			return widths
		}
	}
	widths := make([]int, CellScalars)
	for g := range widths {
		widths[g] = 1
	}
	return widths
}

// newComb builds the tables of 64 points.
func newComb(points []bls12381.G1Affine, widths []int, adder *PointAdder) comb {
	c := comb{widths, make([][]bls12381.G1Affine, len(widths))}
	for g, width := range widths {
		c.tables[g] = signedSums(points[:width], adder)
		points = points[width:]
	}
	return c
}

// signedSums returns all sums of the points with signs, the last one's positive: that with the sign + for point t where
// bit t of the index is set.
func signedSums(points []bls12381.G1Affine, adder *PointAdder) []bls12381.G1Affine {
	last := len(points) - 1
	sums := make([]bls12381.G1Affine, 1<<last)
	repeated := make([]bls12381.G1Affine, 1<<last)
	sums[0] = points[last]
	for t := range last {
		low, high := sums[:1<<t], sums[1<<t:2<<t]
		for i := range low {
			repeated[i] = points[t]
		}
		adder.Add(high, low, repeated)
		adder.Subtract(low, low, repeated)
	}
	return sums
}

// readAhead reads a group's table from end to end, so that look-ups, which follow in no order, find it in the cache. What
// it returns only keeps the reads from being optimized away.
func (c *comb) readAhead(group int) (sum uint64) {
	for i := range c.tables[group] {
		sum += c.tables[group][i].X[0] + c.tables[group][i].Y[5]
	}
	return sum
}

// lookUp writes what a group contributes at each of the places to which digits belong; first is the number of the
// group's first point.
func (c *comb) lookUp(out []bls12381.G1Affine, group, first int, digits *[halfBits]uint64) {
	table, last := c.tables[group], c.widths[group]-1
	mask := uint64(len(table) - 1)
	for j := range digits {
		digit := digits[j] >> first
		negative := digit>>last&1 - 1 // all ones if the last point's digit is −1
		setSigned(&out[j], &table[(digit^negative)&mask], negative)
	}
}

// The base field's modulus p in limbs, the least first.
const (
	base0 = 0xb9feffffffffaaab
	base1 = 0x1eabfffeb153ffff
	base2 = 0x6730d2a0f6b0f624
	base3 = 0x64774b84f38512bf
	base4 = 0x4b1ba7b6434bacd7
	base5 = 0x1a0111ea397fe69a
)

// setSigned sets out to a point other than infinity or, if negative is all ones and not zero, to its negative. It does
// not branch: signs are unpredictable.
func setSigned(out, point *bls12381.G1Affine, negative uint64) {
	y := &point.Y
	n0, borrow := bits.Sub64(base0, y[0], 0)
	n1, borrow := bits.Sub64(base1, y[1], borrow)
	n2, borrow := bits.Sub64(base2, y[2], borrow)
	n3, borrow := bits.Sub64(base3, y[3], borrow)
	n4, borrow := bits.Sub64(base4, y[4], borrow)
	n5, _ := bits.Sub64(base5, y[5], borrow)
	out.X = point.X
	out.Y[0] = y[0] ^ (y[0]^n0)&negative
	out.Y[1] = y[1] ^ (y[1]^n1)&negative
	out.Y[2] = y[2] ^ (y[2]^n2)&negative
	out.Y[3] = y[3] ^ (y[3]^n3)&negative
	out.Y[4] = y[4] ^ (y[4]^n4)&negative
	out.Y[5] = y[5] ^ (y[5]^n5)&negative
}
