//go:build !purego

package kzg

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// unlikeScalar is random, zero, one or r−1.
func unlikeScalar(rng *rand.Rand, extreme bool) (e fr.Element) {
	switch choice := rng.IntN(3); {
	case !extreme:
		for i := range e {
			e[i] = rng.Uint64()
		}
		e[3] >>= 2
	case choice == 0:
		e.SetZero()
	case choice == 1:
		e[0] = 1
	default:
		e = fr.Element{modulus0 - 1, modulus1, modulus2, modulus3}
	}
	return e
}

// TestOctetTransforms holds the transforms of eight lanes at a time against those line by line.
func TestOctetTransforms(t *testing.T) {
	if !haveOctets() {
		t.Skip("the processor has no octets")
	}
	setup, rng := newSetup(t), newRand(11)
	for name, fast := range map[string]*transform{"all": setup.all, "even": setup.even, "odd": setup.odd} {
		plain := &transform{z: fast.z, inverse: fast.inverse}
		for round := range 12 {
			have := make([]line, 2*len(fast.z[len(fast.z)-1]))
			for i := range have {
				for lane := range have[i] {
					have[i][lane] = unlikeScalar(rng, round%2 == 1)
				}
			}
			want := append([]line(nil), have...)
			if round/2%2 == 0 {
				fast.evaluate(have)
				plain.evaluate(want)
			} else {
				fast.interpolate(have)
				plain.interpolate(want)
			}
			for i := range have {
				if have[i] != want[i] {
					t.Fatalf("%s, round %d: line %d differs", name, round, i)
				}
			}
		}
	}
}

// TestOctetProducts multiplies scalars as large as a transform lets them become.
func TestOctetProducts(t *testing.T) {
	if !haveOctets() {
		t.Skip("the processor has no octets")
	}
	rng, r := newRand(12), fr.Modulus()
	for round := range 200 {
		scalar := unlikeScalar(rng, round%2 == 1)
		if scalar.IsZero() {
			continue // stands for one
		}
		z, x := newConstant(&scalar), new(big.Int).Mul(r, big.NewInt(int64(round%23)))
		residue := unlikeScalar(rng, round%3 == 0)
		x.Add(x, bigOf(&residue))
		var low, high [1]scalarOctet
		for i, limb := range limbsOf(x) {
			high[0][i][round%laneCount] = int64(limb)
		}
		splitOctets(&low[0], &high[0], 1, &z)
		var sums [lanes]fr.Element
		storeLines(&sums[0], &low[0], 1)
		want := new(big.Int).Mul(x, scalar.BigInt(new(big.Int)))
		want.Mod(want, r)
		have, zero := new(big.Int), fr.Element{}
		for i := range laneCount {
			if sums[i] != zero {
				have.Add(have, bigOf(&sums[i]))
			}
		}
		if have.Cmp(want) != 0 {
			t.Fatalf("%d times %d: have %d, want %d", x, &scalar, have, want)
		}
	}
}

// bigOf returns a plain scalar.
func bigOf(plain *fr.Element) *big.Int {
	value := new(big.Int)
	for i := len(plain) - 1; i >= 0; i-- {
		value.Lsh(value, 64).Or(value, new(big.Int).SetUint64(plain[i]))
	}
	return value
}
