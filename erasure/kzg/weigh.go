package kzg

import (
	"math/bits"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"

	"github.com/ashlar-da/ashlar/erasure/parallel"
)

// weigher weighs sums of buckets. Its adders work side by side.
type weigher struct {
	adders []*bucketAdder
	spans  []pairSpan // of the round at hand
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
	apart := max(width+1-2*len(w.adders), 0)
	for b := width - 2; b >= apart; b-- {
		w.spans = appendRound(w.spans[:0], buckets, groups, groups<<b)
		w.add()
	}
	w.finish(buckets, groups, groups<<apart)
	for g := groups - 1; g >= 0; g-- {
		for b := width - 1; b >= 0; b-- {
			from := groups << b % len(buckets) // the greatest digit comes first
			total.DoubleAssign()
			total.AddMixed(&buckets[from+g])
		}
	}
	return total
}

// appendRound appends what is added for one bit: half buckets do not have it, and none higher, and as many do.
func appendRound(spans []pairSpan, buckets []bls12381.G1Affine, groups, half int) []pairSpan {
	spans = append(spans, pairSpan{buckets[groups:half], buckets[half+groups : 2*half]})
	for higher := 2 * half; higher < len(buckets); higher *= 2 {
		spans = append(spans, pairSpan{buckets[higher : higher+half], buckets[higher+half : higher+2*half]})
	}
	return spans
}

// add adds the spans of a round. Each adder takes its part.
func (w *weigher) add() {
	n := 0
	for _, span := range w.spans {
		n += len(span.to)
	}
	parts := max(min(len(w.adders), n/(adderBatch/2)), 1)
	_ = parallel.For(parts, func(i int) error {
		w.adders[i].addSpans(w.spans, n*i/parts, n*(i+1)/parts)
		return nil
	})
}

// finish does the rounds of the bits below that which so many buckets lack, without the adders having to wait for each
// other: one weighs the lowest buckets, which is as much as to sum those of two bits, and that is what each of the others does.
func (w *weigher) finish(buckets []bls12381.G1Affine, groups, lowest int) {
	if len(w.adders) == 1 {
		w.adders[0].weighLow(buckets, groups)
		return
	}
	_ = parallel.For(len(w.adders), func(i int) error {
		if i == 0 {
			w.adders[i].weighLow(buckets[:lowest], groups)
			return nil
		}
		first := lowest << (2*i - 2)
		for from := first; from < min(4*first, len(buckets)); from *= 2 {
			w.adders[i].fold(buckets[from:from+lowest], groups)
		}
		return nil
	})
}
