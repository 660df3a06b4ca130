package da

import (
	"fmt"
	"slices"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// Block is a block's transactions and everything that follows from them.
type Block struct {
	// Txs are all transactions, as CometBFT's Data.Txs holds them: the DA header, the cell
	// proofs, the certificate if there is one, the envelopes, the others.
	Txs [][]byte
	// Header is the DA header, transaction 0.
	Header *Header
	// Certificate is that of an earlier height, transaction 2, or nil. That it holds is for the application to see.
	Certificate *Certificate
	// Envelopes are the blob transactions.
	Envelopes []*Envelope
	// Messages are those of the envelopes.
	Messages []*PayForBlobs
	// Plain are the other transactions.
	Plain  [][]byte
	Square *Square
	// Proofs are the 128 cell proofs of each row of the square.
	Proofs [][]kzg.Proof
}

// BuildBlock makes the block that a proposer offers with these transactions, a CertificateTx or none, then envelopes,
// then others: it lays out the square, and commits to and proves its transaction rows and shared rows.
// The envelopes' KZG is taken on trust; Verify checks it. It fails with ErrInvalidBlock or
// ErrNoRoom; EmptyTxs is what a proposer has left then.
func BuildBlock(setup *kzg.Setup, limits Limits, txs [][]byte) (*Block, error) {
	b, err := newBlock(limits, txs)
	if err != nil {
		return nil, err
	}
	commitments := make([]kzg.Commitment, len(b.Square.Rows))
	proofs := make([][]kzg.Proof, len(b.Square.Rows))
	if err := b.Square.commitAndProve(setup, commitments, proofs); err != nil {
		return nil, err
	}
	b.Header = b.Square.header(commitments)
	b.Proofs = b.spreadProofs(flatten(proofs))
	b.Txs = append([][]byte{inject(b.Header.Encode()), inject(joinProofs(flatten(proofs)))}, txs...)
	return b, nil
}

// commitAndProve computes the commitments and proofs of the rows that a proposer proves, by row.
func (s *Square) commitAndProve(setup *kzg.Setup, commitments []kzg.Commitment, proofs [][]kzg.Proof) error {
	var at []int
	var rows []*kzg.Row
	for i, row := range s.Rows {
		if s.isProven(i) {
			at, rows = append(at, i), append(rows, row)
		}
	}
	all, err := setup.ComputeCellsAndProofsOf(rows)
	for i := range all {
		commitments[at[i]], proofs[at[i]] = all[i].Commitment, slices.Clone(all[i].Proofs[:])
	}
	return err
}

// ParseBlock reads a block's transactions and checks all that their bytes alone decide but
// KZG: encodings, their order, limits, envelopes against their messages, the layout, the own
// rows' commitments and both roots. What it accepts, Verify decides. The block aliases txs. It
// fails with ErrInvalidBlock or ErrNoRoom.
func ParseBlock(limits Limits, txs [][]byte) (*Block, error) {
	header, proofs, err := parseInjected(txs)
	if err != nil {
		return nil, err
	}
	b, err := newBlock(limits, txs[injected:])
	if err != nil {
		return nil, err
	}
	if err := b.Square.checkHeader(header); err != nil {
		return nil, err
	}
	b.Txs, b.Header, b.Proofs = txs, header, b.spreadProofs(proofs)
	return b, nil
}

func newBlock(limits Limits, txs [][]byte) (*Block, error) {
	if err := limits.Validate(); err != nil {
		return nil, err
	}
	c, err := parseContents(limits, txs)
	if err != nil {
		return nil, err
	}
	square, err := c.square(limits)
	if err != nil {
		return nil, err
	}
	return &Block{Certificate: c.certificate, Envelopes: c.envelopes, Messages: c.messages, Plain: c.signed[len(c.messages):], Square: square}, nil
}

// parseInjected decodes transactions 0 and 1. It fails with ErrInvalidBlock.
func parseInjected(txs [][]byte) (*Header, []kzg.Proof, error) {
	if len(txs) < injected || len(txs[0]) == 0 || txs[0][0] != injectedByte || len(txs[1]) == 0 || txs[1][0] != injectedByte {
		return nil, nil, fmt.Errorf("%w: it does not begin with a DA header and cell proofs", ErrInvalidBlock)
	}
	header, err := DecodeHeader(txs[0][1:])
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrInvalidBlock, err)
	}
	if got, want := len(txs[1])-1, (header.TxRows+header.SharedRows)*kzg.Columns*kzg.PointSize; got != want {
		return nil, nil, fmt.Errorf("%w: %d bytes of cell proofs, transaction rows and shared rows have %d", ErrInvalidBlock, got, want)
	}
	proofs, err := splitProofs(txs[1][1:])
	return header, proofs, err
}

// spreadProofs sorts the cell proofs by row: the injected ones are of transaction rows and
// shared rows, the envelopes' of their blobs' rows.
func (b *Block) spreadProofs(injected []kzg.Proof) [][]kzg.Proof {
	rows := make([][]kzg.Proof, len(b.Square.Rows))
	for i := range rows {
		if b.Square.isProven(i) {
			rows[i], injected = injected[:kzg.Columns:kzg.Columns], injected[kzg.Columns:]
		}
	}
	for tx, e := range b.Envelopes {
		rest := e.Proofs
		for blob := range e.Blobs {
			at := b.Square.entry(tx, blob)
			for i := range at.OwnRows() {
				rows[at.Row()+i], rest = rest[:kzg.Columns:kzg.Columns], rest[kzg.Columns:]
			}
		}
	}
	return rows
}
