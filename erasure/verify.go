package erasure

import (
	"fmt"
	"slices"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// Verifier verifies cells of one extended matrix. It holds the decoded commitments of the k original rows; those of
// extended rows are folded into the batch equation and never computed. It is safe for concurrent use.
type Verifier struct {
	setup       *kzg.Setup
	commitments *kzg.Commitments
	folding     *folding
}

// NewVerifier decodes and checks the k original rows' commitments. It fails with kzg.ErrBadInput or
// kzg.ErrInvalidPoint.
func NewVerifier(setup *kzg.Setup, commitments []kzg.Commitment) (*Verifier, error) {
	if err := checkK(len(commitments)); err != nil {
		return nil, err
	}
	decoded, err := kzg.DecodeCommitments(commitments)
	if err != nil {
		return nil, fmt.Errorf("commitment: %w", err)
	}
	return &Verifier{setup, decoded, newFolding(len(commitments))}, nil
}

// VerifyCells verifies, in one batch with two pairings, that every cell is the matrix's at its coordinate; the i-th of
// each slice belong together and none at all are valid. Coordinates must be those that were asked for. It fails with
// kzg.ErrBadInput, kzg.ErrNonCanonicalScalar, kzg.ErrInvalidPoint, or kzg.ErrInvalidProof if any cell is wrong.
func (v *Verifier) VerifyCells(coords []Coord, cells []*kzg.Cell, proofs []kzg.Proof) error {
	batch := kzg.Batch{Cells: cells, Proofs: proofs}
	for _, at := range coords {
		batch.Rows, batch.Columns = append(batch.Rows, at.Row), append(batch.Columns, at.Column)
	}
	return v.setup.VerifyBatch(v.commitments, kzg.Fold{Rows: 2 * v.commitments.Len(), Transpose: v.folding.transpose}, batch)
}

// FindInvalid returns, ascending, the indices of the cells that VerifyCells would refuse alone, by bisection. A
// coordinate outside the matrix or a nil cell counts as invalid. It fails with kzg.ErrBadInput if lengths differ.
func (v *Verifier) FindInvalid(coords []Coord, cells []*kzg.Cell, proofs []kzg.Proof) ([]int, error) {
	if len(coords) != len(cells) || len(coords) != len(proofs) {
		return nil, fmt.Errorf("%w: %d coordinates, %d cells, %d proofs", kzg.ErrBadInput, len(coords), len(cells), len(proofs))
	}
	valid := func(from, to int) bool {
		return v.VerifyCells(coords[from:to], cells[from:to], proofs[from:to]) == nil
	}
	return bisect(0, len(coords), false, valid), nil
}

// FindInvalidParts returns, ascending, the parts of the cells, such as those that one peer sent, that VerifyCells would
// refuse alone, by bisection; which cells of a part are wrong it does not ask. Part i ends before cell ends[i], where the next one
// begins. It fails with kzg.ErrBadInput if lengths differ or the ends do not ascend to the number of cells.
func (v *Verifier) FindInvalidParts(coords []Coord, cells []*kzg.Cell, proofs []kzg.Proof, ends []int) ([]int, error) {
	bounds := append([]int{0}, ends...)
	if n := len(coords); n != len(cells) || n != len(proofs) || !slices.IsSorted(bounds) || bounds[len(ends)] != n {
		return nil, fmt.Errorf("%w: %d coordinates, %d cells, %d proofs in parts that end at %v", kzg.ErrBadInput, len(coords), len(cells), len(proofs), ends)
	}
	valid := func(from, to int) bool {
		from, to = bounds[from], bounds[to]
		return v.VerifyCells(coords[from:to], cells[from:to], proofs[from:to]) == nil
	}
	return bisect(0, len(ends), false, valid), nil
}

// bisect finds the invalid elements of [from, to); suspect means that the range is known to hold one.
func bisect(from, to int, suspect bool, valid func(from, to int) bool) []int {
	if from == to || !suspect && valid(from, to) {
		return nil
	}
	if to-from == 1 {
		return []int{from}
	}
	middle := (from + to) / 2
	left := bisect(from, middle, false, valid)
	return append(left, bisect(middle, to, len(left) == 0, valid)...)
}

// VerifyCells verifies cells of the extended matrix whose k original rows have the given commitments: NewVerifier
// followed by Verifier.VerifyCells.
func VerifyCells(setup *kzg.Setup, commitments []kzg.Commitment, coords []Coord, cells []*kzg.Cell, proofs []kzg.Proof) error {
	verifier, err := NewVerifier(setup, commitments)
	if err != nil {
		return err
	}
	return verifier.VerifyCells(coords, cells, proofs)
}

// FindInvalid says which cells of a failed batch are wrong: NewVerifier followed by Verifier.FindInvalid.
func FindInvalid(setup *kzg.Setup, commitments []kzg.Commitment, coords []Coord, cells []*kzg.Cell, proofs []kzg.Proof) ([]int, error) {
	verifier, err := NewVerifier(setup, commitments)
	if err != nil {
		return nil, err
	}
	return verifier.FindInvalid(coords, cells, proofs)
}
