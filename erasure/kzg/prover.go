package kzg

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"sync"

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

// DefaultTables is the size in bytes of the tables that LoadProver builds.
const DefaultTables = 24 << 20

// LoadProver builds the tables that the computation of proofs takes, of DefaultTables bytes, in some tenths of a second;
// otherwise that happens when the first proof is asked for. Verifiers never need it.
func (s *Setup) LoadProver() error { return s.LoadProverTables(DefaultTables) }

// LoadProverTables is LoadProver with tables of at most the given number of bytes, but no less than 768 KiB. The larger,
// the faster: there is more to gain from 8 MiB than from the next 50. It has no effect once tables have been loaded.
func (s *Setup) LoadProverTables(bytes int) error {
	s.forRows()
	_, err := s.prover.load(s, bytes)
	return err
}

// lazyProver is a prover that is built when it is first needed.
type lazyProver struct {
	once   sync.Once
	prover *prover
	err    error
}

func (l *lazyProver) load(s *Setup, limit int) (*prover, error) {
	l.once.Do(func() { l.prover, l.err = newProver(s, limit) })
	return l.prover, l.err
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
