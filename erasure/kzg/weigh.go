package kzg

import (
	"math/bits"
	"runtime"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"

	"github.com/ashlar-da/ashlar/erasure/parallel"
)

// weigher weighs sums of buckets. It holds points that wait to be added to others, each in its place, with one inversion
// for all.
type weigher struct {
	adders pointAdders
	x, y   []bls12381.G1Affine
	to     [][]bls12381.G1Affine
}

func newWeigher(adders pointAdders) *weigher { return &weigher{adders: adders} }

// weigh returns Σ 2^(width·g)·Σ digit·bucket, over groups g and the 2^(width−1) buckets of each, which are ordered as a
// sorter does. The buckets are used up.
//
// The inner sum is Σ 2ᵇ·Tᵇ where Tᵇ sums the buckets whose digits have bit b. From the highest bit down, what has the
// bit is added to what differs in that bit alone and then needs to be in its own Tᵇ only, which is summed by halves: in all
// two batched affine additions for each bucket, and an inversion for each bit.
func (w *weigher) weigh(buckets []bls12381.G1Affine, groups int) (total bls12381.G1Jac) {
	width := bits.Len(uint(len(buckets) / groups))
	for b := width - 2; b >= 0; b-- {
		half := groups << b
		w.queue(buckets[groups:half], buckets[half+groups:2*half])
		for higher := 2 * half; higher < len(buckets); higher *= 2 {
			w.queue(buckets[higher:higher+half], buckets[higher+half:higher+2*half])
		}
		w.add()
	}
	for g := groups - 1; g >= 0; g-- {
		for b := width - 1; b >= 0; b-- {
			from := groups << b % len(buckets) // the greatest digit comes first
			total.DoubleAssign()
			total.AddMixed(&buckets[from+g])
		}
	}
	return total
}

func (w *weigher) queue(to, from []bls12381.G1Affine) {
	w.x, w.y, w.to = append(w.x, to...), append(w.y, from...), append(w.to, to)
}

func (w *weigher) add() {
	w.adders.add(w.x, w.x, w.y)
	sums := w.x
	for _, to := range w.to {
		sums = sums[copy(to, sums):]
	}
	w.x, w.y, w.to = w.x[:0], w.y[:0], w.to[:0]
}

// pointAdders add long lists of points, a part of them each.
type pointAdders []*PointAdder

// newAdders returns an adder for each processor that has a batch to add when there are n pairs.
func newAdders(n int) pointAdders {
	adders := make(pointAdders, max(min(runtime.GOMAXPROCS(0), n/adderBatch), 1))
	for i := range adders {
		adders[i] = NewPointAdder(min(adderBatch, max(n, 1)))
	}
	return adders
}

func (a pointAdders) add(sums, x, y []bls12381.G1Affine) {
	n, parts := len(sums), max(min(len(a), len(sums)/(adderBatch/2)), 1)
	if parts == 1 {
		a[0].Add(sums, x, y)
		return
	}
	_ = parallel.For(parts, func(i int) error {
		from, to := n*i/parts, n*(i+1)/parts
		a[i].Add(sums[from:to], x[from:to], y[from:to])
		return nil
	})
}
