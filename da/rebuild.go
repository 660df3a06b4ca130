package da

import (
	"fmt"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// IndexFromRows recomputes a block's blob index from its DA header and transaction rows
// alone, and checks that the header's layout, own rows' commitments and both roots follow. The
// caller has checked the rows against header.Commitments (kzg.Setup.VerifyRows); it trusts nobody
// then. It fails with ErrMalformed or ErrInvalidBlock: the block is invalid.
func IndexFromRows(header *Header, txRows []*kzg.Row) (*Index, error) {
	_, square, err := squareFromRows(header, txRows)
	if err != nil {
		return nil, err
	}
	return square.Index, nil
}

// squareFromRows reads contents back and lays them out; blobs' cells are left zero.
func squareFromRows(header *Header, txRows []*kzg.Row) (*contents, *Square, error) {
	if len(txRows) != header.TxRows {
		return nil, nil, fmt.Errorf("%w: %d transaction rows given, the DA header says %d", ErrMalformed, len(txRows), header.TxRows)
	}
	c, err := contentsOfRows(txRows)
	if err != nil {
		return nil, nil, err
	}
	square, err := c.square(hardLimits())
	if err != nil {
		return nil, nil, err
	}
	return c, square, square.checkHeader(header)
}

// RebuildTxs returns a block's transactions, byte for byte, from its DA header and square:
// CometBFT's Data.Txs is a function of these. proofs are the 128 cell proofs of each row; where they,
// or all of them, are nil they are computed, at some hundredths of a second a row. Nothing is verified
// but that everything fits together: compare DataHash. It fails with ErrMalformed,
// ErrInvalidBlock or ErrMismatch.
func RebuildTxs(setup *kzg.Setup, header *Header, rows []*kzg.Row, proofs [][]kzg.Proof) ([][]byte, error) {
	if len(rows) != header.K() || proofs != nil && len(proofs) != len(rows) {
		return nil, fmt.Errorf("%w: %d rows and proofs of %d for a square of %d rows", ErrMalformed, len(rows), len(proofs), header.K())
	}
	c, square, err := squareFromRows(header, rows[:header.TxRows])
	if err != nil {
		return nil, err
	}
	if proofs, err = completeProofs(setup, rows, proofs); err != nil {
		return nil, err
	}
	var injected []kzg.Proof
	for i := range rows {
		if header.IsProven(i) {
			injected = append(injected, proofs[i]...)
		}
	}
	txs := [][]byte{inject(header.Encode()), inject(joinProofs(injected))}
	if c.certificate != nil {
		txs = append(txs, CertificateTx(c.certificate))
	}
	for tx := range c.messages {
		e, err := square.envelope(c, tx, rows, proofs)
		if err != nil {
			return nil, fmt.Errorf("blob transaction %d: %w", tx, err)
		}
		txs = append(txs, e.Encode())
	}
	return append(txs, c.signed[len(c.messages):]...), nil
}

// completeProofs computes the cell proofs that are missing.
func completeProofs(setup *kzg.Setup, rows []*kzg.Row, given [][]kzg.Proof) ([][]kzg.Proof, error) {
	proofs := make([][]kzg.Proof, len(rows))
	copy(proofs, given)
	var at []int
	var missing []*kzg.Row
	for i := range rows {
		if proofs[i] == nil {
			at, missing = append(at, i), append(missing, rows[i])
		} else if len(proofs[i]) != kzg.Columns {
			return nil, fmt.Errorf("%w: %d cell proofs of row %d, not %d", ErrMalformed, len(proofs[i]), i, kzg.Columns)
		}
	}
	computed, err := proveRows(setup, missing)
	for i := range computed {
		proofs[at[i]] = computed[i]
	}
	return proofs, err
}

// envelope puts blob transaction tx together again.
func (s *Square) envelope(c *contents, tx int, rows []*kzg.Row, proofs [][]kzg.Proof) (*Envelope, error) {
	e := &Envelope{Tx: c.signed[tx]}
	for blob := range c.messages[tx].Blobs {
		at := s.entry(tx, blob)
		data, err := at.Extract(rows[at.Row() : at.Row()+at.Rows()])
		if err != nil {
			return nil, fmt.Errorf("blob %d: %w", blob, err)
		}
		e.Blobs = append(e.Blobs, data)
		e.Proofs = append(e.Proofs, flatten(proofs[at.Row():at.Row()+at.OwnRows()])...)
	}
	return e, nil
}
