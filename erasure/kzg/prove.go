package kzg

import (
	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
)

// extendedScalars are the scalars of all cells of an extended row, in plain form.
type extendedScalars [Columns]line

const (
	// chunkPairs is how many pairs of a column and a row are looked up together.
	chunkPairs = 8
	// windowPairs is how many pairs are doubled together; their sums take 6 MB.
	windowPairs = 4 * Columns
	// batchRows is how many rows share a pass over the tables, and inversions. A batch takes 15 MB.
	batchRows = 16
)

// proverScratch is the memory to prove a number of rows.
type proverScratch struct {
	adder     *PointAdder
	terms     []bls12381.G1Affine // of a chunk, by power of λ, pair and place
	sums      []bls12381.G1Affine // likewise
	places    []bls12381.G1Affine // of a window, by place and pair
	points    []bls12381.G1Affine // by column and row
	transform *transformScratch
	read      uint64 // see readAhead
}

func newProverScratch(rows int) *proverScratch {
	adder, window := NewPointAdder(1<<11), min(windowPairs, Columns*rows)
	points := func(n int) []bls12381.G1Affine { return make([]bls12381.G1Affine, n) }
	return &proverScratch{
		adder: adder, terms: points(chunkPairs * 2 * halfBits), sums: points(chunkPairs * 2 * halfBits),
		places: points(window * halfBits), points: points(Columns * rows), transform: newTransformScratch(rows, adder),
	}
}

// prove computes the proofs of rows, by column and row, and their commitments, by row. What it returns is the scratch's.
func (p *prover) prove(rows []extendedScalars, s *proverScratch) (proofs, commitments []bls12381.G1Affine) {
	n := len(rows)
	points := s.points[:Columns*n]
	p.products(points, rows, s)
	p.transform.interpolate(points, s.transform)
	low, high, commitments := points[:n*RowCells], points[n*RowCells:], s.terms[:n]
	s.adder.Double(commitments, low[len(low)-n:])
	s.adder.Add(low, low, high)
	copy(high, low)
	p.transform.evaluate(points, s.transform)
	return points, commitments
}

// products sets out[c·n + i] to the sum of column c's points times row i's scalars and 1/(2y), for n rows.
func (p *prover) products(out []bls12381.G1Affine, rows []extendedScalars, s *proverScratch) {
	for from := 0; from < len(out); from += windowPairs {
		to := min(from+windowPairs, len(out))
		for pair := from; pair < to; pair += chunkPairs {
			p.sumPlaces(s.places[pair-from:], to-from, pair, rows, s)
		}
		addPlaces(out[from:to], s.places, s.adder)
	}
}

// sumPlaces computes a chunk of pairs' sums at every place of their scalars' digits: out[j·stride + i] is that of pair
// first + i at place j.
func (p *prover) sumPlaces(out []bls12381.G1Affine, stride, first int, rows []extendedScalars, s *proverScratch) {
	var chunk [chunkPairs]pair
	for i := range chunk {
		column := (first + i) / len(rows)
		chunk[i].comb = &p.combs[column]
		chunk[i].digits.setScaled(&rows[(first+i)%len(rows)][column], &p.factors[column])
	}
	point := 0
	for group, width := range p.combs[0].widths {
		if group == 0 {
			s.read += lookUp(s.sums, &chunk, group, point)
		} else {
			s.read += lookUp(s.terms, &chunk, group, point)
			s.adder.Add(s.sums, s.sums, s.terms)
		}
		point += width
	}
	half := len(s.sums) / 2
	timesLambda(s.sums[half:], &p.beta)
	s.adder.Add(s.sums[:half], s.sums, s.sums[half:])
	for i := range chunk {
		for j := range halfBits {
			out[j*stride+i] = s.sums[i*halfBits+j]
		}
	}
}

// pair is a column's points and a row's scalars.
type pair struct {
	comb   *comb
	digits signs
}

// lookUp writes what a group contributes, by power of λ, pair and place.
func lookUp(out []bls12381.G1Affine, chunk *[chunkPairs]pair, group, point int) (read uint64) {
	for i := range chunk {
		read += chunk[i].comb.readAhead(group)
		for h := range chunk[i].digits {
			at := (h*chunkPairs + i) * halfBits
			chunk[i].comb.lookUp(out[at:at+halfBits], group, point, &chunk[i].digits[h])
		}
	}
	return read
}

// addPlaces sets out[i] to Σ 2ʲ·places[j·n + i], n being the length of out.
func addPlaces(out, places []bls12381.G1Affine, adder *PointAdder) {
	n := len(out)
	copy(out, places[(halfBits-1)*n:])
	for j := halfBits - 2; j >= 0; j-- {
		adder.Double(out, out)
		adder.Add(out, out, places[j*n:])
	}
}
