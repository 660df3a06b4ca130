package kzg

import (
	"fmt"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr/fft"
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
	proofs, err := DecodePoints(batch.Proofs)
	if err != nil {
		return err
	}
	coefficients := randomScalars(len(batch.Cells))
	interpolant, err := s.interpolate(coefficients, batch.Columns, batch.Cells)
	if err != nil {
		return err
	}
	weights, shifted := make([]fr.Element, fold.Rows), make([]fr.Element, len(proofs))
	for i, row := range batch.Rows {
		weights[row].Add(&weights[row], &coefficients[i])
		shifted[i].Mul(&coefficients[i], &s.cosets[batch.Columns[i]].y)
	}
	return s.checkCombination(s.tau64, proofs, coefficients,
		term{commitments.points, fold.Transpose(weights)}, term{s.powers, negated(interpolant)}, term{proofs, shifted})
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

// interpolate returns the coefficients of Σ rₖ·Iₖ. Interpolation is linear, so the cells of a column are summed first
// and at most 128 transforms are left.
func (s *Setup) interpolate(r []fr.Element, columns []int, cells []*Cell) ([]fr.Element, error) {
	sums, err := sumByColumn(r, columns, cells)
	if err != nil {
		return nil, err
	}
	total := make(fr.Vector, CellScalars)
	for column, sum := range sums {
		if sum == nil {
			continue
		}
		s.cellCoefficients(column, sum)
		total.Add(total, sum)
	}
	return total, nil
}

// sumByColumn returns Σ rₖ·cellₖ of each column that occurs, and checks every scalar.
func sumByColumn(r []fr.Element, columns []int, cells []*Cell) (*[Columns]fr.Vector, error) {
	var sums [Columns]fr.Vector
	scaled := make(fr.Vector, CellScalars)
	for i, cell := range cells {
		column := columns[i]
		if err := DecodeScalars(scaled, cell[:]); err != nil {
			return nil, fmt.Errorf("cell %d of the batch, column %d: %w", i, column, err)
		}
		if sums[column] == nil {
			sums[column] = make(fr.Vector, CellScalars)
		}
		scaled.ScalarMul(scaled, &r[i])
		sums[column].Add(sums[column], scaled)
	}
	return &sums, nil
}

// cellCoefficients turns a cell's scalars, in place, into the coefficients of the polynomial of degree < 64 through
// them.
func (s *Setup) cellCoefficients(column int, scalars []fr.Element) {
	s.cellFFT.FFTInverse(scalars, fft.DIT, fft.WithNbTasks(1))
	scaleByPowers(scalars, s.cosets[column].inverse)
}

// cellScalars inverts cellCoefficients.
func (s *Setup) cellScalars(column int, coefficients []fr.Element) {
	scaleByPowers(coefficients, s.cosets[column].shift)
	s.cellFFT.FFT(coefficients, fft.DIF, fft.WithNbTasks(1))
}

func scaleByPowers(values []fr.Element, base fr.Element) {
	power := fr.One()
	for i := range values {
		values[i].Mul(&values[i], &power)
		power.Mul(&power, &base)
	}
}
