package da

import (
	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// Sample is a cell of the extended matrix with its proof. Coord is the coordinate that was
// asked for, never one that the answer names.
type Sample struct {
	Coord erasure.Coord
	Cell  *kzg.Cell
	Proof kzg.Proof
}

// Verify tells whether the cell is the extended matrix's at its coordinate. It fails with
// kzg.ErrInvalidProof, kzg.ErrInvalidPoint, kzg.ErrNonCanonicalScalar or kzg.ErrBadInput.
func (s *Sample) Verify(setup *kzg.Setup, header *Header) error {
	_, err := VerifySamples(setup, header, []Sample{*s})
	return err
}

// VerifySamples verifies samples of one block in one batch, folding the commitments of
// extended rows. If it fails, as Sample.Verify does, the first result are the indices of
// those that would fail alone.
func VerifySamples(setup *kzg.Setup, header *Header, samples []Sample) ([]int, error) {
	coords := make([]erasure.Coord, len(samples))
	cells := make([]*kzg.Cell, len(samples))
	proofs := make([]kzg.Proof, len(samples))
	for i, s := range samples {
		coords[i], cells[i], proofs[i] = s.Coord, s.Cell, s.Proof
	}
	verifier, err := erasure.NewVerifier(setup, header.Commitments)
	if err != nil {
		return nil, err
	}
	failure := verifier.VerifyCells(coords, cells, proofs)
	if failure == nil {
		return nil, nil
	}
	bad, err := verifier.FindInvalid(coords, cells, proofs)
	if err != nil {
		return nil, err
	}
	return bad, failure
}
