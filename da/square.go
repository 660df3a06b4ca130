package da

import (
	"fmt"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// Square is the rows of a block and the index of what is in them.
type Square struct {
	Rows []*kzg.Row
	// TxRows is how many rows, the first, hold transactions.
	TxRows int
	// SharedRows is how many rows, the last, small blobs share.
	SharedRows int
	Index      *Index

	layout *layout
}

// square lays out the transactions. It fails with ErrNoRoom where they are too many.
func (c *contents) square(limits Limits) (*Square, error) {
	l, err := newLayout(limits, c.stream(), c.messages)
	if err != nil {
		return nil, err
	}
	index, err := NewIndex(l.entries)
	if err != nil {
		return nil, err
	}
	s := &Square{TxRows: l.txRows(), SharedRows: l.sharedRows(), Index: index, layout: l}
	s.Rows = append(packTxs(c.stream()), newRows(l.rows()-l.txRows())...)
	for tx, e := range c.envelopes {
		for blob, data := range e.Blobs {
			s.place(s.entry(tx, blob), data)
		}
	}
	return s, nil
}

// entry is that of a transaction's blob.
func (s *Square) entry(tx, blob int) *Entry { return &s.Index.Entries[s.layout.numbers[tx][blob]] }

// place writes a blob's cells where its entry says.
func (s *Square) place(e *Entry, data []byte) {
	if e.OwnRows() > 0 {
		copy(s.Rows[e.Row():], packRows(e.Encoding, data))
		return
	}
	e.Encoding.encode(s.Rows[e.Row()][e.Column()*kzg.CellSize:], data)
}

func newRows(n int) []*kzg.Row {
	rows := make([]*kzg.Row, n)
	for i := range rows {
		rows[i] = new(kzg.Row)
	}
	return rows
}

// isProven is Header.IsProven before there is a header.
func (s *Square) isProven(row int) bool {
	return row < s.TxRows || row >= len(s.Rows)-s.SharedRows
}

// header is the square's DA header. Commitments of blobs' own rows are those their messages
// name; others are taken from the given ones, one for each row.
func (s *Square) header(given []kzg.Commitment) *Header {
	h := &Header{
		Version: HeaderVersion, TxRows: s.TxRows, SharedRows: s.SharedRows,
		Commitments: append([]kzg.Commitment(nil), given...),
		IndexRoot:   s.Index.Root(), BlobTreeRoot: BlobTreeRoot(s.Index.IDs()),
	}
	for i := range s.Index.Entries {
		if e := &s.Index.Entries[i]; e.OwnRows() > 0 {
			copy(h.Commitments[e.Row():], e.Commitments)
		}
	}
	return h
}

// checkHeader fails with ErrInvalidBlock, naming the field, unless the DA header is the
// square's; commitments of transaction rows and shared rows are for KZG to check.
func (s *Square) checkHeader(h *Header) error {
	if h.K() != len(s.Rows) || h.TxRows != s.TxRows || h.SharedRows != s.SharedRows {
		return fmt.Errorf("%w: the DA header says %d rows, %d of transactions and %d shared; the transactions take %d, %d and %d",
			ErrInvalidBlock, h.K(), h.TxRows, h.SharedRows, len(s.Rows), s.TxRows, s.SharedRows)
	}
	want := s.header(h.Commitments)
	for i, c := range want.Commitments {
		if h.Commitments[i] != c {
			return fmt.Errorf("%w: the DA header's commitment of row %d is not that of the message that owns it", ErrInvalidBlock, i)
		}
	}
	switch {
	case h.Version != want.Version:
		return fmt.Errorf("%w: DA header of version %d, not %d", ErrInvalidBlock, h.Version, want.Version)
	case h.IndexRoot != want.IndexRoot:
		return fmt.Errorf("%w: the DA header's index root is not that of the block's blobs", ErrInvalidBlock)
	case h.BlobTreeRoot != want.BlobTreeRoot:
		return fmt.Errorf("%w: the DA header's blob tree root is not that of the block's blobs", ErrInvalidBlock)
	}
	return nil
}
