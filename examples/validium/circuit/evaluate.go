package circuit

import (
	"math/big"
	"math/bits"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr/fft"
	"github.com/consensys/gnark/frontend"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/examples/validium/ledger"
)

const (
	// rowScalars is how many scalars a blob has.
	rowScalars = 4096
	logScalars = 12
)

// evaluate returns the value at z of the polynomial of degree below 4096 that has the scalars given at
// a blob's first places and zeros at the others: the barycentric formula, whose terms for zeros vanish.
// z is at no place with a scalar.
func (b *builder) evaluate(scalars []frontend.Variable, z frontend.Variable) frontend.Variable {
	sum := frontend.Variable(0)
	for i, place := range places(len(scalars)) {
		at := b.Inverse(b.Sub(z, place))
		sum = b.Add(sum, b.Mul(scalars[i], b.Mul(at, place)))
	}
	power := z
	for range logScalars {
		power = b.Mul(power, power)
	}
	var over fr.Element
	over.SetUint64(rowScalars).Inverse(&over)
	return b.Mul(sum, b.Mul(b.Sub(power, 1), over.BigInt(new(big.Int))))
}

// places are where a blob's first scalars are evaluations: roots of unity in bit-reversed order.
func places(n int) []*big.Int {
	domain := fft.NewDomain(rowScalars)
	roots := make([]fr.Element, rowScalars)
	roots[0].SetOne()
	for i := 1; i < rowScalars; i++ {
		roots[i].Mul(&roots[i-1], &domain.Generator)
	}
	out := make([]*big.Int, n)
	for i := range out {
		out[i] = roots[bits.Reverse16(uint16(i))>>(16-logScalars)].BigInt(new(big.Int))
	}
	return out
}

// Place is where a blob's scalar at an index is the polynomial's value.
func Place(index int) (z ledger.Scalar) { return *z.SetBigInt(places(index + 1)[index]) }

// Evaluate is what the circuit's evaluate proves, outside of it.
func Evaluate(scalars []ledger.Scalar, z ledger.Scalar) (y ledger.Scalar) {
	for i, place := range places(len(scalars)) {
		var w, term ledger.Scalar
		w.SetBigInt(place)
		term.Sub(&z, &w).Inverse(&term).Mul(&term, &w).Mul(&term, &scalars[i])
		y.Add(&y, &term)
	}
	var power, one, over ledger.Scalar
	power.Exp(z, big.NewInt(rowScalars))
	power.Sub(&power, one.SetOne())
	over.SetUint64(rowScalars).Inverse(&over)
	return *y.Mul(&y, &power).Mul(&y, &over)
}

// Challenge draws z: Keccak-256 of versioned hash and digest, 32 bytes each, modulo r.
func Challenge(versionedHash [32]byte, digest ledger.Scalar) (z ledger.Scalar) {
	d := digest.Bytes()
	h := da.Keccak256(versionedHash[:], d[:])
	return *z.SetBytes(h[:])
}
