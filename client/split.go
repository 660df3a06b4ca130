package client

import "github.com/ashlar-da/ashlar/da"

// Split cuts a blob into blobs that one transaction each has room for: 16 rows. The
// data is shared, not copied. Joining the parts in order gives the blob.
func Split(blob da.Blob) []da.Blob {
	size := da.MaxTxCells * blob.Encoding.CellBytes()
	parts := []da.Blob{}
	for rest := blob.Data; ; {
		n := min(len(rest), size)
		parts = append(parts, da.Blob{Namespace: blob.Namespace, Encoding: blob.Encoding, Data: rest[:n]})
		if rest = rest[n:]; len(rest) == 0 {
			return parts
		}
	}
}
