package kzg

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fp"

	"github.com/ashlar-da/ashlar/erasure/parallel"
)

// Layout of prover.bin: 4096 G1 points as in setup.bin, the commitments of the polynomials of degree less than 4096 that
// are one at one of the places of columns 64 to 127 and zero at the other places there, in the order of the cells.
// A test checks them against setup.bin.
const proverSHA256 = "1da061a64f8aef6b1bdaf53487b4f3b262e8a6f3d6ee3ed2c9b0356e68c7f933"

//go:embed prover.bin
var proverBytes string

// prover holds what the computation of proofs needs beyond a Setup. It is immutable.
type prover struct {
	combs     [Columns]comb       // of each column's 64 points
	factors   [Columns]signFactor // 1/(2y) of each column
	transform *pointTransform
	beta      fp.Element
}

// newProver builds the tables, of at most the given number of bytes or the least there can be.
func newProver(s *Setup, limit int) (*prover, error) {
	if sum := sha256.Sum256([]byte(proverBytes)); hex.EncodeToString(sum[:]) != proverSHA256 {
		return nil, errors.New("kzg: the embedded points for proving are damaged: rebuild from a clean checkout")
	}
	points := append(make([]bls12381.G1Affine, 0, 2*RowScalars), s.lagrange...)
	for i := range RowScalars {
		var p bls12381.G1Affine
		decodeSetupG1(&p, []byte(proverBytes[i*setupG1Size:(i+1)*setupG1Size]))
		points = append(points, p)
	}
	p := &prover{transform: newPointTransform(&s.cosets), beta: newBeta()}
	widths := combWidths(limit)
	return p, parallel.For(Columns, func(c int) error {
		p.combs[c] = newComb(points[c*CellScalars:(c+1)*CellScalars], widths, NewPointAdder(1<<10))
		factor := s.cosets[c].y
		factor.Inverse(&factor)
		factor.Halve()
		p.factors[c] = newSignFactor(factor)
		return nil
	})
}
