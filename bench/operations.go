package main

import (
	"slices"

	goethkzg "github.com/crate-crypto/go-eth-kzg"
	ckzg "github.com/ethereum/c-kzg-4844/v2/bindings/go"

	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// Labels of operations.
const (
	engine    = "engine"
	algorithm = "algorithm"
)

// operations are those that have to be faster than the peer's by a given ratio.
func (f *fixture) operations() []operation {
	columns := f.halfOfColumns()
	return []operation{
		{"row: commitment + 128 cells + 128 proofs", engine, cKZG, 2.5, 5, f.proveRow, f.theirProveRow},
		{"row: commitment alone", engine, cKZG, 2, 3, f.commit, f.theirCommit},
		{"128 cells without proofs", engine, goEthKZG, 3, 5, f.computeCells, f.theirComputeCells(1)},
		{"verify 32 rows against their commitments", algorithm, cKZG + ": 32 commitments", 20, 25, f.verifyRows, f.theirCommitments},
		{"4096 proofs of 32 extended rows", algorithm, cKZG + ": FK20 of 32 rows", 60, 100, f.extendProofs, f.theirProveRows},
		{"extend 32 rows to 64, cells only", algorithm, goEthKZG + ": cells of 64 rows", 3, 6, f.extendCells, f.theirComputeCells(2 * blockRows)},
		f.verifySamples(),
		f.verifyBlockCells(),
		{"recover a row from 64 cells", algorithm, goEthKZG, 4, 8, f.recoverRow(columns), f.theirRecoverRows(1, columns)},
		{"recover 32 rows that miss the same 64 columns", algorithm, goEthKZG + ": 32 rows", 8, 12, f.recoverRows(columns), f.theirRecoverRows(blockRows, columns)},
		{"block of 4 MiB: validate and extend with all proofs", algorithm, cKZG + ": row by row", 15, 30, f.validateBlock, f.theirValidateBlock()},
	}
}

func (f *fixture) proveRow() error { return f.proveRows(1)() }

// proveRows proves n rows together.
func (f *fixture) proveRows(n int) func() error {
	return func() error {
		_, err := f.setup.ComputeCellsAndProofsOf(f.rows[:n])
		return err
	}
}

func (f *fixture) theirProveRow() error { return f.theirCommitAndProve(1)() }

// theirCommitAndProve commits to and proves n rows, one by one.
func (f *fixture) theirCommitAndProve(n int) func() error {
	return func() error {
		for _, row := range f.rows[:n] {
			if _, err := ckzg.BlobToKZGCommitment((*ckzg.Blob)(row)); err != nil {
				return err
			}
			if _, _, err := ckzg.ComputeCellsAndKZGProofs((*ckzg.Blob)(row)); err != nil {
				return err
			}
		}
		return nil
	}
}

func (f *fixture) commit() error {
	_, err := f.setup.Commit(f.rows[0])
	return err
}

func (f *fixture) theirCommit() error {
	_, err := ckzg.BlobToKZGCommitment((*ckzg.Blob)(f.rows[0]))
	return err
}

func (f *fixture) computeCells() error {
	_, err := f.setup.ComputeCells(f.rows[0])
	return err
}

// theirComputeCells extends n rows, each along itself.
func (f *fixture) theirComputeCells(n int) func() error {
	return func() error {
		for i := range n {
			if _, err := f.goEthKZG.ComputeCells(blob(f.rows[i][:]), 1); err != nil {
				return err
			}
		}
		return nil
	}
}

func (f *fixture) verifyRows() error {
	return f.setup.VerifyRows(f.rows[:blockRows], f.commitments[:blockRows])
}

func (f *fixture) theirCommitments() error {
	for i, row := range f.rows[:blockRows] {
		commitment, err := ckzg.BlobToKZGCommitment((*ckzg.Blob)(row))
		if err != nil {
			return err
		}
		if kzg.Commitment(commitment) != f.commitments[i] {
			return errInvalid
		}
	}
	return nil
}

// extendProofs takes the proofs of 32 rows as they come in a block and computes those of the 32 extended rows.
func (f *fixture) extendProofs() error {
	_, err := erasure.ExtendProofs(f.proofs[:blockRows])
	return err
}

// theirProveRows is given the extended rows.
func (f *fixture) theirProveRows() error {
	for i := range blockRows {
		if _, _, err := ckzg.ComputeCellsAndKZGProofs((*ckzg.Blob)(f.block.Row(blockRows + i))); err != nil {
			return err
		}
	}
	return nil
}

func (f *fixture) extendCells() error {
	_, err := erasure.Extend(f.setup, f.rows[:blockRows], f.commitments[:blockRows], nil)
	return err
}

// verifySamples is what a light node does: cells of a block of 64 rows, at random coordinates of the extended matrix.
// The peer is given the commitments of extended rows.
func (f *fixture) verifySamples() operation {
	var coords []erasure.Coord
	for len(coords) < samples {
		at := erasure.Coord{Row: f.rng.IntN(2 * sampleRows), Column: f.rng.IntN(kzg.Columns)}
		if !slices.Contains(coords, at) {
			coords = append(coords, at)
		}
	}
	cells, proofs := pick(f.sampled, coords)
	theirs := batchFor(f.sampled, coords)
	verifier, failure := erasure.NewVerifier(f.setup, f.commitments)
	ours := func() error {
		if failure != nil {
			return failure
		}
		return verifier.VerifyCells(coords, cells, proofs)
	}
	return operation{"verify 30 random cells of a block of 64 rows, commitments decoded", algorithm, cKZG, 1.5, 2.5, ours, theirs.verify}
}

// verifyBlockCells is what a validator does: all cells of a block's rows.
func (f *fixture) verifyBlockCells() operation {
	coords := originals(blockRows)
	cells, proofs := pick(f.block, coords)
	theirs := batchFor(f.block, coords)
	ours := func() error {
		return erasure.VerifyCells(f.setup, f.commitments[:blockRows], coords, cells, proofs)
	}
	return operation{"verify all 128 cells of 32 rows", algorithm, cKZG, 1.5, 3, ours, theirs.verify}
}

// originals are the coordinates of k rows' cells, row by row.
func originals(k int) []erasure.Coord {
	coords := make([]erasure.Coord, k*kzg.Columns)
	for i := range coords {
		coords[i] = erasure.Coord{Row: i / kzg.Columns, Column: i % kzg.Columns}
	}
	return coords
}

// pick returns a matrix's cells and proofs at some coordinates.
func pick(m *erasure.ExtendedMatrix, coords []erasure.Coord) (cells []*kzg.Cell, proofs []kzg.Proof) {
	for _, at := range coords {
		proof, _ := m.Proof(at)
		cells, proofs = append(cells, m.Cell(at)), append(proofs, proof)
	}
	return cells, proofs
}

// batchFor is a batch of a matrix's cells for c-kzg.
func batchFor(m *erasure.ExtendedMatrix, coords []erasure.Coord) *batchOfCKZG {
	b := new(batchOfCKZG)
	for _, at := range coords {
		proof, _ := m.Proof(at)
		b.commitments = append(b.commitments, ckzg.Bytes48(m.Commitment(at.Row)))
		b.columns = append(b.columns, uint64(at.Column))
		b.cells = append(b.cells, ckzg.Cell(*m.Cell(at)))
		b.proofs = append(b.proofs, ckzg.Bytes48(proof))
	}
	return b
}

// halfOfColumns returns 64 random columns, ascending.
func (f *fixture) halfOfColumns() []int {
	columns := f.rng.Perm(kzg.Columns)[:kzg.RowCells]
	slices.Sort(columns)
	return columns
}

// cellsOf returns a row's cells in the given columns.
func (f *fixture) cellsOf(row int, columns []int) []*kzg.Cell {
	cells := make([]*kzg.Cell, len(columns))
	for i, column := range columns {
		cells[i] = &f.cells[row][column]
	}
	return cells
}

func (f *fixture) recoverRow(columns []int) func() error {
	return func() error {
		_, err := f.setup.RecoverCells(columns, f.cellsOf(0, columns))
		return err
	}
}

// recoverRows recovers a block's rows from their cells in the given columns.
func (f *fixture) recoverRows(columns []int) func() error {
	return func() error {
		recovery, err := f.setup.NewRecovery(columns)
		if err != nil {
			return err
		}
		for i := range blockRows {
			if _, err := recovery.Cells(f.cellsOf(i, columns)); err != nil {
				return err
			}
		}
		return nil
	}
}

func (f *fixture) theirRecoverRows(n int, columns []int) func() error {
	return func() error {
		ids, cells := make([]uint64, len(columns)), make([]*goethkzg.Cell, len(columns))
		for i := range n {
			for j, cell := range f.cellsOf(i, columns) {
				ids[j], cells[j] = uint64(columns[j]), (*goethkzg.Cell)(cell)
			}
			if _, err := f.goEthKZG.RecoverCells(ids, cells, 1); err != nil {
				return err
			}
		}
		return nil
	}
}
