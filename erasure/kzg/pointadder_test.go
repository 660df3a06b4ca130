package kzg

import (
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
)

// specialPoints holds pairs for which the formula of the chord fails, between ordinary ones.
func specialPoints(rng *rand.Rand) (x, y []bls12381.G1Affine) {
	p, q, infinity, orderThree := randomPoint(rng), randomPoint(rng), bls12381.G1Affine{}, bls12381.G1Affine{}
	orderThree.Y.SetUint64(2) // (0, 2): x = 0 without being infinity
	var negative, negativeThree bls12381.G1Affine
	negative.Neg(&p)
	negativeThree.Neg(&orderThree)
	all := []bls12381.G1Affine{p, infinity, q, negative, orderThree, negativeThree}
	for _, left := range all {
		for _, right := range all {
			x, y = append(x, left), append(y, right)
		}
	}
	return x, y
}

func randomPoint(rng *rand.Rand) (p bls12381.G1Affine) {
	return *p.ScalarMultiplicationBase(new(big.Int).SetUint64(rng.Uint64()))
}

// expected computes x ± y pair by pair with gnark-crypto's Jacobian addition, which is complete.
func expected(x, y []bls12381.G1Affine, negate bool) []bls12381.G1Affine {
	sums := make([]bls12381.G1Affine, len(x))
	for i := range x {
		var left, right bls12381.G1Jac
		left.FromAffine(&x[i])
		right.FromAffine(&y[i])
		if negate {
			right.Neg(&right)
		}
		sums[i].FromJacobian(left.AddAssign(&right))
	}
	return sums
}

// TestPointAdderIsComplete compares with gnark-crypto on all special pairs, in batches that end anywhere.
func TestPointAdderIsComplete(t *testing.T) {
	x, y := specialPoints(newRand(1))
	for _, size := range []int{1, 2, 7, len(x), 2 * len(x)} {
		adder, out := NewPointAdder(size), make([]bls12381.G1Affine, len(x))
		if adder.Add(out, x, y); !slices.Equal(out, expected(x, y, false)) {
			t.Errorf("sums in batches of %d differ", size)
		}
		if adder.Subtract(out, x, y); !slices.Equal(out, expected(x, y, true)) {
			t.Errorf("differences in batches of %d differ", size)
		}
		if adder.Double(out, x); !slices.Equal(out, expected(x, x, false)) {
			t.Errorf("doubles in batches of %d differ", size)
		}
	}
}

func TestPointAdderInPlace(t *testing.T) {
	x, y := specialPoints(newRand(2))
	n := len(x)
	adder := NewPointAdder(5)
	for name, test := range map[string]struct {
		run  func(x, y []bls12381.G1Affine) []bls12381.G1Affine
		want []bls12381.G1Affine
	}{
		"left":   {func(x, y []bls12381.G1Affine) []bls12381.G1Affine { adder.Add(x, x, y); return x }, expected(x, y, false)},
		"right":  {func(x, y []bls12381.G1Affine) []bls12381.G1Affine { adder.Subtract(y, x, y); return y }, expected(x, y, true)},
		"double": {func(x, _ []bls12381.G1Affine) []bls12381.G1Affine { adder.Double(x, x); return x }, expected(x, x, false)},
		"neighbours": {func(x, _ []bls12381.G1Affine) []bls12381.G1Affine {
			adder.Subtract(x[:n-1], x[1:], x)
			return x[:n-1]
		}, expected(x[1:], x[:n-1], true)},
	} {
		if have := test.run(slices.Clone(x), slices.Clone(y)); !slices.Equal(have, test.want) {
			t.Errorf("%s: results differ", name)
		}
	}
}

func TestPointAdderAllocatesNothing(t *testing.T) {
	x, y := specialPoints(newRand(3))
	adder := NewPointAdder(16)
	if n := testing.AllocsPerRun(10, func() { adder.Add(x, x, y); adder.Subtract(x, x, y); adder.Double(x, x) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkPointAdder(b *testing.B) {
	const n = 512
	rng, x, y := newRand(4), make([]bls12381.G1Affine, n), make([]bls12381.G1Affine, n)
	for i := range x {
		x[i], y[i] = randomPoint(rng), randomPoint(rng)
	}
	adder := NewPointAdder(n)
	b.Run("Add", func(b *testing.B) {
		for b.Loop() {
			adder.Add(x, x, y)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/sum")
	})
	b.Run("Double", func(b *testing.B) {
		for b.Loop() {
			adder.Double(x, x)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/double")
	})
}
