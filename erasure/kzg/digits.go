package kzg

import "math/bits"

// digitCount returns how many digits of the given width hold that many bits.
func digitCount(bits, width int) int { return (bits + width - 1) / width }

// digits writes integers in digits from −2^(width−1) to 2^(width−1), of which each can be had without the others: that at
// 2^(width·i) is what the integer, with 2^(width−1) added everywhere, has there, less 2^(width−1). Only the highest takes the
// value 2^(width−1).
type digits struct {
	width, count int
	everywhere   [5]uint64 // Σ 2^(width·i + width−1), as an integer in words from the least
}

// raised is an integer with 2^(width−1) added at all places.
type raised [5]uint64

// newDigits prepares digits for integers of so many bits, 256 at most; the width is less than 16.
func newDigits(bits, width int) *digits {
	d := &digits{width: width, count: digitCount(bits+1, width)}
	for i := range d.count {
		at := i*width + width - 1
		d.everywhere[at/64] |= 1 << (at % 64)
	}
	return d
}

// raise prepares an integer, in words from the least.
func (d *digits) raise(words []uint64) (r raised) {
	carry := uint64(0)
	for i := range r {
		word := uint64(0)
		if i < len(words) {
			word = words[i]
		}
		r[i], carry = bits.Add64(word, d.everywhere[i], carry)
	}
	return r
}

// at returns digit i, 0 ≤ i < count.
func (d *digits) at(r *raised, i int) int16 {
	from, length := i*d.width, d.width
	if i == d.count-1 {
		length++
	}
	word, shift := from/64, from%64
	value := r[word] >> shift
	if shift+length > 64 && word+1 < len(r) {
		value |= r[word+1] << (64 - shift)
	}
	return int16(int(value&(1<<length-1)) - 1<<(d.width-1))
}
