package kzg

import (
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

// setSigned sets out to p or, if negative is not zero, to −p. It does not branch: the signs are unpredictable.
func setSigned(out, p *bls12381.G1Affine, negative uint64) {
	var y fp.Element
	y.Neg(&p.Y)
	out.X = p.X
	out.Y.Select(int(negative), &p.Y, &y)
}
