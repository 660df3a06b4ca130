package erasure

import (
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// interpolation evaluates polynomials of degree less than len(nodes) from their values at distinct integer nodes, in
// barycentric form.
type interpolation struct {
	nodes   []int
	weights []fr.Element // 1 / Π_{m≠i} (xᵢ − xₘ)
}

func newInterpolation(nodes []int) *interpolation {
	weights := make([]fr.Element, len(nodes))
	for i, x := range nodes {
		weights[i] = fr.One()
		for m, other := range nodes {
			if m != i {
				difference := integer(x - other)
				weights[i].Mul(&weights[i], &difference)
			}
		}
	}
	return &interpolation{nodes, fr.BatchInvert(weights)}
}

// firstRows interpolates from the k original rows.
func firstRows(k int) *interpolation {
	nodes := make([]int, k)
	for i := range nodes {
		nodes[i] = i
	}
	return newInterpolation(nodes)
}

// at returns the Lagrange coefficients Lᵢ(x): the value at x is Σ Lᵢ(x)·valueᵢ.
func (p *interpolation) at(x int) []fr.Element {
	product := fr.One()
	distances := make([]fr.Element, len(p.nodes))
	for i, node := range p.nodes {
		if node == x {
			unit := make([]fr.Element, len(p.nodes))
			unit[i].SetOne()
			return unit
		}
		distances[i] = integer(x - node)
		product.Mul(&product, &distances[i])
	}
	coefficients := fr.BatchInvert(distances)
	for i := range coefficients {
		coefficients[i].Mul(&coefficients[i], &p.weights[i]).Mul(&coefficients[i], &product)
	}
	return coefficients
}

func integer(v int) (e fr.Element) {
	e.SetInt64(int64(v))
	return e
}

// weightedSum sets sum to Σ coefficients[i]·values[i].
func weightedSum(sum fr.Vector, coefficients []fr.Element, values []fr.Vector) {
	term := make(fr.Vector, len(sum))
	clear(sum)
	for i := range values {
		term.ScalarMul(values[i], &coefficients[i])
		sum.Add(sum, term)
	}
}
