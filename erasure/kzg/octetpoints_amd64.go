//go:build !purego

package kzg

import (
	"math/big"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fp"
)

const (
	// seed is the absolute value of the parameter of BLS12-381.
	seed uint64 = 0xd201000000010000
	// cubeRoot is the ω for which φ(x, y) = (ωx, y) is −1/seed² on the subgroup, and nowhere else on the curve.
	cubeRoot = "\x1a\x01\x11\xea\x39\x7f\xe6\x99\xec\x02\x40\x86\x63\xd4\xde\x85\xaa\x0d\x85\x7d\x89\x75\x9a\xd4\x89\x7d\x29\x65\x0f\xb8\x5f\x9b\x40\x94\x27\xeb\x4f\x49\xff\xfd\x8b\xfd\x00\x00\x00\x00\xaa\xac"
	// rootWindow is the length of the windows in which the exponent of a square root is read.
	rootWindow = 5
)

// octetDecoder takes square roots and tells members of the subgroup, of eight points at a time. The elements of its octets
// have the factor 2⁴¹⁶. It holds constants and scratch memory and serves one goroutine at a time.
type octetDecoder struct {
	enter, leave octet // products with them have the factor 2⁴¹⁶ instead of 2³⁸⁴, and the other way round
	windows      []window
	cubeRoot     fp.Element // ω, in the endomorphism φ(x, y) = (ωx, y)
	odd          [1 << (rootWindow - 1)]octet
	base         struct{ x, y octet }
	point        struct{ x, y, z octet }
	t            [6]octet
}

// window is a step of a power: squarings, then a multiplication by an odd power of the base.
type window struct{ squarings, power int }

func newOctetDecoder() *octetDecoder {
	if !haveOctets() {
		return nil
	}
	d := &octetDecoder{windows: squareRootWindows()}
	d.cubeRoot.SetBytes([]byte(cubeRoot))
	leave := fp.One()
	enter := *new(fp.Element).SetUint64(1 << 32)
	enter.Square(&enter)
	for j := range laneCount {
		d.enter.set(j, &enter)
		d.leave.set(j, &leave)
	}
	return d
}

// squareRootWindows returns the steps of the power (p+1)/4, which is a square root if there is one.
func squareRootWindows() (windows []window) {
	exponent := new(big.Int).Add(fp.Modulus(), big.NewInt(1))
	exponent.Rsh(exponent, 2)
	squarings := 0
	for high := exponent.BitLen() - 1; high >= 0; high-- {
		if exponent.Bit(high) == 0 {
			squarings++
			continue
		}
		low := max(high-rootWindow+1, 0)
		for exponent.Bit(low) == 0 {
			low++
		}
		power := 0
		for ; high >= low; high-- {
			power = 2*power + int(exponent.Bit(high))
			squarings++
		}
		windows, squarings = append(windows, window{squarings, power}), 0
		high++
	}
	return windows
}

// decode decodes the points of up to eight encodings and, if members is set, checks that they are in the subgroup. It
// reports whether all went well.
func (d *octetDecoder) decode(points []bls12381.G1Affine, encoded []encodedPoint, members bool) bool {
	n := 0
	var finite [laneCount]int
	var roots [laneCount]fp.Element
	for i := range encoded {
		x, infinity, err := abscissa(&encoded[i])
		if err != nil {
			return false
		}
		points[i] = bls12381.G1Affine{X: x}
		if !infinity {
			finite[n], roots[n] = i, curveAt(&x)
			n++
		}
	}
	d.roots(roots[:n])
	var decoded [laneCount]bls12381.G1Affine
	for j, i := range finite[:n] {
		p := &points[i]
		if p.Y = roots[j]; !p.IsOnCurve() {
			return false
		}
		choose(&encoded[i], &p.Y)
		decoded[j] = *p
	}
	return !members || d.inSubgroup(decoded[:n])
}

// roots replaces up to eight values by candidates for their square roots, which are right if there are any.
func (d *octetDecoder) roots(values []fp.Element) {
	x, y := &d.base.x, &d.base.y
	d.load(x, values)
	d.odd[0] = *x
	multiplyOctet(y, x, x)
	for i := 1; i < len(d.odd); i++ {
		multiplyOctet(&d.odd[i], &d.odd[i-1], y)
	}
	*y = d.odd[d.windows[0].power/2]
	for _, w := range d.windows[1:] {
		squareOctet(y, w.squarings)
		multiplyOctet(y, y, &d.odd[w.power/2])
	}
	multiplyOctet(y, y, &d.leave)
	for j := range values {
		values[j] = y.get(j)
	}
}

func (d *octetDecoder) load(o *octet, values []fp.Element) {
	for j := range values {
		o.set(j, &values[j])
	}
	multiplyOctet(o, o, &d.enter)
}

// inSubgroup tells whether all of up to eight points of the curve, none of them infinity, are in the subgroup.
//
// A point P is if seed²·φ(P) = −P. On the way the additions of φ(P), or later of seed·φ(P), to a multiple of it fail only
// where a point has a small order; then z is zero from there on, which no member's is, and the answer is no.
func (d *octetDecoder) inSubgroup(points []bls12381.G1Affine) bool {
	var x, y, z [laneCount]fp.Element
	n := len(points)
	for j := range points {
		x[j].Mul(&points[j].X, &d.cubeRoot)
		y[j] = points[j].Y
	}
	d.load(&d.base.x, x[:n])
	d.load(&d.base.y, y[:n])
	d.multiplyBySeed(x[:n], y[:n], z[:n])
	d.load(&d.base.x, x[:n])
	d.load(&d.base.y, y[:n])
	d.multiplyBySeed(x[:n], y[:n], z[:n])
	for j := range points {
		y[j].Neg(&y[j])
		if z[j].IsZero() || !x[j].Equal(&points[j].X) || !y[j].Equal(&points[j].Y) {
			return false
		}
	}
	return true
}

// multiplyBySeed sets the affine coordinates x and y to those of seed times the base, and z to zero where the addition
// of points failed.
func (d *octetDecoder) multiplyBySeed(x, y, z []fp.Element) {
	p := &d.point
	p.x, p.y = d.base.x, d.base.y
	one := fp.One()
	for j := range z {
		z[j] = one
	}
	d.load(&p.z, z)
	for bit := 62; bit >= 0; bit-- {
		d.double()
		if seed>>bit&1 == 1 {
			d.addBase()
		}
	}
	d.affine(x, y, z)
}

// double doubles the point: with A = y², B = 4xA and M = 3x² to M² − 2B, M·(B − x′) − 8A² and 2yz.
//
// Products are less than 2p and differences less than 80p, which products take.
func (d *octetDecoder) double() {
	p, a, b, m, square, t := &d.point, &d.t[0], &d.t[1], &d.t[2], &d.t[3], &d.t[4]
	multiplyOctet(&p.z, &p.y, &p.z)
	addOctet(&p.z, &p.z, &p.z)
	multiplyOctet(a, &p.y, &p.y)
	multiplyOctet(b, &p.x, a)
	addOctet(b, b, b)
	addOctet(b, b, b)
	multiplyOctet(m, &p.x, &p.x)
	addOctet(t, m, m)
	addOctet(m, m, t)
	multiplyOctet(square, m, m)
	addOctet(t, b, b)
	subtractOctet(&p.x, square, t)
	addOctet(t, t, b)
	subtractOctet(t, t, square) // B − x′
	multiplyOctet(&p.y, m, t)
	addOctet(a, a, a)
	multiplyOctet(t, a, a)
	addOctet(t, t, t)
	subtractOctet(&p.y, &p.y, t)
}

// addBase adds the base (x₂, y₂) to the point: with H = x − x₂z², R = y − y₂z³ and V = xH² to R² + H³ − 2V, R·(V − x′) − yH³
// and zH.
func (d *octetDecoder) addBase() {
	p, h, r, cube, v, square, t := &d.point, &d.t[0], &d.t[1], &d.t[2], &d.t[3], &d.t[4], &d.t[5]
	multiplyOctet(square, &p.z, &p.z)
	multiplyOctet(h, &d.base.x, square)
	subtractOctet(h, &p.x, h)
	multiplyOctet(square, square, &p.z)
	multiplyOctet(r, &d.base.y, square)
	subtractOctet(r, &p.y, r)
	multiplyOctet(&p.z, &p.z, h)
	multiplyOctet(square, h, h)
	multiplyOctet(v, &p.x, square)
	multiplyOctet(cube, h, square)
	multiplyOctet(square, r, r)
	addOctet(square, square, cube)
	addOctet(t, v, v)
	subtractOctet(&p.x, square, t)
	addOctet(t, t, v)
	subtractOctet(t, t, square) // V − x′
	multiplyOctet(r, r, t)
	multiplyOctet(t, &p.y, cube)
	subtractOctet(&p.y, r, t)
}

// affine computes the affine coordinates of the point, and its z.
func (d *octetDecoder) affine(x, y, z []fp.Element) {
	p := &d.point
	multiplyOctet(&d.t[0], &p.z, &d.leave)
	for j := range z {
		z[j] = d.t[0].get(j)
	}
	var inverses [laneCount]fp.Element
	invertEach(inverses[:len(z)], z)
	d.load(&d.t[0], inverses[:len(z)])
	multiplyOctet(&d.t[1], &d.t[0], &d.t[0])
	multiplyOctet(&d.t[0], &d.t[0], &d.t[1])
	for _, c := range []struct {
		from, scale *octet
		to          []fp.Element
	}{{&p.x, &d.t[1], x}, {&p.y, &d.t[0], y}} {
		multiplyOctet(&d.t[2], c.from, c.scale)
		multiplyOctet(&d.t[2], &d.t[2], &d.leave)
		for j := range c.to {
			c.to[j] = d.t[2].get(j)
		}
	}
}

// invertEach sets inverses of up to eight values with one inversion, and zero for zero.
func invertEach(inverses, values []fp.Element) {
	product := fp.One()
	for i := range values {
		inverses[i] = product
		if !values[i].IsZero() {
			product.Mul(&product, &values[i])
		}
	}
	product.Inverse(&product)
	for i := len(values) - 1; i >= 0; i-- {
		if values[i].IsZero() {
			inverses[i].SetZero()
			continue
		}
		inverses[i].Mul(&inverses[i], &product)
		product.Mul(&product, &values[i])
	}
}
