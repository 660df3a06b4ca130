package kzg

import (
	"slices"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"

	"github.com/ashlar-da/ashlar/erasure/parallel"
)

// splitScalar is the scalar low + λ·high, in words from the least. Multiplying a point by λ takes one multiplication in the
// base field, so that a scalar is as good as two of half its length. (Gallant, Lambert and Vanstone, CRYPTO 2001.)
type splitScalar struct{ low, high [2]uint64 }

// leastSplit is how many scalars or points are worth a goroutine that splits them.
const leastSplit = 256

// splitScalars splits scalars in Montgomery form.
func splitScalars(scalars []fr.Element) []splitScalar {
	split := make([]splitScalar, len(scalars))
	parallel.Split(len(scalars), leastSplit, func(from, to int) {
		for i := from; i < to; i++ {
			split[i] = splitPlain(scalars[i].Bits())
		}
	})
	return split
}

// splitNegative splits the negatives of plain scalars.
func splitNegative(scalars []fr.Element) []splitScalar {
	split := make([]splitScalar, len(scalars))
	for i := range scalars {
		var negative fr.Element
		split[i] = splitPlain(*negative.Neg(&scalars[i]))
	}
	return split
}

func splitPlain(plain fr.Element) (s splitScalar) {
	s.low[0], s.low[1], s.high[0], s.high[1] = splitByLambda(&plain)
	return s
}

// splitPoints returns points of all lists, each followed by λ times it.
func splitPoints(lists ...[]bls12381.G1Affine) []bls12381.G1Affine {
	points, beta := slices.Concat(lists...), newBeta()
	split := make([]bls12381.G1Affine, 2*len(points))
	parallel.Split(len(points), leastSplit, func(from, to int) {
		for i := from; i < to; i++ {
			split[2*i], split[2*i+1] = points[i], points[i]
			timesLambda(split[2*i+1:2*i+2], &beta)
		}
	})
	return split
}

// combination is a sum of scalar multiples of points in the subgroup, to be computed.
type combination struct {
	points  []bls12381.G1Affine // each followed by λ times it
	scalars []splitScalar
	digits  *digits
}

// newCombination returns Σ scalars[i]·points[2i], over as many points as there are scalars. Halves of scalars have so many
// bits, 64 or 128. Scalars of infinity become zero.
func newCombination(points []bls12381.G1Affine, scalars []splitScalar, bits int) *combination {
	points = points[:2*len(scalars)]
	for i := range scalars {
		if points[2*i].IsInfinity() {
			scalars[i] = splitScalar{}
		}
	}
	return &combination{points, scalars, newDigits(bits, digitWidth(len(points), bits))}
}

// CombinePoints returns Σ scalars[i]·points[i] for each list of scalars, of which there is one for each point. The points
// must be in the subgroup.
func CombinePoints(points []bls12381.G1Affine, lists [][]fr.Element) []bls12381.G1Affine {
	split, combinations := splitPoints(points), make([]*combination, len(lists))
	for n, scalars := range lists {
		combinations[n] = newCombination(split, splitScalars(scalars), 128)
	}
	return bls12381.BatchJacobianToAffineG1(sumAll(combinations...))
}

// digitWidth returns the length of digits that takes the least work for so many points.
func digitWidth(points, bits int) (best int) {
	const jacobian = 6 // what such an addition takes, in batched affine ones
	least := 0
	for width := 2; width < 16; width++ {
		work := digitCount(bits+1, width) * (points + 1<<width + jacobian*width)
		if best == 0 || work < least {
			best, least = width, work
		}
	}
	return best
}

// windows are some neighbouring digits of a combination's scalars, and what they come to: Σ 2^(width·(w−from))·d·P for all
// digits d of windows w, and their points P.
type windows struct {
	of       *combination
	from, to int
	sum      bls12381.G1Jac
}

// cut cuts a combination into windows that make a good batch, from the lowest.
func (c *combination) cut() (all []windows) {
	many := max(bucketRange/max(len(c.points), 1), 1)
	for from := 0; from < c.digits.count; from += many {
		all = append(all, windows{of: c, from: from, to: min(from+many, c.digits.count)})
	}
	return all
}

// sumAll computes combinations, window by window on all processors.
func sumAll(combinations ...*combination) []bls12381.G1Jac {
	var all []windows
	most := 0
	for _, c := range combinations {
		cut := c.cut()
		all = append(all, cut...)
		most = max(most, (cut[0].to-cut[0].from)*len(c.points))
	}
	start := func() *windowAdder { return newWindowAdder(most) }
	_ = parallel.With(len(all), start, func(a *windowAdder, i int) error {
		all[i].sum = a.add(&all[i])
		return nil
	})
	sums := make([]bls12381.G1Jac, len(combinations))
	for i, c := range combinations {
		n := len(c.cut())
		sums[i] = joinWindows(all[:n])
		all = all[n:]
	}
	return sums
}

// joinWindows returns the sum of a combination from those of its windows.
func joinWindows(all []windows) (total bls12381.G1Jac) {
	for i := len(all) - 1; i >= 0; i-- {
		w := &all[i]
		for range (w.to - w.from) * w.of.digits.width {
			total.DoubleAssign()
		}
		total.AddAssign(&w.sum)
	}
	return total
}

// windowAdder holds memory to sum windows in and serves one goroutine at a time.
type windowAdder struct {
	adder   *bucketAdder
	weigher *weigher
	digits  []int16
	sorter  sorter
	all     []reference
	sorted  [][]reference
	sums    []bls12381.G1Affine
}

// newWindowAdder returns an adder for about so many points at a time.
func newWindowAdder(points int) *windowAdder {
	adder := newBucketAdder(nil, points)
	return &windowAdder{adder: adder, weigher: &weigher{adders: []*bucketAdder{adder}}}
}

// add sorts the points by their digits into buckets, one group for each window, and weighs them.
func (a *windowAdder) add(w *windows) bls12381.G1Jac {
	c, groups := w.of, w.to-w.from
	a.write(w)
	s, n := &a.sorter, len(c.points)
	s.reset(1<<(c.digits.width-1), groups)
	for g := range groups {
		s.count(a.digits[g*n:(g+1)*n], g)
	}
	total := startLists(s)
	a.all = slices.Grow(a.all[:0], total)[:total]
	for g := range groups {
		s.place(a.all, a.digits[g*n:(g+1)*n], g, 0)
	}
	a.sorted = s.lists(a.sorted[:0], a.all)
	a.sums = slices.Grow(a.sums[:0], len(a.sorted))[:len(a.sorted)]
	a.adder.points = c.points
	a.adder.sumRanges(a.sums, a.sorted)
	return a.weigher.weigh(a.sums, groups)
}

// write writes the windows' digits, by window and then point.
func (a *windowAdder) write(w *windows) {
	c, n := w.of, len(w.of.points)
	a.digits = slices.Grow(a.digits[:0], n*(w.to-w.from))[:n*(w.to-w.from)]
	for i := range c.scalars {
		for h, half := range [][2]uint64{c.scalars[i].low, c.scalars[i].high} {
			raised := c.digits.raise(half[:])
			for at := w.from; at < w.to; at++ {
				a.digits[(at-w.from)*n+2*i+h] = c.digits.at(&raised, at)
			}
		}
	}
}
