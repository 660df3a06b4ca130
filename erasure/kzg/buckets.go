package kzg

import bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"

const (
	// adderBatch is how many additions share an inversion: as many as stay in the second cache.
	adderBatch = 1024
	// bucketRange is about how many points are sorted into buckets and summed at a time.
	bucketRange = 8192
)

// reference names a point: its index in the given points, or in the arena of sums, and whether it counts negative.
type reference uint32

const (
	negative reference = 1 << 31
	inArena  reference = 1 << 30
)

// entry says that a point belongs in a bucket.
type entry struct {
	bucket uint32
	point  reference
}

// bucketAdder sums points by bucket with batched affine additions: within a bucket two and two, round by round, and in
// one batch for all buckets. It holds scratch memory and serves one goroutine at a time.
type bucketAdder struct {
	adder  *PointAdder
	x, y   []bls12381.G1Affine // pairs that wait to be added
	arena  []bls12381.G1Affine // their sums
	points []bls12381.G1Affine // what references not in the arena point to
	sorted []reference
	ends   []int // of each bucket's references in sorted
}

func newBucketAdder() *bucketAdder {
	return &bucketAdder{
		adder: NewPointAdder(adderBatch),
		x:     make([]bls12381.G1Affine, 0, adderBatch),
		y:     make([]bls12381.G1Affine, 0, adderBatch),
	}
}

// sums returns the sum of the points of each bucket, infinity where there are none.
func (a *bucketAdder) sums(points []bls12381.G1Affine, entries []entry, buckets int) []bls12381.G1Affine {
	a.points = points
	a.sort(entries, buckets)
	out := make([]bls12381.G1Affine, buckets)
	for from, start := 0, 0; from < buckets; {
		to := from + 1
		for to < buckets && a.ends[to]-start <= bucketRange {
			to++
		}
		a.sumRange(out[from:to], a.ends[from:to], start)
		from, start = to, a.ends[to-1]
	}
	return out
}

// sort orders the entries' points by bucket.
func (a *bucketAdder) sort(entries []entry, buckets int) {
	a.ends = make([]int, buckets)
	for i := range entries {
		a.ends[entries[i].bucket]++
	}
	start := 0
	for b, n := range a.ends {
		a.ends[b], start = start, start+n
	}
	a.sorted = make([]reference, len(entries))
	for i := range entries {
		at := &a.ends[entries[i].bucket]
		a.sorted[*at] = entries[i].point
		*at++
	}
}

// sumRange sums some buckets, whose references begin at start and end where ends says.
func (a *bucketAdder) sumRange(out []bls12381.G1Affine, ends []int, start int) {
	a.arena = a.arena[:0]
	buckets := make([][]reference, len(ends))
	for b, end := range ends {
		buckets[b], start = a.sorted[start:end], end
	}
	for a.halve(buckets) {
		a.flush()
	}
	for b, references := range buckets {
		if len(references) == 1 {
			a.fetch(&out[b], references[0])
		}
	}
}

// halve pairs the points within each bucket and tells whether there was any pair.
func (a *bucketAdder) halve(buckets [][]reference) bool {
	paired := false
	for b, references := range buckets {
		n := len(references)
		for i := 0; i+1 < n; i += 2 {
			references[i/2] = a.add(references[i], references[i+1])
			paired = true
		}
		if n%2 == 1 {
			references[n/2] = references[n-1]
		}
		buckets[b] = references[:(n+1)/2]
	}
	return paired
}

// add queues an addition and returns where its sum will be after flush.
func (a *bucketAdder) add(x, y reference) reference {
	if len(a.x) == cap(a.x) {
		a.flush()
	}
	n := len(a.x)
	a.x, a.y = a.x[:n+1], a.y[:n+1]
	a.fetch(&a.x[n], x)
	a.fetch(&a.y[n], y)
	return inArena | reference(len(a.arena)+n)
}

// flush performs the queued additions.
func (a *bucketAdder) flush() {
	from, to := len(a.arena), len(a.arena)+len(a.x)
	if to > cap(a.arena) {
		grown := make([]bls12381.G1Affine, from, max(to, 2*cap(a.arena), bucketRange))
		copy(grown, a.arena)
		a.arena = grown
	}
	a.arena = a.arena[:to]
	a.adder.Add(a.arena[from:], a.x, a.y)
	a.x, a.y = a.x[:0], a.y[:0]
}

func (a *bucketAdder) fetch(p *bls12381.G1Affine, r reference) {
	if r&inArena != 0 {
		*p = a.arena[r&^inArena]
		return
	}
	*p = a.points[r&^negative]
	if r&negative != 0 {
		p.Y.Neg(&p.Y)
	}
}
