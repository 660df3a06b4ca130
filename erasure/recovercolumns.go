package erasure

import (
	"fmt"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"

	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/erasure/parallel"
)

// columnSource computes cells of a column from k of them.
type columnSource struct {
	polynomial *interpolation
	places     *[kzg.CellScalars]fr.Vector // the k cells' plain scalars, by their place in the cell
}

// columnSources are the columns that cells have been computed from. Columns that have the same rows share a polynomial.
type columnSources struct {
	of          [kzg.Columns]*columnSource
	polynomials map[indexSet]*interpolation
}

// interpolateCells computes cells from the sources of their columns. wanted lists their rows by column.
func (r *recovery) interpolateCells(wanted [][]int) error {
	if err := r.prepareColumns(wanted); err != nil {
		return err
	}
	coefficients := r.coefficients(wanted)
	return parallel.For(len(wanted), func(column int) error {
		for _, i := range wanted[column] {
			source := r.columns.of[column]
			r.cells[i][column] = new(kzg.Cell)
			combine(r.cells[i][column], coefficients[image{source.polynomial, i}], source.places)
		}
		return nil
	})
}

// prepareColumns prepares the columns of which cells are wanted for the first time.
func (r *recovery) prepareColumns(wanted [][]int) error {
	var columns []int
	for column, rows := range wanted {
		if r.work.cells += len(rows); len(rows) > 0 && r.columns.of[column] == nil {
			columns = append(columns, column)
		}
	}
	r.work.columns += len(columns)
	r.preparePolynomials(columns)
	return parallel.For(len(columns), func(n int) error {
		rows := r.plan.sources[columns[n]]
		places, err := r.places(columns[n], rows.first(r.k))
		r.columns.of[columns[n]] = &columnSource{r.columns.polynomials[rows], places}
		return err
	})
}

// preparePolynomials prepares the interpolation from the rows of columns, where others' are not the same.
func (r *recovery) preparePolynomials(columns []int) {
	if r.columns.polynomials == nil {
		r.columns.polynomials = make(map[indexSet]*interpolation)
	}
	var distinct []indexSet
	for _, column := range columns {
		rows := r.plan.sources[column]
		if r.columns.polynomials[rows] == nil {
			r.columns.polynomials[rows] = new(interpolation)
			distinct = append(distinct, rows)
		}
	}
	_ = parallel.For(len(distinct), func(n int) error {
		*r.columns.polynomials[distinct[n]] = fromRows(distinct[n].first(r.k))
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

// image is a row as the combination of those that a polynomial goes through.
type image struct {
	polynomial *interpolation
	row        int
}

// coefficients returns the coefficients of all images that are wanted, each computed once.
func (r *recovery) coefficients(wanted [][]int) map[image][]fr.Element {
	all := make(map[image][]fr.Element)
	var images []image
	for column, rows := range wanted {
		for _, i := range rows {
			at := image{r.columns.of[column].polynomial, i}
			if _, seen := all[at]; !seen {
				all[at] = nil
				images = append(images, at)
			}
		}
	}
	values := make([][]fr.Element, len(images))
	_ = parallel.For(len(images), func(n int) error {
		values[n] = images[n].polynomial.at(images[n].row)
		return nil
	})
	for n, at := range images {
		all[at] = values[n]
	}
	return all
}
