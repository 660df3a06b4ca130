package main

import (
	"math/big"
	"testing"
)

// product returns the bound of a product, in multiples of p, of those of its factors.
func product(x, y *big.Rat) *big.Rat {
	perP := new(big.Rat).SetFrac(fieldModulus(), power(limbCount*limbBits))
	bound := new(big.Rat).Mul(x, y)
	return bound.Mul(bound, perP).Add(bound, big.NewRat(1, 1))
}

// shifted returns n times 2³², for factors that are read with the factor 2⁴¹⁶.
func shifted(n *big.Rat) *big.Rat {
	return new(big.Rat).Mul(n, new(big.Rat).SetInt(power(shift)))
}

// TestBounds holds what comments say of intermediate values against p: each is at most what the next one takes it for.
func TestBounds(t *testing.T) {
	one, two, four := big.NewRat(1, 1), big.NewRat(2, 1), big.NewRat(4, 1)
	inverse, slope, factor := big.NewRat(13, 10), big.NewRat(13, 10), big.NewRat(101, 100)
	square := product(shifted(one), one)
	for _, row := range []struct {
		name        string
		have, limit *big.Rat
	}{
		{"product of denominators", product(shifted(two), two), two},
		{"inverse of the product of those left", product(shifted(two), inverse), inverse},
		{"inverse of a denominator", product(inverse, two), factor},
		{"x²", square, big.NewRat(111, 100)},
		{"3x²", new(big.Rat).Mul(square, big.NewRat(3, 1)), four},
		{"slope of a chord", product(two, factor), slope},
		{"slope of a tangent", product(four, factor), slope},
		{"slope²", product(shifted(slope), slope), big.NewRat(12, 10)},
		{"slope·(x₁ − x₃)", product(shifted(slope), two), big.NewRat(13, 10)},
	} {
		if row.have.Cmp(row.limit) >= 0 {
			t.Errorf("%s: less than %sp is all that is known, comments say %sp", row.name, row.have.FloatString(6), row.limit.FloatString(2))
		}
	}
	for _, kept := range []*big.Rat{shifted(two), shifted(slope)} {
		kept.Mul(kept, new(big.Rat).SetInt(fieldModulus()))
		if kept.Cmp(new(big.Rat).SetInt(power(limbCount*limbBits))) >= 0 {
			t.Errorf("%s is not less than 2⁴¹⁶", kept.FloatString(0))
		}
	}
}

// TestScalarBounds holds what reduce takes and leaves against what passes over a column give it.
func TestScalarBounds(t *testing.T) {
	// How many times as large as reduced ones the scalars of each depth are.
	largest, kept := 1<<together, [together]int{1, 1, 1, 1}
	for range unreduced {
		kept[0]++
		for depth := 1; depth < together; depth++ {
			kept[depth] += kept[depth-1]
		}
		largest = max(largest, kept[together-1])
		kept[together-1] = 1
	}
	reduced, limit := big.NewRat(51, 100), big.NewRat(1<<10, 1)
	scalar := new(big.Rat).Mul(reduced, big.NewRat(int64(largest), 1))
	if scalar.Cmp(limit) >= 0 {
		t.Errorf("scalars of %sr reach reduce", scalar.FloatString(1))
	}
	limb := times(int64(largest), new(big.Int).Add(power(limbBits), power(63-limbBits)))
	quotient := new(big.Int).Add(limit.Num(), big.NewInt(1))
	if sum := new(big.Int).Add(limb, quotient.Mul(quotient, power(limbBits))); limb.Cmp(power(62)) >= 0 || sum.Cmp(power(63)) >= 0 {
		t.Error("limbs are too long for their lanes")
	}
	// What the quotient misses of limit·r: that it is rounded, the bits that it is not made of, and the reciprocal's.
	unit := power((scalarLimbs-1)*limbBits + topBits)
	exact := new(big.Rat).SetFrac(new(big.Int).Mul(unit, power(quotientBits)), scalarModulus())
	missed := exact.Sub(exact, new(big.Rat).SetInt(reciprocalOfR()))
	missed.Abs(missed).Mul(missed, limit).Quo(missed, new(big.Rat).SetInt(reciprocalOfR()))
	missed.Add(missed, big.NewRat(1, 2)).Add(missed, new(big.Rat).SetFrac(times(2, unit), scalarModulus()))
	if missed.Cmp(reduced) >= 0 {
		t.Errorf("reduce leaves %sr", missed.FloatString(4))
	}
}

// TestConstantProducts holds what comments say of products by constants: less than 3r, of scalars less than 22r.
func TestConstantProducts(t *testing.T) {
	r, unit := scalarModulus(), power(scalarLimbs*limbBits)
	x := times(22, r)
	if x.Cmp(unit) >= 0 {
		t.Fatal("22r is not less than 2²⁶⁰")
	}
	// The quotient misses its fraction, that of the constant's, and the limbs that are left out.
	left := new(big.Int)
	for limb := range int64(scalarLimbs - 1) {
		left.Add(left, new(big.Int).Lsh(times(2*limb+1, power(limbBits)), uint(limb)*limbBits))
	}
	missed := new(big.Rat).SetFrac(x.Add(x, left), unit)
	if missed.Add(missed, big.NewRat(2, 1)).Cmp(big.NewRat(3, 1)) >= 0 {
		t.Errorf("a product is only known to be less than %sr", missed.FloatString(2))
	}
}
