//go:build !purego

package kzg

import (
	"testing"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fp"
)

func newDecoder(t *testing.T) *octetDecoder {
	t.Helper()
	d := newOctetDecoder()
	if d == nil {
		t.Skip("this processor has no AVX-512 IFMA")
	}
	return d
}

func TestOctetRoots(t *testing.T) {
	d := newDecoder(t)
	for n := range laneCount + 1 {
		values, squares := make([]fp.Element, n), make([]fp.Element, n)
		for j := range values {
			if j != 3 { // zero
				values[j].MustSetRandom()
			}
			squares[j].Square(&values[j])
		}
		d.roots(squares)
		for j := range squares {
			if squares[j].Neg(&squares[j]); !squares[j].Equal(&values[j]) {
				if squares[j].Neg(&squares[j]); !squares[j].Equal(&values[j]) {
					t.Errorf("root %d of %d: have %s, want ±%s", j, n, &squares[j], &values[j])
				}
			}
		}
	}
}

// pointsOffSubgroup returns points of the curve of many orders, r times some of them among those.
func pointsOffSubgroup() (points []bls12381.G1Affine) {
	for x := uint64(0); len(points) < 40; x++ {
		var p bls12381.G1Affine
		p.X.SetUint64(x)
		p.Y.Square(&p.X).Mul(&p.Y, &p.X)
		p.Y.Add(&p.Y, new(fp.Element).SetUint64(4))
		if p.Y.Sqrt(&p.Y) == nil {
			continue
		}
		points = append(points, p)
		for _, factor := range []uint64{1, 3, 11, 33, 10177, 859267, 52437899} {
			points = append(points, cofactorMultiple(p, factor))
		}
	}
	return points
}

// cofactorMultiple returns r·(seed+1)/factor times a point: of order factor, or infinity.
func cofactorMultiple(p bls12381.G1Affine, factor uint64) bls12381.G1Affine {
	order := modulus()
	p = timesInteger(p, order[:])
	var bytes [8]byte
	for i, quotient := 0, (seed+1)/factor; i < 8; i++ {
		bytes[i] = byte(quotient >> (56 - 8*i))
	}
	return timesInteger(p, bytes[:])
}

// timesInteger multiplies by a big-endian integer, without endomorphisms.
func timesInteger(p bls12381.G1Affine, scalar []byte) bls12381.G1Affine {
	var sum bls12381.G1Jac
	for i := range 8 * len(scalar) {
		sum.DoubleAssign()
		if scalar[i/8]>>(7-i%8)&1 == 1 {
			sum.AddMixed(&p)
		}
	}
	return *new(bls12381.G1Affine).FromJacobian(&sum)
}

func TestOctetSubgroup(t *testing.T) {
	d, rng := newDecoder(t), newRand(9)
	members := make([]bls12381.G1Affine, laneCount)
	for j := range members {
		members[j] = randomPoint(rng)
	}
	for n := range laneCount + 1 {
		if !d.inSubgroup(members[:n]) {
			t.Fatalf("%d members: refused", n)
		}
	}
	found := map[bool]int{}
	for i, p := range pointsOffSubgroup() {
		if p.IsInfinity() {
			continue
		}
		with := append([]bls12381.G1Affine(nil), members...)
		with[i%laneCount] = p
		found[p.IsInSubGroup()]++
		if have, want := d.inSubgroup(with), p.IsInSubGroup(); have != want {
			t.Errorf("point %d: have %t, want %t", i, have, want)
		}
	}
	if found[false] < 20 {
		t.Errorf("only %d points off the subgroup", found[false])
	}
}
