package kzg

import (
	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// scalarBits is one more than the length of the modulus, for the carry of signed digits.
const scalarBits = fr.Bits + 1

// fixedBase multiplies n points that are known beforehand. Its table holds 2^(width·w) times each of them for every
// window w of a scalar, so that a digit of any window counts alike: all windows share one set of buckets, and no
// doublings remain. It is immutable. (Brickell, Gordon, McCurley and Wilson, EUROCRYPT 1992.)
type fixedBase struct {
	width  int
	n      int
	shifts []bls12381.G1Affine // by window, then point
}

// newFixedBase builds the table: 256/width·n points of 96 bytes.
func newFixedBase(points []bls12381.G1Affine, width int) *fixedBase {
	n, windows := len(points), digitCount(scalarBits, width)
	shifts := make([]bls12381.G1Affine, windows*n)
	copy(shifts, points)
	adder := NewPointAdder(adderBatch)
	for w := 1; w < windows; w++ {
		shifted := shifts[w*n : (w+1)*n]
		adder.Double(shifted, shifts[(w-1)*n:w*n])
		for range width - 1 {
			adder.Double(shifted, shifted)
		}
	}
	return &fixedBase{width, n, shifts}
}

// combine returns Σ scalars[i]·points[i], of plain scalars.
func (f *fixedBase) combine(scalars []fr.Element) bls12381.G1Jac {
	windows, size := digitCount(scalarBits, f.width), 1<<(f.width-1)
	entries := make([]entry, 0, windows*f.n)
	for i := range scalars {
		if scalars[i].IsZero() {
			continue
		}
		signedDigits(scalars[i][:], f.width, windows, func(w int, digit uint32, sign reference) {
			entries = append(entries, entry{bucketOf(digit, size), reference(w*f.n+i) | sign})
		})
	}
	return weighBuckets(sumBuckets(f.shifts, entries, size), 1)
}
