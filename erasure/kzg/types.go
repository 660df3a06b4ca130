package kzg

// The sizes of EIP-4844 and EIP-7594; everything else in Ashlar derives from them.
const (
	// ScalarSize is the length of an encoded scalar in bytes.
	ScalarSize = 32
	// PointSize is the length of an encoded (compressed) G1 point in bytes.
	PointSize = 48
	// RowScalars is the number of scalars of a row (FIELD_ELEMENTS_PER_BLOB).
	RowScalars = 4096
	// RowSize is the length of a row in bytes.
	RowSize = RowScalars * ScalarSize
	// CellScalars is the number of scalars of a cell (FIELD_ELEMENTS_PER_CELL).
	CellScalars = 64
	// CellSize is the length of a cell in bytes.
	CellSize = CellScalars * ScalarSize
	// RowCells is the number of cells that hold a row itself: cells 0 to 63 of the extended row.
	RowCells = RowScalars / CellScalars
	// Columns is the number of cells of an extended row (CELLS_PER_EXT_BLOB).
	Columns = 2 * RowCells
)

type (
	// Scalar is an element of the BLS12-381 scalar field, big-endian; canonical if less than the modulus.
	Scalar [ScalarSize]byte
	// Row is 4096 scalars in bit-reversed evaluation order: exactly an EIP-4844 blob.
	Row [RowSize]byte
	// Cell is 64 consecutive scalars of an extended row.
	Cell [CellSize]byte
	// Commitment is the KZG commitment of a row, a compressed G1 point.
	Commitment [PointSize]byte
	// Proof is the KZG proof of a cell or of an evaluation, a compressed G1 point.
	Proof [PointSize]byte
)

// Layouts cannot drift: a row is its first 64 cells, byte for byte.
var (
	_ [RowSize]byte     = [RowCells * CellSize]byte{}
	_ [2 * RowSize]byte = [Columns * CellSize]byte{}
)

// Cell returns cell number column of the row itself, 0 ≤ column < RowCells. It aliases the row.
func (r *Row) Cell(column int) *Cell {
	return (*Cell)(r[column*CellSize : (column+1)*CellSize])
}
