package kzg

import (
	"fmt"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"

	"github.com/ashlar-da/ashlar/erasure/parallel"
)

// Batch is a set of cells to verify together. The i-th row, column, cell and proof belong together; rows are numbered
// as Fold understands them and columns go from 0 to 127.
type Batch struct {
	Rows    []int
	Columns []int
	Cells   []*Cell
	Proofs  []Proof
}

// Fold says which rows a batch may name and how they depend on the given commitments: Rows is their number, and
// Transpose maps weights of all rows to weights of the commitments, so that Σ out[i]·Cᵢ equals the weighted sum of all
// rows' commitments. The zero Fold numbers rows as their commitments.
type Fold struct {
	Rows      int
	Transpose func(weights []fr.Element) []fr.Element
}

// VerifyCells verifies cells against their rows' commitments; the i-th of each slice belong together, commitments may
// repeat, and no cells at all are valid. It fails with ErrBadInput, ErrNonCanonicalScalar, ErrInvalidPoint, or
// ErrInvalidProof if any cell is wrong.
//
// It implements [verify_cell_kzg_proof_batch].
//
// [verify_cell_kzg_proof_batch]: https://github.com/ethereum/consensus-specs/blob/017a8495f7671f5fff2075a9bfc9238c1a0982f8/specs/fulu/polynomial-commitments-sampling.md#verify_cell_kzg_proof_batch
func (s *Setup) VerifyCells(commitments []Commitment, columns []int, cells []*Cell, proofs []Proof) error {
	index := make(map[Commitment]int, len(commitments))
	rows := make([]int, len(commitments))
	var unique []Commitment
	for i, commitment := range commitments {
		row, seen := index[commitment]
		if !seen {
			row = len(unique)
			index[commitment] = row
			unique = append(unique, commitment)
		}
		rows[i] = row
	}
	decoded, err := DecodeCommitments(unique)
	if err != nil {
		return err
	}
	return s.VerifyBatch(decoded, Fold{}, Batch{rows, columns, cells, proofs})
}

// VerifyBatch verifies cells whose rows' commitments are linear combinations of the given ones. It checks the universal
// equation of EIP-7594 with independent 128-bit coefficients rₖ from this process's CSPRNG,
//
//	e(Σ rₖ·πₖ, [τ⁶⁴]₂) = e(Σ wᵢ·Cᵢ − [Σ rₖ·Iₖ(τ)]₁ + Σ rₖ·yₖ·πₖ, [1]₂)
//
// where Iₖ interpolates cell k on its coset, yₖ is that coset's x⁶⁴ and wᵢ sums the coefficients of row i's cells: two
// pairings for any number of cells. It fails like VerifyCells.
func (s *Setup) VerifyBatch(commitments *Commitments, fold Fold, batch Batch) error {
	if fold.Transpose == nil {
		fold = Fold{commitments.Len(), func(weights []fr.Element) []fr.Element { return weights }}
	}
	if err := batch.check(fold.Rows); err != nil {
		return err
	}
	if len(batch.Cells) == 0 {
		return nil
	}
	r := randomCoefficients(len(batch.Cells))
	var proofs []bls12381.G1Affine
	var interpolant *line
	err := parallel.Do(
		func() (err error) { proofs, err = DecodePoints(batch.Proofs); return err },
		func() (err error) {
			interpolant, err = s.interpolate(r.scalars, batch.Columns, batch.Cells)
			return err
		},
	)
	if err != nil {
		return err
	}
	scalars := append(r.times(s.cosetPowers(batch.Columns)), fold.Transpose(batch.weights(fold.Rows, r.scalars))...)
	split := append(splitScalars(scalars), splitNegative(interpolant[:])...)
	points := splitPoints(proofs, commitments.points, s.powers)
	return s.checkPairing(len(proofs), s.tau64, newCombination(points, r.halves, 64), newCombination(points, split, 128))
}

// weights returns wᵢ of each row.
func (b *Batch) weights(rows int, r []fr.Element) []fr.Element {
	weights := make([]fr.Element, rows)
	for i, row := range b.Rows {
		weights[row].Add(&weights[row], &r[i])
	}
	return weights
}

// cosetPowers returns yₖ of each cell.
func (s *Setup) cosetPowers(columns []int) []fr.Element {
	powers := make([]fr.Element, len(columns))
	for i, column := range columns {
		powers[i] = s.cosets[column].y
	}
	return powers
}

func (b *Batch) check(rows int) error {
	n := len(b.Cells)
	if len(b.Rows) != n || len(b.Columns) != n || len(b.Proofs) != n {
		return fmt.Errorf("%w: %d rows, %d columns, %d cells, %d proofs", ErrBadInput, len(b.Rows), len(b.Columns), n, len(b.Proofs))
	}
	for i := range n {
		if b.Rows[i] < 0 || b.Rows[i] >= rows || b.Columns[i] < 0 || b.Columns[i] >= Columns {
			return fmt.Errorf("%w: cell (%d, %d) lies outside %d rows and %d columns", ErrBadInput, b.Rows[i], b.Columns[i], rows, Columns)
		}
		if b.Cells[i] == nil {
			return fmt.Errorf("%w: cell (%d, %d) is nil", ErrBadInput, b.Rows[i], b.Columns[i])
		}
	}
	return nil
}
