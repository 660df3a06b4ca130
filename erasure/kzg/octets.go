package kzg

//go:generate go run -C ../../tools/octets .

import "github.com/consensys/gnark-crypto/ecc/bls12-381/fp"

// laneCount is how many field elements an octet has.
const laneCount = 8

// octet holds eight elements of the base field, for vector instructions to process side by side: limb i of element j,
// 52 bits of it, at [i][j]. As an integer an element is less than 2⁴¹⁶ and stands for its residue modulo p.
//
// In memory, as gnark-crypto has them, elements are Montgomery's with factor 2³⁸⁴. A product of octets is divided by 2⁴¹⁶:
// so one operand must have the factor 2⁴¹⁶, which is the same integer 32 bits further left, and the product has the
// factor of the other. A product is less than (1 + a·b/2⁴¹⁶p)·p, which leaves room for unreduced operands; tools/octets,
// which writes the assembly, keeps count.
type octet [8][laneCount]uint64

const limbMask = 1<<52 - 1

// set makes the words of e, an integer less than p, those of element j.
func (l *octet) set(j int, e *fp.Element) {
	l[0][j] = e[0] & limbMask
	l[1][j] = (e[0]>>52 | e[1]<<12) & limbMask
	l[2][j] = (e[1]>>40 | e[2]<<24) & limbMask
	l[3][j] = (e[2]>>28 | e[3]<<36) & limbMask
	l[4][j] = (e[3]>>16 | e[4]<<48) & limbMask
	l[5][j] = e[4] >> 4 & limbMask
	l[6][j] = (e[4]>>56 | e[5]<<8) & limbMask
	l[7][j] = e[5] >> 44
}

// get returns the words of element j, which is less than 2p, reduced modulo p.
func (l *octet) get(j int) (e fp.Element) {
	e[0] = l[0][j] | l[1][j]<<52
	e[1] = l[1][j]>>12 | l[2][j]<<40
	e[2] = l[2][j]>>24 | l[3][j]<<28
	e[3] = l[3][j]>>36 | l[4][j]<<16
	e[4] = l[4][j]>>48 | l[5][j]<<4 | l[6][j]<<56
	e[5] = l[6][j]>>8 | l[7][j]<<44
	return *e.Add(&e, new(fp.Element))
}
