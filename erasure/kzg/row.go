package kzg

// Commit computes the commitment of a row. It fails with ErrNonCanonicalScalar.
//
// It implements [blob_to_kzg_commitment].
//
// [blob_to_kzg_commitment]: https://github.com/ethereum/consensus-specs/blob/017a8495f7671f5fff2075a9bfc9238c1a0982f8/specs/deneb/polynomial-commitments.md#blob_to_kzg_commitment
func (s *Setup) Commit(row *Row) (Commitment, error) {
	scalars, err := decodeRow(row)
	if err != nil {
		return Commitment{}, err
	}
	point, err := combine(s.lagrange, scalars)
	return Commitment(point.Bytes()), err
}

// ComputeCells extends a row to its 128 cells, of which the first 64 are the row itself. It fails with
// ErrNonCanonicalScalar.
//
// It implements [compute_cells].
//
// [compute_cells]: https://github.com/ethereum/consensus-specs/blob/017a8495f7671f5fff2075a9bfc9238c1a0982f8/specs/fulu/polynomial-commitments-sampling.md#compute_cells
func (s *Setup) ComputeCells(row *Row) (*[Columns]Cell, error) {
	m := new(stripes)
	if err := s.rowStripes(m, row); err != nil {
		return nil, err
	}
	return s.cells(row, m), nil
}
