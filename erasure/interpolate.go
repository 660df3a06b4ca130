package erasure

import (
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// interpolation continues a column from the cells, proofs or commitments of some rows.
type interpolation struct{ nodes *kzg.Interpolation }

// fromRows interpolates from the given rows.
func fromRows(rows []int) interpolation {
	nodes := make([]fr.Element, len(rows))
	for i, row := range rows {
		nodes[i] = coordinate(row)
	}
	return interpolation{kzg.NewInterpolation(nodes)}
}

// fromOriginals interpolates from the k original rows.
func fromOriginals(k int) interpolation {
	rows := make([]int, k)
	for i := range rows {
		rows[i] = i
	}
	return fromRows(rows)
}

// at returns the coefficients by which a row is a combination of the given ones.
func (p interpolation) at(row int) []fr.Element { return p.nodes.At(coordinate(row)) }

// coordinate is where a row sits on its columns' polynomials.
func coordinate(row int) (x fr.Element) {
	x.SetUint64(uint64(row))
	return x
}
