package erasure

import "github.com/consensys/gnark-crypto/ecc/bls12-381/fr"

// folding expresses the commitments of extended rows by those of the k original ones. Row j is Σ Lᵢ(j)·rowᵢ with
//
//	Lᵢ(j) = wᵢ·ℓ(j)/(j − i),  ℓ(j) = j!/(j − k)!,  wᵢ = ±1/(i!·(k − 1 − i)!)
//
// and the differences j − i are small integers, whose inverses are computed once. It is immutable.
type folding struct {
	inverses fr.Vector // 1/(2k − n) at n
	products fr.Vector // ℓ(k + n) at n
	weights  fr.Vector // wᵢ at i
}

func newFolding(k int) *folding {
	numbers := make([]fr.Element, 2*k)
	for n := range numbers {
		numbers[n] = coordinate(2*k - n)
	}
	f := &folding{fr.BatchInvert(numbers), make(fr.Vector, k), make(fr.Vector, k)}
	inverse := func(n int) *fr.Element { return &f.inverses[2*k-n] }
	factorial, inverseFactorials := fr.One(), make(fr.Vector, k)
	inverseFactorials[0].SetOne()
	for n := 1; n < k; n++ {
		inverseFactorials[n].Mul(&inverseFactorials[n-1], inverse(n))
	}
	for n := 1; n <= k; n++ {
		factorial.Mul(&factorial, &numbers[2*k-n])
	}
	f.products[0] = factorial
	for n := 1; n < k; n++ {
		f.products[n].Mul(&f.products[n-1], &numbers[k-n]).Mul(&f.products[n], inverse(n))
	}
	for i := range f.weights {
		f.weights[i].Mul(&inverseFactorials[i], &inverseFactorials[k-1-i])
		if (k-1-i)%2 == 1 {
			f.weights[i].Neg(&f.weights[i])
		}
	}
	return f
}

// transpose turns weights of all 2k rows into weights of the k original ones with the same weighted sum of commitments.
func (f *folding) transpose(weights []fr.Element) []fr.Element {
	k := len(f.weights)
	sum, term := make(fr.Vector, k), make(fr.Vector, k)
	for j := range k {
		if weights[k+j].IsZero() {
			continue
		}
		var scaled fr.Element
		scaled.Mul(&weights[k+j], &f.products[j])
		term.ScalarMul(f.inverses[k-j:2*k-j], &scaled)
		sum.Add(sum, term)
	}
	sum.Mul(sum, f.weights)
	sum.Add(sum, weights[:k])
	return sum
}
