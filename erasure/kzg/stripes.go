package kzg

import (
	"fmt"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// stripes is the matrix Aᵥ(y_c) of a row, by column c and then v. A row's polynomial, cut into 64 stripes
// p(x) = Σ xᵛ·Aᵥ(x⁶⁴), is in column c, where x⁶⁴ = y_c, of degree less than 64 in x:
//
//	I_c(x) = Σ Aᵥ(y_c)·xᵛ
//
// So stripes[c] holds the coefficients of cell c's interpolant, whose values on the column's coset are the cell; and for
// each v the 128 values Aᵥ(y_c), over all c, are the transform of stripe v: the scalars of FK20's multiplications.
type stripes [Columns]line

// twists are the powers of the columns' shifts, by column and then v. They carry a polynomial's coefficients between
// the column's coset h·⟨ω₆₄⟩ and ⟨ω₆₄⟩.
type twists struct {
	to   [Columns]line // hᵛ
	from [Columns]line // h⁻ᵛ/64
}

func newTwists(cosets *[Columns]coset, over64 fr.Element) *twists {
	t := new(twists)
	for c := range cosets {
		to, from := fr.One(), over64
		for v := range lanes {
			t.to[c][v], t.from[c][v] = to, from
			to.Mul(&to, &cosets[c].shift)
			from.Mul(&from, &cosets[c].inverse)
		}
	}
	return t
}

// rowStripes computes the stripes of a row, in plain form. It fails with ErrBadInput or ErrNonCanonicalScalar.
func (s *Setup) rowStripes(m *stripes, row *Row) error {
	if row == nil {
		return fmt.Errorf("%w: nil row", ErrBadInput)
	}
	for c := range RowCells {
		if err := decodePlain(m[c][:], row.Cell(c)[:]); err != nil {
			return fmt.Errorf("cell %d: %w", c, err)
		}
	}
	s.completeStripes(m)
	return nil
}

// completeStripes computes the stripes of the row whose 64 cells' scalars stand in the first half of m. It is a linear
// map whose constants are in Montgomery form: from scalars in that form it computes stripes in that form, and from plain
// ones plain ones. It allocates nothing.
func (s *Setup) completeStripes(m *stripes) {
	low, high := (*block)(m[:RowCells]), (*block)(m[RowCells:])
	s.cellStripes(low, firstColumns())
	*high = *low
	s.continueStripes(high)
}

// cells returns all the cells of a row, given the row itself and its stripes in plain form.
func (s *Setup) cells(row *Row, m *stripes) *[Columns]Cell {
	high := block(m[RowCells:])
	s.stripeCells(&high, lastColumns())
	all := new([Columns]Cell)
	for c := range high {
		all[c] = *row.Cell(c)
		encodePlain(all[RowCells+c][:], high[c][:])
	}
	return all
}

// cellStripes turns the scalars of the cells of 64 columns into their stripes.
func (s *Setup) cellStripes(b *block, columns [RowCells]int) {
	transpose(b)
	s.even.interpolate(b[:])
	transpose(b)
	for i, column := range columns {
		multiply(&b[i], &s.twists.from[column])
	}
}

// stripeCells inverts cellStripes.
func (s *Setup) stripeCells(b *block, columns [RowCells]int) {
	for i, column := range columns {
		multiply(&b[i], &s.twists.to[column])
	}
	transpose(b)
	s.even.evaluate(b[:])
	transpose(b)
}

// continueStripes turns the stripes of columns 0 to 63 into those of columns 64 to 127: each is of degree less than 64,
// known at all 64th roots of unity and wanted at the other 128th roots.
func (s *Setup) continueStripes(b *block) {
	s.even.interpolate(b[:])
	for i := range b {
		scale(&b[i], &s.over64)
	}
	s.odd.evaluate(b[:])
}

// firstColumns returns the columns of a row's own cells.
func firstColumns() (columns [RowCells]int) {
	for i := range columns {
		columns[i] = i
	}
	return columns
}

// lastColumns returns the columns of a row's extension.
func lastColumns() (columns [RowCells]int) {
	for i := range columns {
		columns[i] = RowCells + i
	}
	return columns
}
