package erasure

import (
	"errors"
	"fmt"

	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/erasure/parallel"
)

// MaxRows is the hard bound on k, the number of original rows of a square.
const MaxRows = 256

// ErrUnrecoverable means that the given cells do not determine the extended matrix.
var ErrUnrecoverable = errors.New("erasure: too few cells to recover the extended matrix")

// Coord is the place of a cell in an extended matrix of k original rows: 0 ≤ Row < 2k, 0 ≤ Column < 128.
type Coord struct{ Row, Column int }

// In reports whether the coordinate lies inside the extended matrix of k original rows. Whoever takes a coordinate from
// the network asks this before anything else.
func (c Coord) In(k int) bool {
	return c.Row >= 0 && c.Row < 2*k && c.Column >= 0 && c.Column < kzg.Columns
}

// ExtendedMatrix is 2k rows of 128 cells, the k original rows first, with all their commitments and, where they are
// known, all proofs. It is immutable; what its methods return aliases it and must not be written to.
type ExtendedMatrix struct {
	k           int
	rows        [][]byte         // 2k of 128 cells each
	commitments []kzg.Commitment // 2k
	proofs      [][]kzg.Proof    // 2k × 128, or nil
}

// K returns the number of original rows.
func (m *ExtendedMatrix) K() int { return m.k }

// Cell returns the cell at a coordinate inside the matrix.
func (m *ExtendedMatrix) Cell(at Coord) *kzg.Cell { return cellOf(m.rows[at.Row], at.Column) }

// Proof returns the proof of the cell at a coordinate inside the matrix, and false if the matrix carries no proofs.
func (m *ExtendedMatrix) Proof(at Coord) (kzg.Proof, bool) {
	if m.proofs == nil {
		return kzg.Proof{}, false
	}
	return m.proofs[at.Row][at.Column], true
}

// Commitment returns the commitment of a row, 0 ≤ row < 2k.
func (m *ExtendedMatrix) Commitment(row int) kzg.Commitment { return m.commitments[row] }

// Row returns cells 0 to 63 of a row, 0 ≤ i < 2k: for i < k the original row.
func (m *ExtendedMatrix) Row(i int) *kzg.Row { return (*kzg.Row)(m.rows[i][:kzg.RowSize]) }

func cellOf(row []byte, column int) *kzg.Cell {
	return (*kzg.Cell)(row[column*kzg.CellSize : (column+1)*kzg.CellSize])
}

// newRows returns zeroed rows of 128 cells; to write so many zeros is worth sharing.
func newRows(n int) [][]byte {
	rows := make([][]byte, n)
	parallel.Split(n, 1, func(from, to int) {
		for i := from; i < to; i++ {
			rows[i] = make([]byte, kzg.Columns*kzg.CellSize)
		}
	})
	return rows
}

func checkK(k int) error {
	if k < 1 || k > MaxRows {
		return fmt.Errorf("%w: %d rows, want 1 to %d", kzg.ErrBadInput, k, MaxRows)
	}
	return nil
}

func checkCoord(at Coord, k int) error {
	if !at.In(k) {
		return fmt.Errorf("%w: coordinate (%d, %d) lies outside %d rows and %d columns",
			kzg.ErrBadInput, at.Row, at.Column, 2*k, kzg.Columns)
	}
	return nil
}
