package erasure

import (
	"fmt"

	"github.com/consensys/gnark-crypto/ecc"
	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// RecoverProofs returns m with all its proofs, given some (nil: none). A proof of an original row that is missing
// comes from the other proofs of its column where k of 2k are known, and else from computing the row's 128 proofs
// anew; those of extended rows follow. Known proofs must have been verified: false ones give false ones. It fails with
// kzg.ErrBadInput or kzg.ErrInvalidPoint.
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
	unproven := make([]bool, m.k)
	for column := range kzg.Columns {
		missing, err := columnProofs(proofs, column, known)
		if err != nil {
			return nil, err
		}
		for _, i := range missing {
			unproven[i] = true
		}
	}
	return proofs, proveUnproven(setup, m, proofs, unproven)
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

// columnProofs fills in the original rows' proofs of a column and returns the rows for which the known ones do not
// suffice.
func columnProofs(proofs [][]kzg.Proof, column int, known map[Coord]kzg.Proof) (missing []int, err error) {
	k := len(proofs)
	var have []int
	var some []kzg.Proof
	for i := range 2 * k {
		proof, ok := known[Coord{i, column}]
		switch {
		case ok && len(have) < k:
			have, some = append(have, i), append(some, proof)
		case !ok && i < k:
			missing = append(missing, i)
		}
		if ok && i < k {
			proofs[i][column] = proof
		}
	}
	if len(have) < k || len(missing) == 0 {
		return missing, nil
	}
	points, err := kzg.DecodePoints(some)
	if err != nil {
		return nil, fmt.Errorf("column %d: %w", column, err)
	}
	return nil, interpolateProofs(proofs, column, missing, fromRows(have), points)
}

func interpolateProofs(proofs [][]kzg.Proof, column int, missing []int, polynomial interpolation, points []bls12381.G1Affine) error {
	for _, i := range missing {
		var sum bls12381.G1Affine
		if _, err := sum.MultiExp(points, polynomial.at(i), ecc.MultiExpConfig{}); err != nil {
			return fmt.Errorf("erasure: interpolate the proof of cell (%d, %d): %w", i, column, err)
		}
		proofs[i][column] = sum.Bytes()
	}
	return nil
}
