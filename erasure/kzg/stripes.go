package kzg

import "github.com/consensys/gnark-crypto/ecc/bls12-381/fr"

// stripes is the matrix Aᵥ(y_c) of a row, by column c and then v. A row's polynomial, cut into 64 stripes
// p(x) = Σ xᵛ·Aᵥ(x⁶⁴), is in column c, where x⁶⁴ = y_c, of degree less than 64 in x:
//
//	I_c(x) = Σ Aᵥ(y_c)·xᵛ
//
// So stripes[c] holds the coefficients of cell c's interpolant, whose values on the column's coset are the cell; and for
// each v the 128 values Aᵥ(y_c), over all c, are the transform of stripe v: the scalars of FK20's multiplications.
type stripes [Columns]line

// twists are the powers of the columns' shifts, by v and then column, which carry a cell's coefficients between the
// coset h·⟨ω₆₄⟩ and ⟨ω₆₄⟩.
type twists struct {
	to   [2][lanes]line // h_cᵛ, of the columns 0 to 63 and 64 to 127
	from [2][lanes]line // h_c⁻ᵛ/64
}

func newTwists(cosets *[Columns]coset, over64 fr.Element) *twists {
	t := new(twists)
	for c := range cosets {
		to, from := fr.One(), over64
		for v := range lanes {
			t.to[c/lanes][v][c%lanes], t.from[c/lanes][v][c%lanes] = to, from
			to.Mul(&to, &cosets[c].shift)
			from.Mul(&from, &cosets[c].inverse)
		}
	}
	return t
}

// stripes computes the matrix of the row whose 64 cells hold the given scalars; m may hold anything before. It is a
// linear map whose constants are in Montgomery form: from scalars in that form it computes stripes in that form, and
// from plain ones (decodePlain) plain ones. It allocates nothing.
func (s *Setup) stripes(m *stripes, scalars *[RowCells]line) {
	low, high := (*[RowCells]line)(m[:RowCells]), (*[RowCells]line)(m[RowCells:])
	s.cellStripes(low, scalars, 0)
	// Aᵥ is of degree less than 64 and known at all the 64th roots of unity: continue it to the other 128th roots.
	*high = *low
	s.even.interpolate(high[:])
	scale(high[:], &s.over64)
	s.odd.evaluate(high[:])
}

// rowStripes computes the stripes of a row, in plain form. It fails with ErrBadInput or ErrNonCanonicalScalar.
func (s *Setup) rowStripes(m *stripes, row *Row) error {
	var scalars [RowCells]line
	if err := decodePlainRow(&scalars, row); err != nil {
		return err
	}
	s.stripes(m, &scalars)
	return nil
}

// cellStripes computes the stripes of 64 columns, half 0 or 1 of all, from the cells' scalars.
func (s *Setup) cellStripes(m, scalars *[RowCells]line, half int) {
	var t [lanes]line
	transpose(&t, scalars)
	s.even.interpolate(t[:])
	multiply(t[:], s.twists.from[half][:])
	transpose(m, &t)
}

// stripeCells inverts cellStripes.
func (s *Setup) stripeCells(scalars, m *[RowCells]line, half int) {
	var t [lanes]line
	transpose(&t, m)
	multiply(t[:], s.twists.to[half][:])
	s.even.evaluate(t[:])
	transpose(scalars, &t)
}

// cells returns all the cells of the row, given the row itself and its stripes in plain form.
func (s *Setup) cells(row *Row, m *stripes) *[Columns]Cell {
	var scalars [RowCells]line
	s.stripeCells(&scalars, (*[RowCells]line)(m[RowCells:]), 1)
	all := new([Columns]Cell)
	for c := range RowCells {
		all[c] = *row.Cell(c)
		encodePlain(all[RowCells+c][:], scalars[c][:])
	}
	return all
}
