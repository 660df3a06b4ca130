package da

import (
	"encoding/binary"
	"fmt"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// EntryTypeBlob is the type of an index entry whose blob lies in the square.
const EntryTypeBlob = 1

// Lengths of an encoded entry in bytes, without its commitments and with as many as it may have.
const (
	entryFixedSize = 1 + HashSize + NamespaceSize + AddressSize + 2 + HashSize + 4 + 4 + 8 + 1 + 4
	// MaxEntrySize bounds an encoded entry in bytes.
	MaxEntrySize = entryFixedSize + MaxTxOwnRows*kzg.PointSize
)

// Entry is one line of a block's blob index.
type Entry struct {
	Type        uint8
	ID          BlobID
	Namespace   Namespace
	Signer      [AddressSize]byte
	Commitments []kzg.Commitment
	Keccak256   [HashSize]byte
	// FirstCell is 64·row + column of the blob's first cell in the square.
	FirstCell uint32
	// Cells is how many cells the blob's bytes take.
	Cells uint32
	// Size is the blob's length in bytes.
	Size     uint64
	Encoding Encoding
	// Transaction is the index of the blob's transaction, what is injected left out.
	Transaction uint32
}

// newEntry describes a blob of the block's transaction number tx; its place is not known yet.
func newEntry(m *PayForBlobs, tx, blob int) Entry {
	info := &m.Blobs[blob]
	return Entry{
		Type: EntryTypeBlob, ID: info.ID(), Namespace: info.Namespace, Signer: m.Signer,
		Commitments: info.Commitments, Keccak256: info.Keccak256, Cells: uint32(info.Cells()),
		Size: info.Size, Encoding: info.Encoding, Transaction: uint32(tx),
	}
}

// Info is what a message says of the blob.
func (e *Entry) Info() BlobInfo {
	return BlobInfo{e.Namespace, e.Size, e.Encoding, e.Commitments, e.Keccak256}
}

// OwnRows is how many rows the blob has to itself; zero if it lives in a shared row.
func (e *Entry) OwnRows() int { return ownRows(int(e.Cells)) }

// Row is the row of the square that the blob's first cell is in.
func (e *Entry) Row() int { return int(e.FirstCell) / kzg.RowCells }

// Column is the column of the blob's first cell.
func (e *Entry) Column() int { return int(e.FirstCell) % kzg.RowCells }

// Rows is how many rows of the square, from Row on, hold the blob's cells.
func (e *Entry) Rows() int { return max(1, e.OwnRows()) }

func (e *Entry) allotment() int { return allotment(int(e.Cells)) }

// Encode returns the entry's one encoding: its fields in order, big-endian and fixed-width,
// commitments behind their number.
func (e *Entry) Encode() []byte {
	out := make([]byte, 0, entryFixedSize+len(e.Commitments)*kzg.PointSize)
	out = append(out, e.Type)
	out = append(out, e.ID[:]...)
	out = append(out, e.Namespace[:]...)
	out = append(out, e.Signer[:]...)
	out = binary.BigEndian.AppendUint16(out, uint16(len(e.Commitments)))
	for _, c := range e.Commitments {
		out = append(out, c[:]...)
	}
	out = append(out, e.Keccak256[:]...)
	out = binary.BigEndian.AppendUint32(out, e.FirstCell)
	out = binary.BigEndian.AppendUint32(out, e.Cells)
	out = binary.BigEndian.AppendUint64(out, e.Size)
	out = append(out, byte(e.Encoding))
	return binary.BigEndian.AppendUint32(out, e.Transaction)
}

// DecodeEntry decodes an entry and checks that it is consistent in itself: its id, cells
// and number of commitments follow from the rest. It fails with ErrMalformed, or like BlobInfo.Check.
func DecodeEntry(data []byte) (*Entry, error) {
	r := reader{rest: data}
	e := &Entry{Type: r.uint8()}
	r.copy(e.ID[:])
	r.copy(e.Namespace[:])
	r.copy(e.Signer[:])
	e.Commitments = r.commitments(int(r.uint16()), MaxTxOwnRows)
	r.copy(e.Keccak256[:])
	e.FirstCell, e.Cells = r.uint32(), r.uint32()
	e.Size, e.Encoding, e.Transaction = r.uint64(), Encoding(r.uint8()), r.uint32()
	if err := r.finish(); err != nil {
		return nil, fmt.Errorf("index entry: %w", err)
	}
	return e, e.check()
}

func (e *Entry) check() error {
	info := e.Info()
	if err := info.Check(); err != nil {
		return fmt.Errorf("index entry: %w", err)
	}
	switch {
	case e.Type != EntryTypeBlob:
		return fmt.Errorf("%w: index entry of unknown type %d", ErrMalformed, e.Type)
	case int(e.Cells) != info.Cells():
		return fmt.Errorf("%w: index entry: %d cells for %d bytes in encoding %s", ErrMalformed, e.Cells, e.Size, e.Encoding)
	case !e.isPlaced():
		return fmt.Errorf("%w: index entry: no blob of %d cells starts at cell %d", ErrMalformed, e.Cells, e.FirstCell)
	case e.ID != info.ID():
		return fmt.Errorf("%w: index entry: the id %s is not that of what it describes", ErrMalformed, e.ID)
	}
	return nil
}

// isPlaced tells whether a blob of that many cells may start where this one does.
func (e *Entry) isPlaced() bool {
	size := e.allotment()
	first := uint64(e.FirstCell)
	return first+uint64(size) <= HardMaxRows*kzg.RowCells && first%uint64(min(size, kzg.RowCells)) == 0
}

// Extract reads the blob's bytes from the rows that hold it (see Row and Rows), and checks
// them against the entry's keccak256. It fails with ErrMalformed or ErrMismatch.
func (e *Entry) Extract(rows []*kzg.Row) ([]byte, error) {
	if len(rows) != e.Rows() {
		return nil, fmt.Errorf("%w: %d rows given, the blob lies in %d", ErrMalformed, len(rows), e.Rows())
	}
	var scalars []byte
	for _, row := range rows {
		scalars = append(scalars, row[:]...)
	}
	from := e.Column() * kzg.CellSize
	return e.Decode(scalars[from : from+e.allotment()*kzg.CellSize])
}

// Decode reads the blob's bytes from its cells, in order, and checks them against the
// entry's keccak256. More cells may follow, up to the allotment; they must be zero. It fails
// with ErrMalformed or ErrMismatch.
func (e *Entry) Decode(cells []byte) ([]byte, error) {
	data, err := e.Encoding.decode(cells, int(e.Size))
	if err != nil {
		return nil, err
	}
	info := e.Info()
	return data, info.Match(data)
}

// Verify tells whether data is the blob of the entry, commitments included. It fails with
// ErrMismatch, kzg.ErrNonCanonicalScalar or kzg.ErrInvalidProof.
func (e *Entry) Verify(setup *kzg.Setup, data []byte) error {
	info := e.Info()
	if err := info.Match(data); err != nil {
		return err
	}
	blob := Blob{e.Namespace, e.Encoding, data}
	rows, err := blob.Rows()
	if err != nil {
		return err
	}
	return setup.VerifyRows(rows, e.Commitments)
}
