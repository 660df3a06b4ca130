package kzg

import (
	"fmt"
	"slices"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// Recovery recovers rows of which the same 64 cells are known, and holds what depends on their columns alone: make one
// for many rows. It is immutable and safe for concurrent use.
type Recovery struct {
	setup   *Setup
	known   [RowCells]int
	missing [RowCells]int
	weights [Columns]fr.Element // by column
}

// NewRecovery prepares to recover rows from their cells in 64 columns, which must ascend strictly. It fails with
// ErrBadInput.
func (s *Setup) NewRecovery(columns []int) (*Recovery, error) {
	if len(columns) != RowCells {
		return nil, fmt.Errorf("%w: %d columns to recover rows from, want %d", ErrBadInput, len(columns), RowCells)
	}
	if err := checkColumns(columns); err != nil {
		return nil, err
	}
	r := &Recovery{setup: s, known: [RowCells]int(columns), missing: others(columns)}
	if !r.fromRow() {
		r.deriveWeights()
	}
	return r, nil
}

// others returns the 64 columns that are not among the given 64.
func others(columns []int) (missing [RowCells]int) {
	n := 0
	for column := range Columns {
		if _, found := slices.BinarySearch(columns, column); !found {
			missing[n] = column
			n++
		}
	}
	return missing
}

// fromRow reports whether the known cells are the row itself, whose stripes can be continued without knowing more.
func (r *Recovery) fromRow() bool { return r.known[RowCells-1] == RowCells-1 }

// deriveWeights computes, over the known columns' K(y) = Π (y − y_c) and the missing ones' M(y), M(y_c) for known
// columns c and K(y_c)/128² for missing ones.
func (r *Recovery) deriveWeights() {
	var scale fr.Element
	scale.Square(&r.setup.over64).Halve()
	scale.Halve()
	known, missing := r.nodes(r.known), r.nodes(r.missing)
	ofMissing, ofKnown := vanishing(missing, known), vanishing(known, missing)
	for i := range RowCells {
		r.weights[r.known[i]] = ofMissing[i]
		r.weights[r.missing[i]].Mul(&ofKnown[i], &scale)
	}
}

func (r *Recovery) nodes(columns [RowCells]int) (nodes line) {
	for i, column := range columns {
		nodes[i] = r.setup.cosets[column].y
	}
	return nodes
}

// vanishing returns Π (x − rootᵢ) for every x.
func vanishing(roots, xs line) line {
	products, differences := line{}, line{}
	for i := range products {
		products[i].SetOne()
	}
	for i := range roots {
		for j := range xs {
			differences[j].Sub(&xs[j], &roots[i])
		}
		multiply(&products, &differences)
	}
	return products
}

// Cells computes all 128 cells of a row from those in the known columns. It fails with ErrBadInput or
// ErrNonCanonicalScalar. Any 64 cells are some row's: whoever has not verified them checks the result against the row's
// commitment.
func (r *Recovery) Cells(cells []*Cell) (*[Columns]Cell, error) {
	var scalars block
	if err := r.decode(&scalars, cells); err != nil {
		return nil, err
	}
	if r.fromRow() {
		r.setup.extendScalars(&scalars)
	} else {
		r.extend(&scalars)
	}
	all := new([Columns]Cell)
	for i := range scalars {
		all[r.known[i]] = *cells[i]
		EncodePlain(all[r.missing[i]][:], scalars[i][:])
	}
	return all, nil
}

func (r *Recovery) decode(scalars *block, cells []*Cell) error {
	if len(cells) != RowCells {
		return fmt.Errorf("%w: %d cells to recover a row from, want %d", ErrBadInput, len(cells), RowCells)
	}
	for i, cell := range cells {
		if cell == nil {
			return fmt.Errorf("%w: the cell of column %d is nil", ErrBadInput, r.known[i])
		}
		if err := DecodePlain(scalars[i][:], cell[:]); err != nil {
			return fmt.Errorf("cell of column %d: %w", r.known[i], err)
		}
	}
	return nil
}

// extend turns the scalars of the known cells into those of the missing ones.
func (r *Recovery) extend(b *block) {
	r.setup.interpolateCells(b)
	for i, column := range r.known {
		multiply(&b[i], &r.setup.twists.from[column])
	}
	r.continueStripes(b)
	for i, column := range r.missing {
		multiply(&b[i], &r.setup.twists.to[column])
	}
	r.setup.evaluateCells(b)
}

// continueStripes turns the stripes' values at the y of the known columns into those at the y of the missing ones: to
// coefficients of A·M, to y times its derivative, and back to values. The package's documentation derives it.
func (r *Recovery) continueStripes(b *block) {
	m := new([Columns]line)
	for i, column := range r.known {
		m[column] = b[i]
		scale(&m[column], &r.weights[column])
	}
	r.setup.all.interpolate(m[:])
	for i := range m {
		var exponent fr.Element
		scale(&m[i], exponent.SetUint64(uint64(i)))
	}
	r.setup.all.evaluate(m[:])
	for i, column := range r.missing {
		b[i] = m[column]
		scale(&b[i], &r.weights[column])
	}
}
