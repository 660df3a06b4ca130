package calldata

import (
	"fmt"
	"math/big"
	"math/bits"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr/fft"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// openingDomain begins what the challenge of an opening is the hash of.
const openingDomain = "ashlar/opening/1"

// ElementOpening proves one scalar of a row.
type ElementOpening struct {
	Value *big.Int
	// Points are the row's commitment and the proof.
	Points []byte
}

// OpenElement opens the scalar at an index, below kzg.RowScalars. It fails with kzg.ErrBadInput or
// kzg.ErrNonCanonicalScalar.
func OpenElement(setup *kzg.Setup, row *kzg.Row, index int) (*ElementOpening, error) {
	if index < 0 || index >= kzg.RowScalars {
		return nil, fmt.Errorf("%w: element %d of a row of %d", kzg.ErrBadInput, index, kzg.RowScalars)
	}
	commitment, err := setup.Commit(row)
	if err != nil {
		return nil, err
	}
	root, err := rootOf(index)
	if err != nil {
		return nil, err
	}
	proof, y, err := setup.ProveAt(row, root.Bytes())
	if err != nil {
		return nil, err
	}
	return &ElementOpening{new(big.Int).SetBytes(y[:]), append(commitment[:], proof[:]...)}, nil
}

// ElementsOpening proves an aligned group of a row's scalars.
type ElementsOpening struct {
	Values []*big.Int
	// Evaluations are the values at the challenge of the row's polynomial and of the quotient's.
	Evaluations [2]*big.Int
	// Points are the commitments to row and quotient, and the proofs of those two values.
	Points []byte
}

// OpenElements opens n scalars from an index on: n a power of two, at most kzg.RowScalars, and the index a multiple of it.
// With n = kzg.CellScalars the quotient's commitment is the cell's proof. It fails like OpenElement.
func OpenElements(setup *kzg.Setup, row *kzg.Row, first, n int) (*ElementsOpening, error) {
	if n < 1 || n > kzg.RowScalars || n&(n-1) != 0 || first < 0 || first >= kzg.RowScalars || first%n != 0 {
		return nil, fmt.Errorf("%w: elements %d to %d are no aligned group of a power of two", kzg.ErrBadInput, first, first+n)
	}
	commitment, err := setup.Commit(row)
	if err != nil {
		return nil, err
	}
	quotient, err := Quotient(row, first, n)
	if err != nil {
		return nil, err
	}
	quotientCommitment, err := setup.Commit(quotient)
	if err != nil {
		return nil, err
	}
	values := row[first*kzg.ScalarSize : (first+n)*kzg.ScalarSize]
	z := challenge(da.VersionedHash(commitment), first, values, quotientCommitment)
	proof, p, err := setup.ProveAt(row, z)
	if err != nil {
		return nil, err
	}
	quotientProof, q, err := setup.ProveAt(quotient, z)
	if err != nil {
		return nil, err
	}
	o := &ElementsOpening{Evaluations: [2]*big.Int{new(big.Int).SetBytes(p[:]), new(big.Int).SetBytes(q[:])}}
	for i := range n {
		o.Values = append(o.Values, new(big.Int).SetBytes(values[i*kzg.ScalarSize:(i+1)*kzg.ScalarSize]))
	}
	o.Points = append(append(append(commitment[:], quotientCommitment[:]...), proof[:]...), quotientProof[:]...)
	return o, nil
}

// challenge is the point at which row and quotient are evaluated.
func challenge(versionedHash [32]byte, first int, values []byte, quotient kzg.Commitment) kzg.Scalar {
	domain := da.Keccak256([]byte(openingDomain))
	hash := da.Keccak256(domain[:], versionedHash[:], number(uint64(first)).bytes, number(uint64(len(values)/kzg.ScalarSize)).bytes, values, quotient[:])
	var z fr.Element
	z.SetBytes(hash[:])
	return z.Bytes()
}

// Quotient divides a row's polynomial by the one that vanishes on a group, xⁿ − hⁿ, and returns the quotient as a row.
func Quotient(row *kzg.Row, first, n int) (*kzg.Row, error) {
	p := make([]fr.Element, kzg.RowScalars)
	if err := kzg.DecodeScalars(p, row[:]); err != nil {
		return nil, err
	}
	hn, err := rootOf(first)
	if err != nil {
		return nil, err
	}
	hn.Exp(hn, big.NewInt(int64(n)))
	domain := fft.NewDomain(kzg.RowScalars)
	domain.FFTInverse(p, fft.DIT) // from bit-reversed values to coefficients
	q := make([]fr.Element, kzg.RowScalars)
	for i := kzg.RowScalars - n - 1; i >= 0; i-- {
		if i+n < kzg.RowScalars {
			q[i].Mul(&hn, &q[i+n])
		}
		q[i].Add(&q[i], &p[i+n])
	}
	domain.FFT(q, fft.DIF)
	quotient := new(kzg.Row)
	kzg.EncodeScalars(quotient[:], q)
	return quotient, nil
}

// rootOf is the root of unity at which a row's polynomial has the scalar with an index.
func rootOf(index int) (fr.Element, error) {
	root, err := fft.Generator(kzg.RowScalars)
	if err != nil {
		return fr.Element{}, fmt.Errorf("calldata: find the roots of unity: %w", err)
	}
	reversed := bits.Reverse32(uint32(index)) >> (32 - bits.Len(kzg.RowScalars-1))
	return *root.Exp(root, big.NewInt(int64(reversed))), nil
}
