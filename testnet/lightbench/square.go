package lightbench

import (
	"encoding/binary"
	"math/big"
	"math/rand/v2"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"

	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// constantSize is the length of what is added to scalars: 31 bytes are below the modulus.
const constantSize = kzg.ScalarSize - 1

// Base is an extended matrix that was proven once, from which distinct squares are made
// without proving again. It is immutable and safe for concurrent use.
//
// Adding c to every scalar of a row adds the constant polynomial c to the row's: c·[1]₁ to
// its commitment, c to every scalar of its cells, and nothing to the cells' proofs, since
// what is divided by a cell's vanishing polynomial keeps its quotient. Where all rows get
// the same c, so do extended rows: the Lagrange coefficients of a row sum to 1.
type Base struct {
	matrix *erasure.ExtendedMatrix
	points []bls12381.G1Affine // the commitments of the k rows
}

// NewBase proves k rows; the same seed makes the same rows.
func NewBase(setup *kzg.Setup, seed uint64, k int) (*Base, error) {
	var key [32]byte
	binary.BigEndian.PutUint64(key[:], seed)
	random := rand.NewChaCha8(key)
	rows := make([]*kzg.Row, k)
	for i := range rows {
		rows[i] = new(kzg.Row)
		_, _ = random.Read(rows[i][:]) // it has no errors
		for at := 0; at < kzg.RowSize; at += kzg.ScalarSize {
			rows[i][at] = 0
		}
	}
	commitments, proofs, err := prove(setup, rows)
	if err != nil {
		return nil, err
	}
	matrix, err := erasure.Extend(setup, rows, commitments, proofs)
	if err != nil {
		return nil, err
	}
	points, err := kzg.DecodePoints(commitments)
	return &Base{matrix, points}, err
}

// prove commits to rows and proves their cells.
func prove(setup *kzg.Setup, rows []*kzg.Row) (commitments []kzg.Commitment, proofs [][]kzg.Proof, err error) {
	proven, err := setup.ComputeCellsAndProofsOf(rows)
	for i := range proven {
		commitments, proofs = append(commitments, proven[i].Commitment), append(proofs, proven[i].Proofs[:])
	}
	return commitments, proofs, err
}

// K is the number of rows.
func (b *Base) K() int { return len(b.points) }

// Square is a base with a constant added to every scalar.
type Square struct {
	base        *Base
	constant    fr.Element // in plain form
	Commitments []kzg.Commitment
}

// Add returns the square that has a constant added to every scalar of the base.
func (b *Base) Add(constant [constantSize]byte) (*Square, error) {
	encoded := make([]byte, kzg.ScalarSize)
	copy(encoded[1:], constant[:])
	s := &Square{base: b}
	plain := make([]fr.Element, 1)
	if err := kzg.DecodePlain(plain, encoded); err != nil {
		return nil, err
	}
	s.constant = plain[0]
	_, _, one, _ := bls12381.Generators()
	var shift bls12381.G1Affine
	shift.ScalarMultiplication(&one, new(big.Int).SetBytes(constant[:]))
	moved := make([]bls12381.G1Affine, len(b.points))
	for i := range moved {
		moved[i].Add(&b.points[i], &shift)
	}
	s.Commitments = kzg.EncodePoints[kzg.Commitment](moved)
	return s, nil
}

// Cell returns a cell and its proof; false if the square has no such cell.
func (s *Square) Cell(at erasure.Coord) (*kzg.Cell, kzg.Proof, bool) {
	if at.Row < 0 || at.Row >= 2*s.base.K() || at.Column < 0 || at.Column >= kzg.Columns {
		return nil, kzg.Proof{}, false
	}
	scalars := make([]fr.Element, kzg.CellSize/kzg.ScalarSize)
	if err := kzg.DecodePlain(scalars, s.base.matrix.Cell(at)[:]); err != nil {
		return nil, kzg.Proof{}, false
	}
	for i := range scalars {
		scalars[i].Add(&scalars[i], &s.constant) // addition is the same in plain form
	}
	cell := new(kzg.Cell)
	kzg.EncodePlain(cell[:], scalars)
	proof, ok := s.base.matrix.Proof(at)
	return cell, proof, ok
}
