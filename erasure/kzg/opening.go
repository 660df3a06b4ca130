package kzg

import (
	"fmt"

	goethkzg "github.com/crate-crypto/go-eth-kzg"
)

// ProveAt evaluates a row's polynomial at z and proves the value y = p(z): what the point-evaluation precompile checks.
// It fails with ErrNonCanonicalScalar.
//
// It implements [compute_kzg_proof].
//
// [compute_kzg_proof]: https://github.com/ethereum/consensus-specs/blob/017a8495f7671f5fff2075a9bfc9238c1a0982f8/specs/deneb/polynomial-commitments.md#compute_kzg_proof
func (s *Setup) ProveAt(row *Row, z Scalar) (proof Proof, y Scalar, err error) {
	if _, err := decodeRow(row); err != nil {
		return Proof{}, Scalar{}, err
	}
	if _, err := decodeScalar(z); err != nil {
		return Proof{}, Scalar{}, fmt.Errorf("z: %w", err)
	}
	p, value, err := s.rows.ComputeKZGProof((*goethkzg.Blob)(row), goethkzg.Scalar(z), 0)
	if err != nil {
		return Proof{}, Scalar{}, fmt.Errorf("kzg: prove an evaluation: %w", err)
	}
	return Proof(p), Scalar(value), nil
}

// VerifyAt verifies that the polynomial behind the commitment has the value y at z. It fails with
// ErrNonCanonicalScalar, ErrInvalidPoint, or ErrInvalidProof if the value is wrong.
//
// It implements [verify_kzg_proof].
//
// [verify_kzg_proof]: https://github.com/ethereum/consensus-specs/blob/017a8495f7671f5fff2075a9bfc9238c1a0982f8/specs/deneb/polynomial-commitments.md#verify_kzg_proof
func (s *Setup) VerifyAt(commitment Commitment, z, y Scalar, proof Proof) error {
	for _, scalar := range []Scalar{z, y} {
		if _, err := decodeScalar(scalar); err != nil {
			return err
		}
	}
	if err := checkPoints([]Commitment{commitment}, []Proof{proof}); err != nil {
		return err
	}
	err := s.rows.VerifyKZGProof(goethkzg.KZGCommitment(commitment), goethkzg.Scalar(z), goethkzg.Scalar(y), goethkzg.KZGProof(proof))
	return asInvalidProof(err)
}

// ProveRow proves a row against its commitment by an evaluation at a point derived from both. It fails with
// ErrNonCanonicalScalar or ErrInvalidPoint; it does not check that the commitment is the row's.
//
// It implements [compute_blob_kzg_proof].
//
// [compute_blob_kzg_proof]: https://github.com/ethereum/consensus-specs/blob/017a8495f7671f5fff2075a9bfc9238c1a0982f8/specs/deneb/polynomial-commitments.md#compute_blob_kzg_proof
func (s *Setup) ProveRow(row *Row, commitment Commitment) (Proof, error) {
	if _, err := decodeRow(row); err != nil {
		return Proof{}, err
	}
	if err := checkPoints([]Commitment{commitment}, nil); err != nil {
		return Proof{}, err
	}
	proof, err := s.rows.ComputeBlobKZGProof((*goethkzg.Blob)(row), goethkzg.KZGCommitment(commitment), 0)
	if err != nil {
		return Proof{}, fmt.Errorf("kzg: prove a row: %w", err)
	}
	return Proof(proof), nil
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
	if err := checkPoints(commitments, proofs); err != nil {
		return err
	}
	blobs := make([]*goethkzg.Blob, len(rows))
	points, openings := make([]goethkzg.KZGCommitment, len(rows)), make([]goethkzg.KZGProof, len(rows))
	for i, row := range rows {
		if _, err := decodeRow(row); err != nil {
			return fmt.Errorf("row %d: %w", i, err)
		}
		blobs[i] = (*goethkzg.Blob)(row)
		points[i], openings[i] = goethkzg.KZGCommitment(commitments[i]), goethkzg.KZGProof(proofs[i])
	}
	return asInvalidProof(s.rows.VerifyBlobKZGProofBatch(blobs, points, openings))
}

func checkPoints(commitments []Commitment, proofs []Proof) error {
	if _, err := DecodePoints(commitments); err != nil {
		return fmt.Errorf("commitment: %w", err)
	}
	if _, err := DecodePoints(proofs); err != nil {
		return fmt.Errorf("proof: %w", err)
	}
	return nil
}

// asInvalidProof names the one failure left once every input was found well-formed.
func asInvalidProof(err error) error {
	if err != nil {
		return fmt.Errorf("%w: %v", ErrInvalidProof, err)
	}
	return nil
}
