package kzg

import (
	"runtime"
	"slices"
	"sync/atomic"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"

	"github.com/ashlar-da/ashlar/erasure/parallel"
)

// fixedBase multiplies n points that are known beforehand. Its table holds 2^(width·w) times each of them for every
// window w of a scalar, so that a digit of any window counts alike: all windows share one set of buckets, and no
// doublings remain. Many may multiply at a time. (Brickell, Gordon, McCurley and Wilson, EUROCRYPT 1992.)
type fixedBase struct {
	digits *digits
	n      int
	shifts []bls12381.G1Affine // by window, then point
	spare  atomic.Pointer[baseMemory]
}

// baseMemory is what a combination is computed in. It is as large as several rows, and new memory of that size is slow to
// come by on all processors alike: the last one's is kept for the next.
type baseMemory struct {
	written []int16     // digits, by window and then scalar
	sorters []*sorter   // one for each part of the scalars
	all     []reference // by bucket
	sorted  [][]reference
	sums    []bls12381.G1Affine
	adders  []*bucketAdder // one for each processor
	weigher weigher
}

// resize makes room for so many parts, and for all digits of the points in a table.
func (m *baseMemory) resize(parts int, f *fixedBase) {
	buckets := 1 << (f.digits.width - 1)
	m.written = slices.Grow(m.written[:0], len(f.shifts))[:len(f.shifts)]
	m.sums = slices.Grow(m.sums[:0], buckets)[:buckets]
	for len(m.sorters) < parts {
		m.sorters = append(m.sorters, new(sorter))
		m.adders = append(m.adders, newBucketAdder(f.shifts, bucketRange))
	}
	for _, s := range m.sorters {
		s.reset(buckets, 1)
	}
	m.weigher.adders = m.adders
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
	return &fixedBase{digits: digits, n: n, shifts: shifts}
}

// combine returns Σ scalars[i]·points[i], of plain scalars.
func (f *fixedBase) combine(scalars []fr.Element) bls12381.G1Jac {
	m := f.spare.Swap(nil)
	if m == nil {
		m = new(baseMemory)
	}
	defer f.spare.Store(m)
	m.resize(min(runtime.GOMAXPROCS(0), f.n), f)
	f.sort(m, scalars)
	sumBuckets(m.sums, m.sorted, m.adders)
	return m.weigher.weigh(m.sums, 1)
}

// sort lists the points of each bucket. Each sorter takes its part of the scalars.
func (f *fixedBase) sort(m *baseMemory, scalars []fr.Element) {
	parts := len(m.sorters)
	each := func(part int, do func(digits []int16, first int)) {
		from, to := f.n*part/parts, f.n*(part+1)/parts
		for w := range f.digits.count {
			do(m.written[w*f.n+from:w*f.n+to], w*f.n+from)
		}
	}
	_ = parallel.For(parts, func(i int) error {
		f.write(m.written, scalars, f.n*i/parts, f.n*(i+1)/parts)
		each(i, func(digits []int16, _ int) { m.sorters[i].count(digits, 0) })
		return nil
	})
	total := startLists(m.sorters...)
	m.all = slices.Grow(m.all[:0], total)[:total]
	_ = parallel.For(parts, func(i int) error {
		each(i, func(digits []int16, first int) { m.sorters[i].place(m.all, digits, 0, reference(first)) })
		return nil
	})
	m.sorted = m.sorters[parts-1].lists(m.sorted[:0], m.all)
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
