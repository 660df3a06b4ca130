package kzg

import (
	"math/bits"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"

	"github.com/ashlar-da/ashlar/erasure/parallel"
)

// weigher weighs sums of buckets. It keeps count of points that wait to be added to others, all at once.
type weigher struct {
	adders []*bucketAdder // which work side by side
	spans  []pairSpan
}

// pairSpan are points to be added to as many others, each to its own.
type pairSpan struct{ to, from []bls12381.G1Affine }

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

func (w *weigher) queue(to, from []bls12381.G1Affine) { w.spans = append(w.spans, pairSpan{to, from}) }

// add adds what is queued. Each adder takes its part.
func (w *weigher) add() {
	n := 0
	for _, span := range w.spans {
		n += len(span.to)
	}
	parts := max(min(len(w.adders), n/(adderBatch/2)), 1)
	if parts == 1 {
		w.adders[0].addSpans(w.spans, 0, n)
	} else {
		_ = parallel.For(parts, func(i int) error {
			w.adders[i].addSpans(w.spans, n*i/parts, n*(i+1)/parts)
			return nil
		})
	}
	w.spans = w.spans[:0]
}
