package kzg

import (
	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fp"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// pointTransform evaluates polynomials of degree less than 64, whose coefficients are points, at the 128 values y of the
// columns, and goes back: for the columns 0 to 63, the roots of x⁶⁴ = 1, and the others, those of x⁶⁴ = −1, separately.
//
// Like transform it descends a tree of moduli, but two levels at a time. Modulo x^m − w⁴, with m = 4q, a block of
// coefficients (a, b, c, d), q each, has the residues, with i² = −1,
//
//	(a + w²c) ± (wb + w³d)      modulo x^q ∓ w
//	(a − w²c) ± i·(wb − w³d)    modulo x^q ∓ iw
//
// so that of each four multiplications one is that by i, at half the price of others.
type pointTransform struct {
	levels [3]pointLevel
	root   rootOfMinusOne
	beta   fp.Element
}

// pointLevel is a level of blocks of one size.
type pointLevel struct {
	size     int      // m
	scaled   []int    // which of the places quarters[1:4] have a constant other than one; the last may repeat
	forward  *scaling // their constants, powers of w
	backward *scaling // and the inverses
}

// quarter is how many points of a row each of the four quarters of all blocks have.
const quarter = Columns / 4

func newPointTransform(cosets *[Columns]coset) *pointTransform {
	t := &pointTransform{beta: newBeta()}
	for i, size := range []int{64, 16, 4} {
		t.levels[i] = newPointLevel(cosets, size)
	}
	t.root = newRootOfMinusOne(cosets[2].y, t.beta)
	return t
}

func newPointLevel(cosets *[Columns]coset, size int) pointLevel {
	level := pointLevel{size: size}
	var constants []fr.Element
	for k := 1; k < 4; k++ {
		for l := range quarter {
			block := l / (size / 4)
			c := power(cosets[block*size].y, k*size/4)
			if !c.IsOne() {
				level.scaled = append(level.scaled, (k-1)*quarter+l)
				constants = append(constants, c)
			}
		}
	}
	for len(constants)%laneCount != 0 { // the last again, rather than a batch that ends between octets
		level.scaled, constants = append(level.scaled, level.scaled[len(level.scaled)-1]), append(constants, constants[len(constants)-1])
	}
	level.forward, level.backward = newScaling(constants), newScaling(fr.BatchInvert(constants))
	return level
}

func power(e fr.Element, n int) fr.Element {
	out := fr.One()
	for range n {
		out.Mul(&out, &e)
	}
	return out
}

// transformScratch is the memory for transforms of a number of rows.
type transformScratch struct {
	rows     int
	adder    *PointAdder
	quarters []bls12381.G1Affine // four of them
	first    []bls12381.G1Affine // two quarters
	second   []bls12381.G1Affine // two quarters
	gathered []bls12381.G1Affine // up to three quarters
	scaling  *scalingScratch
}

func newTransformScratch(rows int, adder *PointAdder) *transformScratch {
	points := func(quarters int) []bls12381.G1Affine { return make([]bls12381.G1Affine, quarters*quarter*rows) }
	return &transformScratch{rows, adder, points(4), points(2), points(2), points(3), newScalingScratch(3 * quarter * rows)}
}

// evaluate turns both halves of points from coefficients into values, in place. Points of the rows, all of which are
// transformed, lie next to each other: points[j·rows + i] is that of row i at j.
func (t *pointTransform) evaluate(points []bls12381.G1Affine, s *transformScratch) {
	n := quarter * s.rows
	q := s.quarters
	for i := range t.levels {
		level := &t.levels[i]
		level.gather(q, points, s.rows)
		level.scale(q[n:], level.forward, s, &t.beta)
		s.adder.Add(s.first, q[:2*n], q[2*n:])       // a + w²c, wb + w³d
		s.adder.Subtract(s.second, q[:2*n], q[2*n:]) // a − w²c, wb − w³d
		t.root.apply(s.second[n:], s.gathered, s.adder)
		s.adder.Add(q[:n], s.first, s.first[n:])
		s.adder.Subtract(q[n:2*n], s.first, s.first[n:])
		s.adder.Add(q[2*n:3*n], s.second, s.second[n:])
		s.adder.Subtract(q[3*n:], s.second, s.second[n:])
		level.scatter(points, q, s.rows)
	}
}

// interpolate turns both halves of points from values into 64 times the coefficients, in place.
func (t *pointTransform) interpolate(points []bls12381.G1Affine, s *transformScratch) {
	n := quarter * s.rows
	q := s.quarters
	for i := len(t.levels) - 1; i >= 0; i-- {
		level := &t.levels[i]
		level.gather(q, points, s.rows)
		s.adder.Add(s.first[:n], q, q[n:])                 // 2·(a + w²c)
		s.adder.Add(s.first[n:], q[2*n:], q[3*n:])         // 2·(a − w²c)
		s.adder.Subtract(s.second[:n], q, q[n:])           // 2·(wb + w³d)
		s.adder.Subtract(s.second[n:], q[3*n:], q[2*n:])   // −2i·(wb − w³d)
		t.root.apply(s.second[n:], s.gathered, s.adder)    // 2·(wb − w³d)
		s.adder.Add(q[:n], s.first, s.first[n:])           // 4a
		s.adder.Add(q[n:2*n], s.second, s.second[n:])      // 4wb
		s.adder.Subtract(q[2*n:3*n], s.first, s.first[n:]) // 4w²c
		s.adder.Subtract(q[3*n:], s.second, s.second[n:])  // 4w³d
		level.scale(q[n:], level.backward, s, &t.beta)
		level.scatter(points, q, s.rows)
	}
}

// scale multiplies points by the level's constants, but for those that are one.
func (l *pointLevel) scale(points []bls12381.G1Affine, by *scaling, s *transformScratch, beta *fp.Element) {
	gathered := s.gathered[:len(l.scaled)*s.rows]
	for i, place := range l.scaled {
		copy(gathered[i*s.rows:(i+1)*s.rows], points[place*s.rows:])
	}
	by.apply(gathered, s.rows, s.adder, s.scaling, beta)
	for i, place := range l.scaled {
		copy(points[place*s.rows:], gathered[i*s.rows:(i+1)*s.rows])
	}
}

// gather brings together the first, second, third and last quarters of all blocks.
func (l *pointLevel) gather(quarters, points []bls12381.G1Affine, rows int) {
	n := l.size / 4 * rows
	for from := 0; from < len(points); from += n {
		copy(quarters[l.place(from/n)*n:], points[from:from+n])
	}
}

// scatter inverts gather.
func (l *pointLevel) scatter(points, quarters []bls12381.G1Affine, rows int) {
	n := l.size / 4 * rows
	for from := 0; from < len(points); from += n {
		copy(points[from:from+n], quarters[l.place(from/n)*n:])
	}
}

// place returns where quarter j%4 of block j/4 goes.
func (l *pointLevel) place(j int) int {
	blocks := Columns / l.size
	return j%4*blocks + j/4
}
