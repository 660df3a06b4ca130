package kzg

import (
	"runtime"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"

	"github.com/ashlar-da/ashlar/erasure/parallel"
)

// fixedBase multiplies n points that are known beforehand. Its table holds 2^(width·w) times each of them for every
// window w of a scalar, so that a digit of any window counts alike: all windows share one set of buckets, and no
// doublings remain. It is immutable. (Brickell, Gordon, McCurley and Wilson, EUROCRYPT 1992.)
type fixedBase struct {
	digits *digits
	n      int
	shifts []bls12381.G1Affine // by window, then point
}

// newFixedBase builds the table: 256/width·n points of 96 bytes.
func newFixedBase(points []bls12381.G1Affine, width int) *fixedBase {
	n, digits := len(points), newDigits(fr.Bits, width)
	shifts := make([]bls12381.G1Affine, digits.count*n)
	copy(shifts, points)
	adder := NewPointAdder(adderBatch)
	for w := 1; w < digits.count; w++ {
		shifted := shifts[w*n : (w+1)*n]
		adder.Double(shifted, shifts[(w-1)*n:w*n])
		for range width - 1 {
			adder.Double(shifted, shifted)
		}
	}
	return &fixedBase{digits, n, shifts}
}

// combine returns Σ scalars[i]·points[i], of plain scalars.
func (f *fixedBase) combine(scalars []fr.Element) bls12381.G1Jac {
	return newWeigher(newAdders(1<<(f.digits.width-1))).weigh(sumBuckets(f.shifts, f.sort(scalars)), 1)
}

// sort returns the points of each bucket. Each processor takes its part of the scalars.
func (f *fixedBase) sort(scalars []fr.Element) [][]reference {
	parts := min(runtime.GOMAXPROCS(0), f.n)
	sorters, written := make([]*sorter, parts), make([]int16, len(f.shifts))
	each := func(part int, do func(digits []int16, first int)) {
		from, to := f.n*part/parts, f.n*(part+1)/parts
		for w := range f.digits.count {
			do(written[w*f.n+from:w*f.n+to], w*f.n+from)
		}
	}
	_ = parallel.For(parts, func(i int) error {
		f.write(written, scalars, f.n*i/parts, f.n*(i+1)/parts)
		sorters[i] = newSorter(1<<(f.digits.width-1), 1)
		each(i, func(digits []int16, _ int) { sorters[i].count(digits, 0) })
		return nil
	})
	all := make([]reference, startLists(sorters...))
	_ = parallel.For(parts, func(i int) error {
		each(i, func(digits []int16, first int) { sorters[i].place(all, digits, 0, reference(first)) })
		return nil
	})
	return sorters[parts-1].lists(nil, all)
}

// write writes the digits of some scalars, by window and then scalar.
func (f *fixedBase) write(written []int16, scalars []fr.Element, from, to int) {
	for i := from; i < to; i++ {
		r := f.digits.raise(scalars[i][:])
		for w := range f.digits.count {
			written[w*f.n+i] = f.digits.at(&r, w)
		}
	}
}
