package kzg

import (
	"runtime"
	"slices"
	"testing"

	"github.com/consensys/gnark-crypto/ecc"
	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// unlikePoints holds random points, infinity, equal and opposite ones.
func unlikePoints(n int) []bls12381.G1Affine {
	rng, points := newRand(6), make([]bls12381.G1Affine, n)
	for i := range points {
		switch i % 5 {
		case 0, 1:
			points[i] = randomPoint(rng)
		case 2:
			points[i] = points[i-1]
		case 3:
			points[i].Neg(&points[i-1])
		}
	}
	return points
}

// unlikeScalars holds lists that fill buckets in different ways.
func unlikeScalars(n int) map[string][]fr.Element {
	rng := newRand(7)
	random, zero, one, minusOne, short := make([]fr.Element, n), make([]fr.Element, n), make([]fr.Element, n), make([]fr.Element, n), make([]fr.Element, n)
	for i := range n {
		var bytes [ScalarSize]byte
		for b := range bytes {
			bytes[b] = byte(rng.Uint32())
		}
		random[i].SetBytes(bytes[:])
		one[i].SetOne()
		minusOne[i].Neg(&one[i])
		short[i].SetUint64(rng.Uint64() >> (i % 64))
	}
	return map[string][]fr.Element{"random": random, "zero": zero, "one": one, "−1": minusOne, "short": short}
}

func product(t *testing.T, points []bls12381.G1Affine, scalars []fr.Element) (sum bls12381.G1Affine) {
	t.Helper()
	if _, err := sum.MultiExp(points, scalars, ecc.MultiExpConfig{}); err != nil {
		t.Fatal(err)
	}
	return sum
}

func plainScalars(scalars []fr.Element) []fr.Element {
	plain := make([]fr.Element, len(scalars))
	for i := range scalars {
		plain[i] = scalars[i].Bits()
	}
	return plain
}

func TestFixedBaseCombines(t *testing.T) {
	for _, n := range []int{1, 7, 40} {
		points := unlikePoints(n)
		for name, scalars := range unlikeScalars(n) {
			want := product(t, points, scalars)
			for _, width := range []int{2, 5, 9} {
				sum := newFixedBase(points, width).combine(plainScalars(scalars))
				var have bls12381.G1Affine
				if !have.FromJacobian(&sum).Equal(&want) {
					t.Errorf("%d %s scalars in digits of %d bits: the sum differs", n, name, width)
				}
			}
		}
	}
}

func TestBucketSums(t *testing.T) {
	points := unlikePoints(3 * adderBatch)
	sorted, want := make([][]reference, 6), make([]bls12381.G1Jac, 6)
	for i := range points {
		for bucket, sign := range map[int]reference{i % 3: 0, 5: minus} { // buckets 3 and 4 stay empty
			p := points[i]
			if sign == minus {
				p.Neg(&p)
			}
			want[bucket].AddMixed(&p)
			sorted[bucket] = append(sorted[bucket], reference(i)|sign)
		}
	}
	have := make([]bls12381.G1Affine, len(sorted))
	sumBuckets(have, sorted, newBucketAdders(points, max(runtime.GOMAXPROCS(0), 2)))
	if !slices.Equal(have, bls12381.BatchJacobianToAffineG1(want)) {
		t.Error("sums of buckets differ")
	}
}

func newBucketAdders(points []bls12381.G1Affine, n int) []*bucketAdder {
	adders := make([]*bucketAdder, n)
	for i := range adders {
		adders[i] = newBucketAdder(points, bucketRange)
	}
	return adders
}

// TestWeighBuckets holds the sum of weighed buckets, of one group and of more, by one adder and by several, against
// multiplications.
func TestWeighBuckets(t *testing.T) {
	for _, width := range []int{1, 2, 3, 6} {
		for _, groups := range []int{1, 3} {
			size := 1 << (width - 1)
			buckets, weights := unlikePoints(size*groups), make([]fr.Element, size*groups)
			for digit := 1; digit <= size; digit++ {
				for g := range groups {
					weights[digit%size*groups+g].SetUint64(uint64(digit) << (width * g))
				}
			}
			want := product(t, buckets, weights)
			for n := 1; n <= 4; n++ {
				w := weigher{adders: newBucketAdders(nil, n)}
				if have := w.weigh(slices.Clone(buckets), groups); !new(bls12381.G1Affine).FromJacobian(&have).Equal(&want) {
					t.Errorf("%d groups of %d buckets, %d adders: the sum differs", groups, size, n)
				}
			}
		}
	}
}

// TestDigits puts integers together again from their digits.
func TestDigits(t *testing.T) {
	rng := newRand(8)
	for width := 1; width < 16; width++ {
		d := newDigits(64, width)
		for _, word := range []uint64{0, 1, 1<<63 - 1, 1 << 63, 1<<64 - 1, rng.Uint64()} {
			sum, raised := uint64(0), d.raise([]uint64{word})
			for i := range d.count {
				digit := d.at(&raised, i)
				if digit < -1<<(width-1) || digit > 1<<(width-1) {
					t.Fatalf("digit %d of %d bits", digit, width)
				}
				sum += uint64(digit) << (i * width)
			}
			if sum != word {
				t.Errorf("%x in digits of %d bits makes %x", word, width, sum)
			}
		}
	}
}
