package kzg

import (
	"slices"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"

	"github.com/ashlar-da/ashlar/erasure/parallel"
)

// VerifyProvenRows is VerifyRows for rows of which the first come with the proofs of all their 128 cells, which it verifies
// too: proofs[i] are row i's. It costs no extension of any row. The equation of VerifyBatch over all cells, with cell
// (i, c) weighed by γᵢ·σ_c, depends on the rows through Σ γᵢ·rowᵢ alone, which the check of the commitments has computed
// before:
//
//	e(Σ γᵢ·σ_c·π_{i,c}, [τ⁶⁴]₂) = e(Σ γᵢ·σ·Cᵢ − [Σ σ_c·I_c(τ)]₁ + Σ γᵢ·σ_c·y_c·π_{i,c}, [1]₂)      σ = Σ σ_c
//
// where I_c interpolates cell c of the sum. With independent σ_c, drawn like the γᵢ, a column whose cells are not all
// right has a wrong sum but with probability 2⁻¹²⁸, and the sum over columns is wrong then but with probability 2⁻¹²⁸. It
// fails like VerifyRows.
func (s *Setup) VerifyProvenRows(rows []*Row, commitments []Commitment, proofs [][]Proof) error {
	b, err := newRowsBatch(rows, commitments, proofs)
	if err != nil || len(rows) == 0 {
		return err
	}
	var sum []fr.Element
	var committed, proven []bls12381.G1Affine
	err = parallel.Do(
		func() (err error) { sum, committed, err = b.verify(s); return err },
		func() (err error) { proven, err = DecodePoints(slices.Concat(proofs...)); return err },
	)
	if err != nil || b.proven == 0 {
		return err
	}
	return s.verifyProofs(b, sum, committed, proven)
}

// verifyProofs checks the equation of all cells, given the sum of their rows, decoded commitments of all rows, and proofs by
// row and column.
func (s *Setup) verifyProofs(b *rowsBatch, sum []fr.Element, committed, proofs []bls12381.G1Affine) error {
	sigmas := fr.Vector(randomCoefficients(Columns).scalars)
	left, right := s.weights(b, sigmas)
	sigma := sigmas.Sum()
	for i := range b.proven {
		var weight fr.Element
		right = append(right, *weight.Mul(&b.gammas.scalars[i], &sigma))
	}
	points := splitPoints(proofs, committed[:b.proven], s.powers)
	split := append(splitScalars(right), splitNegative(s.interpolateRow(sum, sigmas)[:])...)
	return s.checkPairing(len(proofs), s.tau64, newCombination(points, splitScalars(left), 128), newCombination(points, split, 128))
}

// weights returns γᵢ·σ_c and γᵢ·σ_c·y_c of all cells.
func (s *Setup) weights(b *rowsBatch, sigmas fr.Vector) (left, right fr.Vector) {
	left, right = make(fr.Vector, b.proven*Columns), make(fr.Vector, b.proven*Columns)
	powers := make(fr.Vector, Columns)
	for c := range powers {
		powers[c].Mul(&sigmas[c], &s.cosets[c].y)
	}
	for i := range b.proven {
		of := left[i*Columns : (i+1)*Columns]
		of.ScalarMul(sigmas, &b.gammas.scalars[i])
		of = right[i*Columns : (i+1)*Columns]
		of.ScalarMul(powers, &b.gammas.scalars[i])
	}
	return left, right
}

// interpolateRow returns the plain coefficients of Σ sigmas[c]·I_c over all cells of a row of plain scalars.
func (s *Setup) interpolateRow(row []fr.Element, sigmas []fr.Element) *line {
	halves := new([2]block)
	for c := range RowCells {
		copy(halves[0][c][:], row[c*CellScalars:])
	}
	halves[1] = halves[0]
	s.extendScalars(&halves[1])
	total := new(line)
	for h := range halves {
		b := &halves[h]
		for c := range b {
			scale(&b[c], &sigmas[h*RowCells+c])
		}
		s.interpolateCells(b)
		for c := range b {
			multiply(&b[c], &s.twists.from[h*RowCells+c])
			addLine(total, &b[c])
		}
	}
	return total
}
