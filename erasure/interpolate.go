package erasure

import (
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// interpolation continues a column from the cells, proofs or commitments of some rows: it evaluates polynomials of degree
// less than n from their values at n rows' coordinates, in barycentric form.
type interpolation struct {
	nodes   []fr.Element
	weights []fr.Element // 1 / Π_{m≠i} (xᵢ − xₘ)
}

// fromRows interpolates from the given rows, which must be distinct; n² field multiplications.
func fromRows(rows []int) interpolation {
	nodes, weights := make([]fr.Element, len(rows)), make([]fr.Element, len(rows))
	for i, row := range rows {
		nodes[i] = coordinate(row)
	}
	var difference fr.Element
	for i := range nodes {
		weights[i].SetOne()
		for m := range nodes {
			if m != i {
				weights[i].Mul(&weights[i], difference.Sub(&nodes[i], &nodes[m]))
			}
		}
	}
	return interpolation{nodes, fr.BatchInvert(weights)}
}

// at returns the coefficients Lᵢ by which a row is a combination Σ Lᵢ·rowᵢ of the given ones.
func (p interpolation) at(row int) []fr.Element {
	x, product := coordinate(row), fr.One()
	distances := make([]fr.Element, len(p.nodes))
	for i := range p.nodes {
		if p.nodes[i].Equal(&x) {
			unit := make([]fr.Element, len(p.nodes))
			unit[i].SetOne()
			return unit
		}
		distances[i].Sub(&x, &p.nodes[i])
		product.Mul(&product, &distances[i])
	}
	coefficients := fr.BatchInvert(distances)
	for i := range coefficients {
		coefficients[i].Mul(&coefficients[i], &p.weights[i]).Mul(&coefficients[i], &product)
	}
	return coefficients
}

// combine sets the cell to Σ coefficients[i]·cellᵢ, given the cells' plain scalars by their place in the cell.
func combine(cell *kzg.Cell, coefficients fr.Vector, places *[kzg.CellScalars]fr.Vector) {
	var sums [kzg.CellScalars]fr.Element
	for place := range sums {
		sums[place] = places[place].InnerProduct(coefficients)
	}
	kzg.EncodePlain(cell[:], sums[:])
}

// coordinate is where a row sits on its columns' polynomials.
func coordinate(row int) (x fr.Element) {
	x.SetUint64(uint64(row))
	return x
}
