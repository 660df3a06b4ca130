package kzg

import (
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr/fft"

	"github.com/ashlar-da/ashlar/erasure/parallel"
)

// rowChallengeDomain is FIAT_SHAMIR_PROTOCOL_DOMAIN followed by the number of scalars as 16 bytes.
const rowChallengeDomain = "FSBLOBVERIFY_V1_\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x10\x00"

// ProveAt evaluates a row's polynomial at z and proves the value y = p(z): what the point-evaluation precompile checks.
// It fails with ErrNonCanonicalScalar.
//
// It implements [compute_kzg_proof].
//
// [compute_kzg_proof]: https://github.com/ethereum/consensus-specs/blob/017a8495f7671f5fff2075a9bfc9238c1a0982f8/specs/deneb/polynomial-commitments.md#compute_kzg_proof
func (s *Setup) ProveAt(row *Row, z Scalar) (proof Proof, y Scalar, err error) {
	scalars, err := decodePlainScalars(row)
	if err != nil {
		return Proof{}, Scalar{}, err
	}
	at, err := decodeScalar(z)
	if err != nil {
		return Proof{}, Scalar{}, fmt.Errorf("z: %w", err)
	}
	value := s.divide(scalars, at)
	EncodePlain(y[:], []fr.Element{value})
	return s.commit(scalars).Bytes(), y, nil
}

// ProveRow proves a row against its commitment by an evaluation at a point derived from both. It fails with
// ErrNonCanonicalScalar or ErrInvalidPoint; it does not check that the commitment is the row's.
//
// It implements [compute_blob_kzg_proof].
//
// [compute_blob_kzg_proof]: https://github.com/ethereum/consensus-specs/blob/017a8495f7671f5fff2075a9bfc9238c1a0982f8/specs/deneb/polynomial-commitments.md#compute_blob_kzg_proof
func (s *Setup) ProveRow(row *Row, commitment Commitment) (Proof, error) {
	if row == nil {
		return Proof{}, fmt.Errorf("%w: nil row", ErrBadInput)
	}
	if _, err := DecodePoints([]Commitment{commitment}); err != nil {
		return Proof{}, fmt.Errorf("commitment: %w", err)
	}
	z := rowChallenge(row, commitment)
	proof, _, err := s.ProveAt(row, z.Bytes())
	return proof, err
}

// VerifyAt verifies that the polynomial behind the commitment has the value y at z. It fails with
// ErrNonCanonicalScalar, ErrInvalidPoint, or ErrInvalidProof if the value is wrong.
//
// It implements [verify_kzg_proof].
//
// [verify_kzg_proof]: https://github.com/ethereum/consensus-specs/blob/017a8495f7671f5fff2075a9bfc9238c1a0982f8/specs/deneb/polynomial-commitments.md#verify_kzg_proof
func (s *Setup) VerifyAt(commitment Commitment, z, y Scalar, proof Proof) error {
	at, err := decodeScalar(z)
	if err != nil {
		return fmt.Errorf("z: %w", err)
	}
	value, err := decodeScalar(y)
	if err != nil {
		return fmt.Errorf("y: %w", err)
	}
	return s.verifyOpenings([]Commitment{commitment}, []fr.Element{at}, []fr.Element{value}, []Proof{proof})
}

// VerifyRowProofs verifies rows against commitments through the proofs of ProveRow, all in one batch; the i-th of each
// belong together and none at all is valid. It fails with ErrBadInput, ErrNonCanonicalScalar, ErrInvalidPoint, or
// ErrInvalidProof if any row does not match. Whoever has no proofs uses VerifyRows.
//
// It implements [verify_blob_kzg_proof] and [verify_blob_kzg_proof_batch].
//
// [verify_blob_kzg_proof]: https://github.com/ethereum/consensus-specs/blob/017a8495f7671f5fff2075a9bfc9238c1a0982f8/specs/deneb/polynomial-commitments.md#verify_blob_kzg_proof
// [verify_blob_kzg_proof_batch]: https://github.com/ethereum/consensus-specs/blob/017a8495f7671f5fff2075a9bfc9238c1a0982f8/specs/deneb/polynomial-commitments.md#verify_blob_kzg_proof_batch
func (s *Setup) VerifyRowProofs(rows []*Row, commitments []Commitment, proofs []Proof) error {
	if len(rows) != len(commitments) || len(rows) != len(proofs) {
		return fmt.Errorf("%w: %d rows, %d commitments, %d proofs", ErrBadInput, len(rows), len(commitments), len(proofs))
	}
	if len(rows) == 0 {
		return nil
	}
	points, values := make([]fr.Element, len(rows)), make([]fr.Element, len(rows))
	err := parallel.For(len(rows), func(i int) error {
		scalars, err := decodeRow(rows[i])
		if err != nil {
			return fmt.Errorf("row %d: %w", i, err)
		}
		points[i] = rowChallenge(rows[i], commitments[i])
		values[i] = s.evaluate(scalars, points[i])
		return nil
	})
	if err != nil {
		return err
	}
	return s.verifyOpenings(commitments, points, values, proofs)
}

// verifyOpenings checks e(Σ rᵢ·πᵢ, [τ]₂) = e(Σ rᵢ·(Cᵢ − yᵢ·[1]₁ + zᵢ·πᵢ), [1]₂) with independent 128-bit rᵢ.
func (s *Setup) verifyOpenings(commitments []Commitment, z, y []fr.Element, proofs []Proof) error {
	committed, err := DecodePoints(commitments)
	if err != nil {
		return fmt.Errorf("commitment: %w", err)
	}
	quotients, err := DecodePoints(proofs)
	if err != nil {
		return fmt.Errorf("proof: %w", err)
	}
	r := randomCoefficients(len(proofs))
	var value fr.Element
	for _, term := range r.times(y) {
		value.Sub(&value, &term)
	}
	points := splitPoints(quotients, committed, s.powers[:1])
	split := append(splitScalars(r.times(z)), append(slices.Clone(r.halves), splitScalars([]fr.Element{value})...)...)
	return s.checkPairing(len(proofs), s.tau, newCombination(points, r.halves, 64), newCombination(points, split, 128))
}

// rowChallenge derives the point at which a row is opened from the row and its commitment.
//
// It implements [compute_challenge].
//
// [compute_challenge]: https://github.com/ethereum/consensus-specs/blob/017a8495f7671f5fff2075a9bfc9238c1a0982f8/specs/deneb/polynomial-commitments.md#compute_challenge
func rowChallenge(row *Row, commitment Commitment) (z fr.Element) {
	h := sha256.New()
	h.Write([]byte(rowChallengeDomain))
	h.Write(row[:])
	h.Write(commitment[:])
	z.SetBytes(h.Sum(nil))
	return z
}

// evaluate returns the value at z of the polynomial with the given row of evaluations, which it uses up.
func (s *Setup) evaluate(scalars []fr.Element, z fr.Element) (y fr.Element) {
	s.rowFFT.FFTInverse(scalars, fft.DIT, fft.WithNbTasks(1))
	for i := len(scalars) - 1; i >= 0; i-- {
		y.Mul(&y, &z).Add(&y, &scalars[i])
	}
	return y
}

// divide turns the evaluations of p, a row, into those of (p − p(z))/(x − z), in place, and returns p(z). It is linear in
// the row: from plain scalars it makes plain ones.
func (s *Setup) divide(scalars []fr.Element, z fr.Element) (value fr.Element) {
	s.rowFFT.FFTInverse(scalars, fft.DIT, fft.WithNbTasks(1))
	for i := len(scalars) - 1; i >= 0; i-- {
		coefficient := scalars[i]
		scalars[i] = value
		value.Mul(&value, &z).Add(&value, &coefficient)
	}
	s.rowFFT.FFT(scalars, fft.DIF, fft.WithNbTasks(1))
	return value
}
