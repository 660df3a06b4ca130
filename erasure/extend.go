package erasure

import (
	"fmt"

	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/erasure/parallel"
)

// Extend computes the extended matrix of k rows, their k commitments and, unless proofs is nil, their k × 128 proofs.
// It does not check that commitments or proofs belong to the rows: kzg.Setup.VerifyRows and VerifyCells do. It fails
// with kzg.ErrBadInput, kzg.ErrNonCanonicalScalar or kzg.ErrInvalidPoint.
func Extend(setup *kzg.Setup, rows []*kzg.Row, commitments []kzg.Commitment, proofs [][]kzg.Proof) (*ExtendedMatrix, error) {
	k := len(rows)
	if err := checkK(k); err != nil {
		return nil, err
	}
	if len(commitments) != k {
		return nil, fmt.Errorf("%w: %d commitments for %d rows", kzg.ErrBadInput, len(commitments), k)
	}
	if proofs != nil && len(proofs) != k {
		return nil, fmt.Errorf("%w: proofs of %d rows for %d rows", kzg.ErrBadInput, len(proofs), k)
	}
	m := &ExtendedMatrix{k: k}
	err := parallel.Do(
		func() (err error) { m.commitments, err = ExtendCommitments(commitments); return err },
		func() (err error) { m.rows, err = extendRows(setup, rows); return err },
		func() (err error) {
			if proofs != nil {
				m.proofs, err = ExtendProofs(proofs)
			}
			return err
		},
	)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// ExtendCommitments computes the 2k commitments of the extended matrix from those of its k original rows. It fails with
// kzg.ErrBadInput or kzg.ErrInvalidPoint.
func ExtendCommitments(commitments []kzg.Commitment) ([]kzg.Commitment, error) {
	return extendPoints(commitments)
}

// ExtendColumn computes all 2k cells of a column and, unless proofs is nil, their proofs from those of its k original
// rows: what the holder of a column derives on its own. It fails with kzg.ErrBadInput, kzg.ErrNonCanonicalScalar or
// kzg.ErrInvalidPoint.
func ExtendColumn(cells []*kzg.Cell, proofs []kzg.Proof) ([]*kzg.Cell, []kzg.Proof, error) {
	k := len(cells)
	if err := checkK(k); err != nil {
		return nil, nil, err
	}
	if proofs != nil && len(proofs) != k {
		return nil, nil, fmt.Errorf("%w: %d proofs for %d cells", kzg.ErrBadInput, len(proofs), k)
	}
	all := append(make([]*kzg.Cell, 0, 2*k), cells...)
	for range k {
		all = append(all, new(kzg.Cell))
	}
	if err := extendCells(all); err != nil {
		return nil, nil, err
	}
	if proofs == nil {
		return all, nil, nil
	}
	allProofs, err := extendPoints(proofs)
	return all, allProofs, err
}
