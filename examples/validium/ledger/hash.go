package ledger

import (
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr/poseidon2"
)

// Scalar is an element of the scalar field of BLS12-381: of a blob as of the circuit.
type Scalar = fr.Element

// Hash compresses two scalars into one: Poseidon2 of width 2, 6 full and 50 partial rounds, with the
// right one added to the second output. The circuit and the contract compute the same.
func Hash(left, right Scalar) Scalar {
	state := []Scalar{left, right}
	if err := poseidon2.NewDefaultPermutation().Permutation(state); err != nil {
		panic(err) // fails for a width other than 2 alone
	}
	return *right.Add(&right, &state[1])
}

// Chain folds Hash over scalars, from zero: of a list whose length is known beforehand.
func Chain(scalars ...Scalar) (sum Scalar) {
	for _, s := range scalars {
		sum = Hash(sum, s)
	}
	return sum
}
