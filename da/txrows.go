package da

import (
	"encoding/binary"
	"fmt"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// txUsage is what a transaction of size bytes takes of a square besides its blobs.
func txUsage(size int) usage {
	return usage{txBytes: uvarintSize(uint64(size)) + size}
}

// packTxs lays transactions out in as few rows as hold them: a minimal uvarint length and
// the bytes of each, in order, zeros after the last.
func packTxs(txs [][]byte) []*kzg.Row {
	var stream []byte
	for _, tx := range txs {
		stream = binary.AppendUvarint(stream, uint64(len(tx)))
		stream = append(stream, tx...)
	}
	return packRows(EncodingData, stream)
}

// UnpackTxs reads the transactions back from a square's transaction rows: its CertificateTx, if there is one, the signed
// bytes of its blob transactions, then its other transactions. They must be exactly what packing
// those transactions gives. It fails with ErrMalformed or ErrTooLarge.
func UnpackTxs(rows []*kzg.Row) ([][]byte, error) {
	if len(rows) > HardMaxRows {
		return nil, fmt.Errorf("%w: %d transaction rows, a square has at most %d rows", ErrTooLarge, len(rows), HardMaxRows)
	}
	var stream []byte
	for i, row := range rows {
		part, err := unpackScalars(row[:])
		if err != nil {
			return nil, fmt.Errorf("transaction row %d: %w", i, err)
		}
		stream = append(stream, part...)
	}
	txs, used, err := splitStream(stream)
	if err != nil {
		return nil, err
	}
	if used <= (len(rows)-1)*DataRowSize {
		return nil, fmt.Errorf("%w: %d transaction rows for %d bytes of transactions", ErrMalformed, len(rows), used)
	}
	return txs, nil
}

// splitStream reads length-prefixed transactions up to a zero length or the end, and
// returns how many bytes they took. What follows a zero length must be zero.
func splitStream(stream []byte) (txs [][]byte, used int, err error) {
	for used < len(stream) && stream[used] != 0 {
		size, n := binary.Uvarint(stream[used:])
		if n <= 0 || n != uvarintSize(size) {
			return nil, 0, fmt.Errorf("%w: transaction %d: its length is not a minimal uvarint", ErrMalformed, len(txs))
		}
		if size > uint64(len(stream)-used-n) {
			return nil, 0, fmt.Errorf("%w: transaction %d: %d bytes run past the transaction rows", ErrMalformed, len(txs), size)
		}
		end := used + n + int(size)
		txs, used = append(txs, stream[used+n:end:end]), end
	}
	if !allZero(stream[used:]) {
		return nil, 0, fmt.Errorf("%w: bytes after the last transaction must be zero", ErrMalformed)
	}
	return txs, used, nil
}

func uvarintSize(v uint64) int {
	var buf [binary.MaxVarintLen64]byte
	return binary.PutUvarint(buf[:], v)
}
