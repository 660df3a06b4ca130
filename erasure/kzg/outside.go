package kzg

import (
	"crypto/rand"
	"slices"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
)

// leastPart is how many points make up a sum in which one outside the subgroup is looked for.
const leastPart = 64

// findOutside returns the index of a point that is not in the subgroup, given points of the curve of which one is not.
//
// Points are cut into parts of 64, and in each they are summed with random signs. The order of the curve modulo the subgroup
// is odd, so that a point outside changes what its sum has outside by its sign, and the sum is outside with probability 1/2
// at least. Its points are then checked one by one. For n points, with one or many of them outside, that is 2n additions on
// average and n/32 + 64 checks, where deciding that there is one has taken 40n additions.
func findOutside(points []bls12381.G1Affine) int {
	parts := max(len(points)/leastPart, 1)
	adder := NewPointAdder(parts)
	for range sumChecks {
		part := firstOutside(signedSumOf(points, parts, adder))
		if part < 0 {
			continue
		}
		var members []bls12381.G1Affine
		for i := part; i < len(points); i += parts {
			members = append(members, points[i])
		}
		return part + parts*firstOutside(members)
	}
	return firstOutside(points) // with probability 2⁻⁸¹
}

// signedSumOf returns the sums, with random signs, of the points whose indices are equal modulo the number of parts.
func signedSumOf(points []bls12381.G1Affine, parts int, adder *PointAdder) []bls12381.G1Affine {
	sums, terms := make([]bls12381.G1Affine, parts), make([]bls12381.G1Affine, parts)
	signs := make([]byte, parts)
	for some := range slices.Chunk(points, parts) {
		_, _ = rand.Read(signs) // never fails
		for i := range some {
			setSigned(&terms[i], &some[i], -uint64(signs[i]&1))
			if some[i].IsInfinity() {
				terms[i] = some[i]
			}
		}
		adder.Add(sums[:len(some)], sums[:len(some)], terms)
	}
	return sums
}

// firstOutside returns the index of the first point that is not in the subgroup, or −1 if all are. It checks them one by
// one, or eight side by side.
func firstOutside(points []bls12381.G1Affine) int {
	octets := newOctetDecoder()
	for from := 0; from < len(points); from += laneCount {
		some := points[from:min(from+laneCount, len(points))]
		finite := slices.DeleteFunc(slices.Clone(some), func(p bls12381.G1Affine) bool { return p.IsInfinity() })
		if octets != nil && octets.inSubgroup(finite) {
			continue
		}
		if i := slices.IndexFunc(some, func(p bls12381.G1Affine) bool { return !p.IsInfinity() && !p.IsInSubGroup() }); i >= 0 {
			return from + i
		}
	}
	return -1
}
