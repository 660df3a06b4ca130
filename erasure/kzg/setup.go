package kzg

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fp"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr/fft"
	"github.com/consensys/gnark-crypto/utils"
)

// Layout of setup.bin, points uncompressed and big-endian as gnark-crypto writes them: 4096 G1 points in Lagrange
// form (natural order), 64 G1 powers of τ from τ⁰, and the G2 powers τ⁰, τ¹, τ⁶⁴. Uncompressed, so that loading takes
// no square roots; the pinned hash stands for the curve and subgroup checks, which a test performs.
const (
	setupG1Size = 2 * fp.Bytes
	setupG2Size = 4 * fp.Bytes
	setupG2     = 3
	setupSize   = (RowScalars+CellScalars)*setupG1Size + setupG2*setupG2Size
	setupSHA256 = "cc96f4085dc6135e2d91e76f0ab02ee832948cfb13dc8d39964826779f683822"
)

// rowDigits is the width of digits, in bits, that makes multiplying the points for rows cheapest.
const rowDigits = 13

//go:embed setup.bin
var setupBytes string

// Setup holds the ceremony's public parameters and the tables derived from them. It is immutable after NewSetup and
// safe for concurrent use; share one per process.
type Setup struct {
	lagrange []bls12381.G1Affine // of the 4096 roots of unity, bit-reversed as rows are
	powers   []bls12381.G1Affine // [τ⁰]₁ … [τ⁶³]₁
	one      *lines              // [1]₂
	tau      *lines              // [τ]₂
	tau64    *lines              // [τ⁶⁴]₂
	cosets   [Columns]coset
	twists   *twists
	all      *transform  // to the y of all columns, the 128th roots of unity
	even     *transform  // to the 64th roots of unity: cells, and the y of columns 0 to 63
	odd      *transform  // to the other 128th roots: the y of columns 64 to 127
	over64   fr.Element  // 1/64
	rowFFT   *fft.Domain // of size 4096
	tables   *tables
}

// lines is a point of G2 prepared for pairings.
type lines = [2][len(bls12381.LoopCounter) - 1]bls12381.LineEvaluationAff

// coset is where a cell's scalars are evaluations: h·⟨ω₆₄⟩, on which x⁶⁴ = y.
type coset struct {
	shift   fr.Element // h
	inverse fr.Element // h⁻¹
	y       fr.Element // h⁶⁴
}

// NewSetup loads the parameters of the Ethereum ceremony (141,416 contributions) that are built into the binary, in some
// milliseconds. Tables of DefaultTables bytes follow when they are first needed: see LoadTables.
func NewSetup() (*Setup, error) { return NewSetupWithTables(DefaultTables) }

// NewSetupWithTables is NewSetup with tables of at most the given number of bytes, which change nothing but the time that
// commitments, the verification of rows and proofs take. The first 7.5 MiB are for commitments, or all where they do not
// suffice for these; the rest is for proofs, to which 8 MiB make more of a difference than the next 50. Without any, what
// is computed takes about twice as long.
func NewSetupWithTables(bytes int) (*Setup, error) {
	if sum := sha256.Sum256([]byte(setupBytes)); hex.EncodeToString(sum[:]) != setupSHA256 {
		return nil, errors.New("kzg: the embedded trusted setup is damaged: rebuild from a clean checkout")
	}
	root, err := fft.Generator(2 * RowScalars)
	if err != nil {
		return nil, fmt.Errorf("kzg: find the roots of unity: %w", err)
	}
	s := &Setup{rowFFT: fft.NewDomain(RowScalars)}
	if err := s.decode([]byte(setupBytes)); err != nil {
		return nil, err
	}
	s.deriveCosets(root)
	s.tables = newTables(s, bytes)
	return s, nil
}

func (s *Setup) decode(data []byte) error {
	if len(data) != setupSize {
		return fmt.Errorf("kzg: the embedded trusted setup has %d bytes, want %d", len(data), setupSize)
	}
	points := make([]bls12381.G1Affine, RowScalars+CellScalars)
	for i := range points {
		decodeSetupG1(&points[i], data[i*setupG1Size:])
	}
	s.lagrange, s.powers = points[:RowScalars:RowScalars], points[RowScalars:]
	utils.BitReverse(s.lagrange)
	data = data[len(points)*setupG1Size:]
	for i, prepared := range []**lines{&s.one, &s.tau, &s.tau64} {
		points := bls12381.PrecomputeLines(decodeSetupG2(data[i*setupG2Size:]))
		*prepared = &points
	}
	return nil
}

func decodeSetupG1(p *bls12381.G1Affine, data []byte) {
	p.X.SetBytes(data[:fp.Bytes])
	p.Y.SetBytes(data[fp.Bytes : 2*fp.Bytes])
}

func decodeSetupG2(data []byte) (p bls12381.G2Affine) {
	for i, e := range []*fp.Element{&p.X.A1, &p.X.A0, &p.Y.A1, &p.Y.A0} {
		e.SetBytes(data[i*fp.Bytes : (i+1)*fp.Bytes])
	}
	return p
}

// deriveCosets computes h = ω₈₁₉₂^brp₇(c) for every column c.
func (s *Setup) deriveCosets(root fr.Element) {
	shifts := make([]fr.Element, Columns)
	fft.BuildExpTable(root, shifts)
	utils.BitReverse(shifts)
	for c := range shifts {
		s.cosets[c].shift = shifts[c]
		s.cosets[c].inverse.Inverse(&shifts[c])
		s.cosets[c].y = powerOf64(shifts[c])
	}
	s.deriveTransforms()
}

func (s *Setup) deriveTransforms() {
	y := make([]fr.Element, Columns)
	for c := range y {
		y[c] = s.cosets[c].y
	}
	s.all, s.even, s.odd = newTransform(y), newTransform(y[:RowCells]), newTransform(y[RowCells:])
	s.over64.SetUint64(CellScalars)
	s.over64.Inverse(&s.over64)
	s.twists = newTwists(&s.cosets, &s.over64)
}

func powerOf64(h fr.Element) fr.Element {
	for range 6 {
		h.Square(&h)
	}
	return h
}
