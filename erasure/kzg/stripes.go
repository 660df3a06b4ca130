package kzg

import (
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
	to     [Columns]line  // hᵛ
	from   [Columns]line  // h⁻ᵛ/64, of which 1/64 makes up for interpolate
	extend [RowCells]line // h⁻ᵛ/64², for two of them
}

func newTwists(cosets *[Columns]coset, over64 *fr.Element) *twists {
	t := new(twists)
	for c := range cosets {
		to, from := fr.One(), *over64
		for v := range lanes {
			t.to[c][v], t.from[c][v] = to, from
			to.Mul(&to, &cosets[c].shift)
			from.Mul(&from, &cosets[c].inverse)
		}
	}
	for c := range t.extend {
		t.extend[c] = t.from[c]
		scale(&t.extend[c], over64)
	}
	return t
}

// rowStripes computes the stripes of a row, in plain form. It fails with ErrBadInput or ErrNonCanonicalScalar.
func (s *Setup) rowStripes(m *stripes, row *Row) error {
	if err := decodePlainRow((*block)(m[:RowCells]), row); err != nil {
		return err
	}
	s.completeStripes(m)
	return nil
}

// completeStripes computes the stripes of the row whose 64 cells' scalars stand in the first half of m. It is a linear
// map whose constants are in Montgomery form: from scalars in that form it computes stripes in that form, and from plain
// ones plain ones. It allocates nothing.
func (s *Setup) completeStripes(m *stripes) {
	low, high := (*block)(m[:RowCells]), (*block)(m[RowCells:])
	s.interpolateCells(low)
	for c := range low {
		multiply(&low[c], &s.twists.from[c])
		high[c] = low[c]
		scale(&high[c], &s.over64)
	}
	s.continueStripes(high)
}

// cells returns all the cells of a row, given the row itself and its stripes in plain form.
func (s *Setup) cells(row *Row, m *stripes) *[Columns]Cell {
	high := block(m[RowCells:])
	for c := range high {
		multiply(&high[c], &s.twists.to[RowCells+c])
	}
	s.evaluateCells(&high)
	all := new([Columns]Cell)
	for c := range high {
		all[c] = *row.Cell(c)
		EncodePlain(all[RowCells+c][:], high[c][:])
	}
	return all
}

// extend turns the scalars of a row into those of its extension, columns 64 to 127. It is linear like completeStripes.
func (s *Setup) extend(b *block) {
	s.interpolateCells(b)
	for c := range b {
		multiply(&b[c], &s.twists.extend[c])
	}
	s.continueStripes(b)
	for c := range b {
		multiply(&b[c], &s.twists.to[RowCells+c])
	}
	s.evaluateCells(b)
}

// interpolateCells turns 64 cells' scalars into 64 times the coefficients of the polynomials through them on ⟨ω₆₄⟩.
func (s *Setup) interpolateCells(b *block) {
	transpose(b)
	s.even.interpolate(b[:])
	transpose(b)
}

// evaluateCells turns the coefficients of 64 polynomials into their values on ⟨ω₆₄⟩.
func (s *Setup) evaluateCells(b *block) {
	transpose(b)
	s.even.evaluate(b[:])
	transpose(b)
}

// continueStripes turns the stripes of columns 0 to 63, divided by 64, into those of columns 64 to 127: each stripe is of
// degree less than 64, known at all 64th roots of unity and wanted at the other 128th roots.
func (s *Setup) continueStripes(b *block) {
	s.even.interpolate(b[:])
	s.odd.evaluate(b[:])
}
