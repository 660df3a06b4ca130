package da

import (
	"fmt"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// claims are what a block or an envelope asserts of rows, collected to be verified in two equations.
type claims struct {
	proven, unproven committed
	proofs           [][]kzg.Proof // of proven rows' cells
}

// committed are rows with their commitments.
type committed struct {
	rows        []*kzg.Row
	commitments []kzg.Commitment
}

func (c *committed) add(rows []*kzg.Row, commitments []kzg.Commitment) {
	c.rows, c.commitments = append(c.rows, rows...), append(c.commitments, commitments...)
}

// verify checks all claims: one random combination of all rows, one batch of all cells of proven rows.
func (c *claims) verify(setup *kzg.Setup) error {
	all := c.proven
	all.add(c.unproven.rows, c.unproven.commitments)
	if err := setup.VerifyProvenRows(all.rows, all.commitments, c.proofs); err != nil {
		return fmt.Errorf("commitments of %d rows and cell proofs of %d: %w", len(all.rows), len(c.proofs), err)
	}
	return nil
}

// VerifyKZG verifies what Check leaves open: that the message's commitments are those of the
// blobs, and the proofs those of their cells. It fails with kzg.ErrInvalidProof,
// kzg.ErrInvalidPoint or kzg.ErrNonCanonicalScalar, which are the signer's doing if Check passed.
func (e *Envelope) VerifyKZG(setup *kzg.Setup) error {
	return VerifyEnvelopes(setup, []*Envelope{e})
}

// VerifyEnvelopes is VerifyKZG of several envelopes at once, in the same two equations: most of what one of them costs is
// the equations. Where it fails it does not tell which envelope is to blame.
func VerifyEnvelopes(setup *kzg.Setup, envelopes []*Envelope) error {
	var c claims
	for _, e := range envelopes {
		if err := e.claim(&c); err != nil {
			return err
		}
	}
	return c.verify(setup)
}

// claim collects what an envelope asserts of its blobs' rows.
func (e *Envelope) claim(c *claims) error {
	m, err := e.Message()
	if err != nil {
		return err
	}
	if err := e.matchSizes(m); err != nil {
		return err
	}
	proofs := e.Proofs
	for i := range m.Blobs {
		rows, err := e.rows(m, i)
		if err != nil {
			return fmt.Errorf("blob %d: %w", i, err)
		}
		if m.Blobs[i].OwnRows() == 0 {
			c.unproven.add(rows, m.Blobs[i].Commitments)
			continue
		}
		c.proven.add(rows, m.Blobs[i].Commitments)
		for range rows {
			c.proofs, proofs = append(c.proofs, proofs[:kzg.Columns]), proofs[kzg.Columns:]
		}
	}
	return nil
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
			c.proven.add([]*kzg.Row{row}, b.Header.Commitments[i:i+1])
			c.proofs = append(c.proofs, b.Proofs[i])
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
	if err := c.verify(setup); err != nil {
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
		at := b.Square.entry(tx, blob)
		if at.OwnRows() == 0 {
			c.unproven.add(rows, m.Blobs[blob].Commitments)
			continue
		}
		c.proven.add(rows, m.Blobs[blob].Commitments)
		c.proofs = append(c.proofs, b.Proofs[at.Row():at.Row()+len(rows)]...)
	}
	return nil
}
