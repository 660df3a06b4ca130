package kzg

import "github.com/consensys/gnark-crypto/ecc/bls12-381/fr"

// Interpolation evaluates polynomials of degree less than n from their values at n distinct nodes, in barycentric form.
// It is immutable.
type Interpolation struct {
	nodes   []fr.Element
	weights []fr.Element // 1 / Π_{m≠i} (xᵢ − xₘ)
}

// NewInterpolation prepares to interpolate from the given nodes, which must be distinct; n² field multiplications.
func NewInterpolation(nodes []fr.Element) *Interpolation {
	weights := make([]fr.Element, len(nodes))
	var difference fr.Element
	for i := range nodes {
		weights[i].SetOne()
		for m := range nodes {
			if m != i {
				weights[i].Mul(&weights[i], difference.Sub(&nodes[i], &nodes[m]))
			}
		}
	}
	return &Interpolation{nodes, fr.BatchInvert(weights)}
}

// At returns the n Lagrange coefficients Lᵢ(x): the polynomial's value at x is Σ Lᵢ(x)·valueᵢ.
func (p *Interpolation) At(x fr.Element) []fr.Element {
	product := fr.One()
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

// WeightedSum returns Σ coefficients[i]·values[i]. There is at least one value and all are of one length.
func WeightedSum(coefficients []fr.Element, values []fr.Vector) fr.Vector {
	sum := make(fr.Vector, len(values[0]))
	scaled := make(fr.Vector, len(sum))
	for i := range values {
		scaled.ScalarMul(values[i], &coefficients[i])
		sum.Add(sum, scaled)
	}
	return sum
}
