package da

import (
	"fmt"

	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/erasure/parallel"
)

// claims are what a block or an envelope asserts of rows, collected to be verified in two equations.
type claims struct {
	rows        []*kzg.Row
	commitments []kzg.Commitment
	// proven are rows with cell proofs, by their place in a square with these commitments.
	proven       []int
	provenRows   []*kzg.Row
	provenProofs [][]kzg.Proof
}

// commit claims that these are the rows' commitments.
func (c *claims) commit(rows []*kzg.Row, commitments []kzg.Commitment) {
	c.rows, c.commitments = append(c.rows, rows...), append(c.commitments, commitments...)
}

// prove claims that these are the cell proofs of the square's row i.
func (c *claims) prove(i int, row *kzg.Row, proofs []kzg.Proof) {
	c.proven, c.provenRows, c.provenProofs = append(c.proven, i), append(c.provenRows, row), append(c.provenProofs, proofs)
}

// verify checks all claims, given the commitments of the square: one random combination of
// all rows, one batch of all cells.
func (c *claims) verify(setup *kzg.Setup, square []kzg.Commitment) error {
	if err := setup.VerifyRows(c.rows, c.commitments); err != nil {
		return fmt.Errorf("commitments of %d rows: %w", len(c.rows), err)
	}
	if len(c.proven) == 0 {
		return nil
	}
	cells, err := computeCells(setup, c.provenRows)
	if err != nil {
		return err
	}
	var coords []erasure.Coord
	for _, row := range c.proven {
		for column := range kzg.Columns {
			coords = append(coords, erasure.Coord{Row: row, Column: column})
		}
	}
	if err := erasure.VerifyCells(setup, square, coords, cells, flatten(c.provenProofs)); err != nil {
		return fmt.Errorf("cell proofs of %d rows: %w", len(c.proven), err)
	}
	return nil
}

// computeCells extends rows and returns all their cells, 128 a row.
func computeCells(setup *kzg.Setup, rows []*kzg.Row) ([]*kzg.Cell, error) {
	cells := make([]*kzg.Cell, len(rows)*kzg.Columns)
	err := parallel.For(len(rows), func(i int) error {
		extended, err := setup.ComputeCells(rows[i])
		if err != nil {
			return err
		}
		for column := range extended {
			cells[i*kzg.Columns+column] = &extended[column]
		}
		return nil
	})
	return cells, err
}

// VerifyKZG verifies what Check leaves open: that the message's commitments are those of the
// blobs, and the proofs those of their cells. It fails with kzg.ErrInvalidProof,
// kzg.ErrInvalidPoint or kzg.ErrNonCanonicalScalar, which are the signer's doing if Check passed.
func (e *Envelope) VerifyKZG(setup *kzg.Setup) error {
	m, err := e.Message()
	if err != nil {
		return err
	}
	if err := e.matchSizes(m); err != nil {
		return err
	}
	var c claims
	var own []kzg.Commitment
	proofs := e.Proofs
	for i := range m.Blobs {
		rows, err := e.rows(m, i)
		if err != nil {
			return fmt.Errorf("blob %d: %w", i, err)
		}
		c.commit(rows, m.Blobs[i].Commitments)
		for j := range m.Blobs[i].OwnRows() {
			c.prove(len(own), rows[j], proofs[:kzg.Columns])
			own, proofs = append(own, m.Blobs[i].Commitments[j]), proofs[kzg.Columns:]
		}
	}
	return c.verify(setup, own)
}

// rows are those that the commitments of blob i are of.
func (e *Envelope) rows(m *PayForBlobs, i int) ([]*kzg.Row, error) {
	b := Blob{m.Blobs[i].Namespace, m.Blobs[i].Encoding, e.Blobs[i]}
	return b.Rows()
}

// Verify verifies the KZG of a parsed block: one random combination over all transaction
// rows, own rows, shared rows and every small blob's padded row, and one batch over all cells of the square. known tells
// which envelopes were verified before (Envelope.Key); what only they claim is left out. It may
// be nil. Verify fails with ErrInvalidBlock and the cause.
func (b *Block) Verify(setup *kzg.Setup, known func(*Envelope) bool) error {
	var c claims
	for i, row := range b.Square.Rows {
		if b.Square.isProven(i) {
			c.commit([]*kzg.Row{row}, b.Header.Commitments[i:i+1])
			c.prove(i, row, b.Proofs[i])
		}
	}
	for tx, e := range b.Envelopes {
		if known != nil && known(e) {
			continue
		}
		if err := b.claimEnvelope(&c, tx); err != nil {
			return fmt.Errorf("%w: blob transaction %d: %w", ErrInvalidBlock, tx, err)
		}
	}
	if err := c.verify(setup, b.Header.Commitments); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalidBlock, err)
	}
	return nil
}

// claimEnvelope collects what blob transaction tx asserts of its blobs' rows.
func (b *Block) claimEnvelope(c *claims, tx int) error {
	m := b.Messages[tx]
	for blob := range m.Blobs {
		rows, err := b.Envelopes[tx].rows(m, blob)
		if err != nil {
			return fmt.Errorf("blob %d: %w", blob, err)
		}
		c.commit(rows, m.Blobs[blob].Commitments)
		at := b.Square.entry(tx, blob)
		for i := range at.OwnRows() {
			c.prove(at.Row()+i, rows[i], b.Proofs[at.Row()+i])
		}
	}
	return nil
}
