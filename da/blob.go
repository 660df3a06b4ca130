package da

import (
	"fmt"
	"math/bits"
	"slices"

	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/erasure/parallel"
)

const (
	// MaxTxOwnRows bounds what the blobs of one transaction take of a square, in rows.
	MaxTxOwnRows = 16
	// MaxTxCells is the same bound in cells; allotments count as they are charged.
	MaxTxCells = MaxTxOwnRows * kzg.RowCells
	// maxSharedCells is the largest blob, in cells, that lives in a shared row.
	maxSharedCells = kzg.RowCells / 2
)

// Blob is what a user posts: bytes in a namespace.
type Blob struct {
	Namespace Namespace
	Encoding  Encoding
	Data      []byte
}

// Check tells whether the blob may be posted, its scalars aside. It fails with
// ErrInvalidNamespace, ErrInvalidBlob or ErrTooLarge.
func (b *Blob) Check() error {
	if err := b.Namespace.ValidateForBlob(); err != nil {
		return err
	}
	return checkSize(b.Encoding, uint64(len(b.Data)))
}

// Cells is how many cells the blob's bytes take.
func (b *Blob) Cells() int { return b.Encoding.Cells(len(b.Data)) }

// OwnRows is how many rows the blob has to itself; zero if it lives in a shared row.
func (b *Blob) OwnRows() int { return ownRows(b.Cells()) }

// Allotment is how many cells of the square the blob takes and pays for.
func (b *Blob) Allotment() int { return allotment(b.Cells()) }

// Rows returns the rows that the blob's commitments are of: those it owns or, if it lives
// in a shared row, the one that holds its cells at 0 and zeros after. It fails like Check, or
// with kzg.ErrNonCanonicalScalar.
func (b *Blob) Rows() ([]*kzg.Row, error) {
	if err := b.Check(); err != nil {
		return nil, err
	}
	if b.Encoding == EncodingRaw {
		if err := kzg.CheckScalars(b.Data); err != nil {
			return nil, fmt.Errorf("da: encoding raw takes canonical scalars only, use data for other bytes: %w", err)
		}
	}
	return packRows(b.Encoding, b.Data), nil
}

// packRows lays data out in as many fresh rows as it takes.
func packRows(e Encoding, data []byte) []*kzg.Row {
	perRow := e.CellBytes() * kzg.RowCells
	rows := make([]*kzg.Row, 0, ceilDiv(len(data), perRow))
	for len(data) > 0 {
		n := min(perRow, len(data))
		row := new(kzg.Row)
		e.encode(row[:], data[:n])
		rows, data = append(rows, row), data[n:]
	}
	return rows
}

// checkSize tells whether a blob of size bytes may be posted in that encoding.
func checkSize(e Encoding, size uint64) error {
	switch {
	case e > EncodingRaw:
		return fmt.Errorf("%w: unknown encoding %d; use 0 (data) or 1 (raw)", ErrInvalidBlob, uint8(e))
	case size == 0:
		return fmt.Errorf("%w: it is empty; post at least one byte", ErrInvalidBlob)
	case e == EncodingRaw && size%kzg.ScalarSize != 0:
		return fmt.Errorf("%w: %d bytes in encoding raw, which takes scalars of %d bytes each", ErrInvalidBlob, size, kzg.ScalarSize)
	case size > uint64(MaxTxCells*e.CellBytes()):
		return fmt.Errorf("%w: a blob of %d bytes, one transaction takes at most %d in encoding %s; split it", ErrTooLarge, size, MaxTxCells*e.CellBytes(), e)
	}
	return nil
}

// ownRows is how many rows a blob of that many cells owns.
func ownRows(cells int) int {
	if cells <= maxSharedCells {
		return 0
	}
	return ceilDiv(cells, kzg.RowCells)
}

// commitmentsFor is how many commitments a blob of that many cells has.
func commitmentsFor(cells int) int { return max(1, ownRows(cells)) }

// allotment is what a blob of that many cells takes of the square, in cells.
func allotment(cells int) int {
	if own := ownRows(cells); own > 0 {
		return own * kzg.RowCells
	}
	if cells <= 1 {
		return cells
	}
	return 1 << bits.Len(uint(cells-1))
}

// CommitBlob computes the commitments of a blob, one for each row of Rows. It fails like Rows.
func CommitBlob(setup *kzg.Setup, b *Blob) ([]kzg.Commitment, error) {
	rows, err := b.Rows()
	if err != nil {
		return nil, err
	}
	commitments := make([]kzg.Commitment, len(rows))
	err = parallel.For(len(rows), func(i int) (err error) {
		commitments[i], err = setup.Commit(rows[i])
		return err
	})
	return commitments, err
}

// ProveBlobs computes what a submitter sends beside one transaction's blobs: the
// commitments of each, and the cell proofs of all rows they own, blobs in order and rows
// ascending, 128 a row. It fails like Blob.Rows.
func ProveBlobs(setup *kzg.Setup, blobs []Blob) ([][]kzg.Commitment, []kzg.Proof, error) {
	commitments := make([][]kzg.Commitment, len(blobs))
	var owned []*kzg.Row
	for i := range blobs {
		var err error
		if commitments[i], err = CommitBlob(setup, &blobs[i]); err != nil {
			return nil, nil, fmt.Errorf("blob %d: %w", i, err)
		}
		if blobs[i].OwnRows() > 0 {
			owned = append(owned, packRows(blobs[i].Encoding, blobs[i].Data)...)
		}
	}
	proofs, err := proveRows(setup, owned)
	if err != nil {
		return nil, nil, err
	}
	return commitments, flatten(proofs), nil
}

// proveRows computes the 128 cell proofs of each row.
func proveRows(setup *kzg.Setup, rows []*kzg.Row) ([][]kzg.Proof, error) {
	all, err := setup.ComputeCellsAndProofsOf(rows)
	proofs := make([][]kzg.Proof, len(all))
	for i := range all {
		proofs[i] = slices.Clone(all[i].Proofs[:])
	}
	return proofs, err
}

func flatten[T any](lists [][]T) []T {
	var all []T
	for _, list := range lists {
		all = append(all, list...)
	}
	return all
}
