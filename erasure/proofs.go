package erasure

import (
	"fmt"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// RecoverProofs returns m with all its proofs, given some (nil: none). A proof of an original row that is missing
// comes from the other proofs of its column where k of 2k are known and the row lacks few, and else from computing the
// row's 128 proofs anew; those of extended rows follow. Known proofs must have been verified: false ones give false ones.
// It fails with kzg.ErrBadInput or kzg.ErrInvalidPoint.
func RecoverProofs(setup *kzg.Setup, m *ExtendedMatrix, known map[Coord]kzg.Proof) (*ExtendedMatrix, error) {
	for at := range known {
		if err := checkCoord(at, m.k); err != nil {
			return nil, err
		}
	}
	proofs, err := originalProofs(setup, m, known)
	if err != nil {
		return nil, err
	}
	all, err := ExtendProofs(proofs)
	if err != nil {
		return nil, err
	}
	return &ExtendedMatrix{m.k, m.rows, m.commitments, all}, nil
}

// originalProofs returns the k × 128 proofs of the original rows.
func originalProofs(setup *kzg.Setup, m *ExtendedMatrix, known map[Coord]kzg.Proof) ([][]kzg.Proof, error) {
	proofs := make([][]kzg.Proof, m.k)
	for i := range proofs {
		proofs[i] = make([]kzg.Proof, kzg.Columns)
	}
	var columns [kzg.Columns]columnProofs
	for column := range columns {
		columns[column] = takeKnown(proofs, column, known)
	}
	unproven := unprovenRows(&columns, m.k)
	for column := range columns {
		if err := columns[column].interpolate(proofs, column, unproven); err != nil {
			return nil, err
		}
	}
	return proofs, proveUnproven(setup, m, proofs, unproven)
}

// columnProofs are the rows of which a column's proofs are known, the first k of them, and the original rows of which they
// are missing.
type columnProofs struct {
	have    []int
	some    []kzg.Proof
	missing []int
}

// takeKnown fills in the original rows' known proofs of a column.
func takeKnown(proofs [][]kzg.Proof, column int, known map[Coord]kzg.Proof) (c columnProofs) {
	k := len(proofs)
	for i := range 2 * k {
		proof, ok := known[Coord{i, column}]
		switch {
		case ok && len(c.have) < k:
			c.have, c.some = append(c.have, i), append(c.some, proof)
		case !ok && i < k:
			c.missing = append(c.missing, i)
		}
		if ok && i < k {
			proofs[i][column] = proof
		}
	}
	return c
}

// unprovenRows marks the rows that are to be proven anew: because the known proofs of a column do not suffice, or because
// that is cheaper than so many sums of k points.
func unprovenRows(columns *[kzg.Columns]columnProofs, k int) []bool {
	// A row's proofs take as long as so many terms of sums; a sum takes as long as it has terms and so many more.
	const proving, sum = 6000, 30
	unproven, missing := make([]bool, k), make([]int, k)
	for column := range columns {
		c := &columns[column]
		for _, i := range c.missing {
			missing[i]++
			unproven[i] = unproven[i] || len(c.have) < k || missing[i]*(k+sum) > proving
		}
	}
	return unproven
}

// interpolate computes the missing proofs of rows that are not proven anew.
func (c *columnProofs) interpolate(proofs [][]kzg.Proof, column int, unproven []bool) error {
	var rows []int
	for _, i := range c.missing {
		if !unproven[i] {
			rows = append(rows, i)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	points, err := kzg.DecodePoints(c.some)
	if err != nil {
		return fmt.Errorf("column %d: %w", column, err)
	}
	polynomial, coefficients := fromRows(c.have), make([][]fr.Element, len(rows))
	for n, i := range rows {
		coefficients[n] = polynomial.at(i)
	}
	for n, proof := range kzg.EncodePoints[kzg.Proof](kzg.CombinePoints(points, coefficients)) {
		proofs[rows[n]][column] = proof
	}
	return nil
}

// proveUnproven computes the proofs of the rows that are marked.
func proveUnproven(setup *kzg.Setup, m *ExtendedMatrix, proofs [][]kzg.Proof, unproven []bool) error {
	var at []int
	var rows []*kzg.Row
	for i, marked := range unproven {
		if marked {
			at, rows = append(at, i), append(rows, m.Row(i))
		}
	}
	all, err := setup.ComputeCellsAndProofsOf(rows)
	for i := range all {
		copy(proofs[at[i]], all[i].Proofs[:])
	}
	return err
}
