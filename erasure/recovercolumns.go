package erasure

import (
	"fmt"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"

	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/erasure/parallel"
)

// columnSource computes cells of columns that have their first k cells in the same rows.
type columnSource struct {
	have         []int
	coefficients map[int][]fr.Element // by wanted row
}

// rowSet is a set of rows.
type rowSet [2 * MaxRows / 64]uint64

func newRowSet(rows []int) (set rowSet) {
	for _, i := range rows {
		set[i/64] |= 1 << (i % 64)
	}
	return set
}

// interpolateCells computes cells from the first k of their columns. wanted lists their rows by column.
func (r *recovery) interpolateCells(wanted [][]int) error {
	sources := r.columnSources(wanted)
	return parallel.For(len(wanted), func(column int) error {
		if len(wanted[column]) == 0 {
			return nil
		}
		places, err := r.places(column, sources[column].have)
		if err != nil {
			return err
		}
		for _, i := range wanted[column] {
			r.cells[i][column] = new(kzg.Cell)
			combine(r.cells[i][column], sources[column].coefficients[i], places)
		}
		return nil
	})
}

// places returns the plain scalars of a column's cells in the given rows, by their place in the cell.
func (r *recovery) places(column int, rows []int) (*[kzg.CellScalars]fr.Vector, error) {
	var places [kzg.CellScalars]fr.Vector
	for place := range places {
		places[place] = make(fr.Vector, len(rows))
	}
	var scalars [kzg.CellScalars]fr.Element
	for n, i := range rows {
		if err := kzg.DecodePlain(scalars[:], r.cells[i][column][:]); err != nil {
			return nil, fmt.Errorf("cell (%d, %d): %w", i, column, err)
		}
		for place := range scalars {
			places[place][n] = scalars[place]
		}
	}
	return &places, nil
}

// columnSources returns the source of each column of which cells are wanted, and computes no coefficient twice.
func (r *recovery) columnSources(wanted [][]int) []*columnSource {
	sources, byRows := make([]*columnSource, len(wanted)), make(map[rowSet]*columnSource)
	var distinct []*columnSource
	for column := range wanted {
		if len(wanted[column]) == 0 {
			continue
		}
		have := r.column(column)[:r.k]
		set := newRowSet(have)
		source := byRows[set]
		if source == nil {
			source = &columnSource{have, make(map[int][]fr.Element)}
			byRows[set] = source
			distinct = append(distinct, source)
		}
		for _, i := range wanted[column] {
			source.coefficients[i] = nil
		}
		sources[column] = source
	}
	_ = parallel.For(len(distinct), func(n int) error { distinct[n].prepare(); return nil })
	return sources
}

// prepare computes the coefficients of all wanted rows.
func (s *columnSource) prepare() {
	polynomial := fromRows(s.have)
	for i := range s.coefficients {
		s.coefficients[i] = polynomial.at(i)
	}
}
