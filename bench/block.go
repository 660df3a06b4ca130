package main

import (
	ckzg "github.com/ethereum/c-kzg-4844/v2/bindings/go"

	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// validateBlock does to a block's rows what da's verification does in ProcessProposal, and then extends the square as
// the store does: all commitments in one combination, all cells with the proofs of the block in one batch, the extended
// matrix with all its proofs.
func (f *fixture) validateBlock() error {
	rows, commitments, proofs := f.rows[:blockRows], f.commitments[:blockRows], f.proofs[:blockRows]
	if err := f.setup.VerifyProvenRows(rows, commitments, proofs); err != nil {
		return err
	}
	_, err := erasure.Extend(f.setup, rows, commitments, proofs)
	return err
}

// theirValidateBlock does the same with c-kzg, row by row: commit and compare, extend, verify the row's 128 cells; then
// commit to and prove every extended row. c-kzg cannot extend columns, so it is given the extended rows.
func (f *fixture) theirValidateBlock() func() error {
	batches := make([]*batchOfCKZG, blockRows)
	coords := originals(blockRows)
	for i := range batches {
		batches[i] = batchFor(f.block, coords[i*kzg.Columns:(i+1)*kzg.Columns])
	}
	return func() error {
		for i, row := range f.rows[:blockRows] {
			commitment, err := ckzg.BlobToKZGCommitment((*ckzg.Blob)(row))
			if err != nil {
				return err
			}
			if kzg.Commitment(commitment) != f.commitments[i] {
				return errInvalid
			}
			if _, err := ckzg.ComputeCells((*ckzg.Blob)(row)); err != nil {
				return err
			}
			if err := batches[i].verify(); err != nil {
				return err
			}
			extended := (*ckzg.Blob)(f.block.Row(blockRows + i))
			if _, err := ckzg.BlobToKZGCommitment(extended); err != nil {
				return err
			}
			if _, _, err := ckzg.ComputeCellsAndKZGProofs(extended); err != nil {
				return err
			}
		}
		return nil
	}
}
