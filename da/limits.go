package da

import (
	"fmt"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// HardMaxRows bounds the rows of every square, whatever is governed.
const HardMaxRows = 256

// Limits are the governed bounds of a square.
type Limits struct {
	// MaxRows bounds all rows.
	MaxRows int
	// MaxTxRows bounds the rows that hold transactions.
	MaxTxRows int
	// MaxSharedRows bounds the rows that small blobs share.
	MaxSharedRows int
}

// DefaultLimits are those a chain starts with: 4 MiB of rows for blobs and two for transactions.
func DefaultLimits() Limits { return Limits{MaxRows: 34, MaxTxRows: 2, MaxSharedRows: 4} }

// Validate tells whether squares under these limits can hold anything. It fails with ErrInvalidLimits.
func (l Limits) Validate() error {
	switch {
	case l.MaxRows < 1 || l.MaxRows > HardMaxRows:
		return fmt.Errorf("%w: %d rows, choose 1 to %d", ErrInvalidLimits, l.MaxRows, HardMaxRows)
	case l.MaxTxRows < 1 || l.MaxTxRows > l.MaxRows:
		return fmt.Errorf("%w: %d transaction rows, choose 1 to %d, the limit of all rows", ErrInvalidLimits, l.MaxTxRows, l.MaxRows)
	case l.MaxSharedRows < 0 || l.MaxSharedRows > l.MaxRows:
		return fmt.Errorf("%w: %d shared rows, choose 0 to %d, the limit of all rows", ErrInvalidLimits, l.MaxSharedRows, l.MaxRows)
	}
	return nil
}

// usage is what transactions take of a square.
type usage struct {
	txBytes     int // of the transaction rows, length prefixes included
	ownRows     int
	sharedCells int // of allotments
}

func (u usage) plus(v usage) usage {
	return usage{u.txBytes + v.txBytes, u.ownRows + v.ownRows, u.sharedCells + v.sharedCells}
}

func (u usage) txRows() int     { return ceilDiv(u.txBytes, DataRowSize) }
func (u usage) sharedRows() int { return ceilDiv(u.sharedCells, kzg.RowCells) }
func (u usage) rows() int       { return u.txRows() + u.ownRows + u.sharedRows() }

// check fails with the sentinel given, naming the bound that is exceeded.
func (u usage) check(l Limits, sentinel error) error {
	switch {
	case u.txRows() > l.MaxTxRows:
		return fmt.Errorf("%w: transactions take %d bytes of at most %d", sentinel, u.txBytes, l.MaxTxRows*DataRowSize)
	case u.sharedRows() > l.MaxSharedRows:
		return fmt.Errorf("%w: small blobs take %d cells of at most %d", sentinel, u.sharedCells, l.MaxSharedRows*kzg.RowCells)
	case u.rows() > l.MaxRows:
		return fmt.Errorf("%w: %d rows of at most %d", sentinel, u.rows(), l.MaxRows)
	}
	return nil
}

// SquareBuilder tells a proposer which transactions still fit into a square. It counts only:
// adding is cheap, and BuildBlock lays out what it accepted. The zero value holds no room;
// use NewSquareBuilder. Not safe for concurrent use.
type SquareBuilder struct {
	limits Limits
	used   usage
}

// NewSquareBuilder starts an empty square. It fails with ErrInvalidLimits.
func NewSquareBuilder(limits Limits) (*SquareBuilder, error) {
	return &SquareBuilder{limits: limits}, limits.Validate()
}

// AddBlobTx takes a blob transaction, given the length of its inner bytes and its message,
// which passed Check, or fails with ErrNoRoom or ErrTooLarge and stays as it was.
func (b *SquareBuilder) AddBlobTx(txSize int, message *PayForBlobs) error {
	return b.add(txSize, message.usage())
}

// AddTx takes a transaction without blobs, given its length in bytes, or fails with
// ErrNoRoom or ErrTooLarge and stays as it was.
func (b *SquareBuilder) AddTx(txSize int) error { return b.add(txSize, usage{}) }

// Rows is how many rows the square has so far.
func (b *SquareBuilder) Rows() int { return b.used.rows() }

func (b *SquareBuilder) add(txSize int, blobs usage) error {
	if err := checkTxSize(txSize); err != nil {
		return err
	}
	sum := b.used.plus(txUsage(txSize)).plus(blobs)
	if err := sum.check(b.limits, ErrNoRoom); err != nil {
		return err
	}
	b.used = sum
	return nil
}
