package erasure

import (
	"fmt"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"

	"github.com/ashlar-da/ashlar/erasure/kzg"
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
	all, err := ExtendCommitments(commitments)
	if err != nil {
		return nil, err
	}
	m := &ExtendedMatrix{k: k, commitments: all}
	if m.rows, err = extendRows(setup, rows); err != nil {
		return nil, err
	}
	if proofs != nil {
		m.proofs, err = extendProofs(proofs, k)
	}
	return m, err
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

// extendProofs extends the k × 128 proofs of the original rows to 2k × 128.
func extendProofs(proofs [][]kzg.Proof, k int) ([][]kzg.Proof, error) {
	if len(proofs) != k {
		return nil, fmt.Errorf("%w: proofs of %d rows for %d rows", kzg.ErrBadInput, len(proofs), k)
	}
	out := make([][]kzg.Proof, 2*k)
	for i := range out {
		out[i] = make([]kzg.Proof, kzg.Columns)
		if i < k && copy(out[i], proofs[i]) != len(proofs[i]) || i < k && len(proofs[i]) != kzg.Columns {
			return nil, fmt.Errorf("%w: %d proofs of row %d, want %d", kzg.ErrBadInput, len(proofs[i]), i, kzg.Columns)
		}
	}
	return out, inParallel(kzg.Columns, func(c int) error {
		column := make([]kzg.Proof, k)
		for i := range column {
			column[i] = out[i][c]
		}
		extended, err := extendPoints(column)
		for i := range extended {
			out[i][c] = extended[i]
		}
		return err
	})
}

// extendPoints continues a column of points. gnark-crypto's Jacobian addition is complete: it covers equal, opposite
// and zero points, which whoever chooses the rows can bring about.
func extendPoints[T kzg.Commitment | kzg.Proof](encoded []T) ([]T, error) {
	k := len(encoded)
	if err := checkK(k); err != nil {
		return nil, err
	}
	points, err := kzg.DecodePoints(encoded)
	if err != nil {
		return nil, err
	}
	values, extended := make([]*bls12381.G1Jac, k), make([]bls12381.G1Jac, k)
	for i := range points {
		values[i] = new(bls12381.G1Jac).FromAffine(&points[i])
	}
	extrapolate(values, subtractPoint,
		func(a, b *bls12381.G1Jac) { a.AddAssign(b) },
		func(at int, value *bls12381.G1Jac) { extended[at-k].Set(value) })
	return append(append(make([]T, 0, 2*k), encoded...),
		kzg.EncodePoints[T](bls12381.BatchJacobianToAffineG1(extended))...), nil
}

// subtractPoint sets a to b−a.
func subtractPoint(a, b *bls12381.G1Jac) {
	a.Neg(a)
	a.AddAssign(b)
}
