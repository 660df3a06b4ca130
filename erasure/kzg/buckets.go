package kzg

import (
	"slices"
	"sync/atomic"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"

	"github.com/ashlar-da/ashlar/erasure/parallel"
)

const (
	// adderBatch is how many additions share an inversion: as many as stay in the second cache.
	adderBatch = 512
	// bucketRange is about how many points are sorted into buckets and summed at a time.
	bucketRange = 8192
)

// reference names a point: its index in the given points, or in the arena of sums, and whether it counts negative.
type reference uint32

const (
	minus   reference = 1 << 31
	inArena reference = 1 << 30
)

// sumBuckets sums the points of each bucket, infinity where there are none, and uses up the references. Within a bucket
// points are added two and two, round by round, with one batch of affine additions for many buckets. The adders work side
// by side, a range of buckets at a time.
func sumBuckets(out []bls12381.G1Affine, sorted [][]reference, adders []*bucketAdder) {
	ranges := cutRanges(nil, sorted, evenRange(countPoints(sorted), len(adders)))
	var taken atomic.Int32
	start := func() *bucketAdder {
		if i := int(taken.Add(1)) - 1; i < len(adders) {
			return adders[i]
		}
		return newBucketAdder(adders[0].points, bucketRange) // there are more processors by now
	}
	_ = parallel.With(len(ranges), start, func(a *bucketAdder, i int) error {
		a.sumRange(out[ranges[i].from:ranges[i].to], sorted[ranges[i].from:ranges[i].to])
		return nil
	})
}

// bucketSpan is a range of buckets.
type bucketSpan struct{ from, to int }

// evenRange returns how many points a range has where so many workers shall have as much to do as each other.
func evenRange(points, workers int) int {
	rounds := max((points+workers*bucketRange-1)/(workers*bucketRange), 1)
	return max((points+workers*rounds-1)/(workers*rounds), 1)
}

func countPoints(sorted [][]reference) (n int) {
	for _, references := range sorted {
		n += len(references)
	}
	return n
}

// cutRanges appends buckets, cut into ranges of about so many points.
func cutRanges(ranges []bucketSpan, sorted [][]reference, size int) []bucketSpan {
	from, points := 0, 0
	for b := range sorted {
		if points += len(sorted[b]); points >= size || b == len(sorted)-1 {
			ranges = append(ranges, bucketSpan{from, b + 1})
			from, points = b+1, 0
		}
	}
	return ranges
}

// bucketAdder holds scratch memory to sum buckets in and serves one goroutine at a time.
type bucketAdder struct {
	points []bls12381.G1Affine // what references not in the arena point to
	adder  *PointAdder
	x, y   []bls12381.G1Affine // pairs that wait to be added
	arena  []bls12381.G1Affine // their sums
	ranges []bucketSpan
	sums   [][]bls12381.G1Affine // where the sums of gathered pairs belong
	spans  []pairSpan            // to be gathered

	touched uint64 // keeps reads that are of no use otherwise
}

// newBucketAdder returns an adder with memory for so many points at a time; more make it grow.
func newBucketAdder(points []bls12381.G1Affine, n int) *bucketAdder {
	batch := min(adderBatch, n/2+1)
	return &bucketAdder{
		points: points,
		adder:  NewPointAdder(batch),
		x:      make([]bls12381.G1Affine, 0, batch),
		y:      make([]bls12381.G1Affine, 0, batch),
		arena:  make([]bls12381.G1Affine, 0, min(n, bucketRange)),
	}
}

// sumRanges sums buckets, range by range, and uses up their references.
func (a *bucketAdder) sumRanges(out []bls12381.G1Affine, sorted [][]reference) {
	a.ranges = cutRanges(a.ranges[:0], sorted, bucketRange)
	for _, r := range a.ranges {
		a.sumRange(out[r.from:r.to], sorted[r.from:r.to])
	}
}

// sumRange sums some buckets, and uses up their references.
func (a *bucketAdder) sumRange(out []bls12381.G1Affine, buckets [][]reference) {
	a.arena = a.arena[:0]
	for a.halve(buckets) {
		a.flush()
	}
	for b, references := range buckets {
		out[b] = bls12381.G1Affine{}
		if len(references) == 1 {
			a.fetch(&out[b], references[0])
		}
	}
}

// halve pairs the points within each bucket and tells whether there was any pair.
func (a *bucketAdder) halve(buckets [][]reference) bool {
	paired, read := false, 0
	for b, references := range buckets {
		if b == read {
			read = a.readAhead(buckets, b)
		}
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

// readAhead touches the points of the next buckets and returns where it stopped. They lie anywhere in a table larger than the
// caches, and the processor waits for many of them at a time if there is nothing to do in between.
func (a *bucketAdder) readAhead(buckets [][]reference, b int) int {
	const points = adderBatch
	for n := 0; b < len(buckets) && n < points; b++ {
		for _, r := range buckets[b] {
			if r&inArena == 0 {
				p := &a.points[r&^minus]
				a.touched += p.X[0] + p.Y[5]
			}
		}
		n += len(buckets[b])
	}
	return b
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
	a.arena = slices.Grow(a.arena, len(a.x))[:to]
	a.adder.Add(a.arena[from:], a.x, a.y)
	a.x, a.y = a.x[:0], a.y[:0]
}

func (a *bucketAdder) fetch(p *bls12381.G1Affine, r reference) {
	if r&inArena != 0 {
		*p = a.arena[r&^inArena]
		return
	}
	*p = a.points[r&^minus]
	if r&minus != 0 {
		p.Y.Neg(&p.Y)
	}
}

// weighLow does the rounds of all bits.
func (a *bucketAdder) weighLow(buckets []bls12381.G1Affine, groups int) {
	for half := len(buckets) / 2; half >= groups; half /= 2 {
		a.spans = appendRound(a.spans[:0], buckets, groups, half)
		for _, span := range a.spans {
			a.gather(span.to, span.from)
		}
		a.scatter()
	}
}

// fold sums buckets by halves, group by group.
func (a *bucketAdder) fold(buckets []bls12381.G1Affine, groups int) {
	for half := len(buckets) / 2; half >= groups; half /= 2 {
		a.gather(buckets[:half], buckets[half:2*half])
		a.scatter()
	}
}

// addSpans adds the pairs of spans numbered from from to to, exclusive.
func (a *bucketAdder) addSpans(spans []pairSpan, from, to int) {
	for _, span := range spans {
		n := len(span.to)
		if first, last := max(from, 0), min(to, n); first < last {
			a.gather(span.to[first:last], span.from[first:last])
		}
		from, to = from-n, to-n
	}
	a.scatter()
}

// gather queues the pairs to be added in place: those of many short spans make one batch.
func (a *bucketAdder) gather(to, from []bls12381.G1Affine) {
	for len(to) > 0 {
		if len(a.x) == cap(a.x) {
			a.scatter()
		}
		n := min(len(to), cap(a.x)-len(a.x))
		a.x, a.y, a.sums = append(a.x, to[:n]...), append(a.y, from[:n]...), append(a.sums, to[:n])
		to, from = to[n:], from[n:]
	}
}

// scatter adds the gathered pairs and puts the sums where they belong.
func (a *bucketAdder) scatter() {
	a.adder.Add(a.x, a.x, a.y)
	sums := a.x
	for _, to := range a.sums {
		sums = sums[copy(to, sums):]
	}
	a.x, a.y, a.sums = a.x[:0], a.y[:0], a.sums[:0]
}
