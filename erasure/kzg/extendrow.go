package kzg

import "github.com/consensys/gnark-crypto/ecc/bls12-381/fr"

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

// extendScalars turns the scalars of a row into those of its extension, columns 64 to 127. It is a linear map whose
// constants are in Montgomery form: it turns plain scalars into plain ones, and ones in Montgomery form into such. It
// allocates nothing.
func (s *Setup) extendScalars(b *block) {
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

// continueStripes turns the stripes' values at the y of columns 0 to 63, divided by 64, into those at the y of columns 64
// to 127: each stripe is of degree less than 64, known at all 64th roots of unity and wanted at the other 128th roots.
func (s *Setup) continueStripes(b *block) {
	s.even.interpolate(b[:])
	s.odd.evaluate(b[:])
}
