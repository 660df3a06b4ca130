package kzg

// digitCount returns how many digits of the given width hold that many bits.
func digitCount(bits, width int) int { return (bits + width - 1) / width }

// signedDigits splits an integer, in words of 64 bits from the least, into digits of absolute value at most 2^(width−1)
// and calls emit for those that are not zero. The integer is less than 2^(width·count−1).
func signedDigits(words []uint64, width, count int, emit func(position int, digit uint32, sign reference)) {
	carry := uint64(0)
	for i := range count {
		digit := bitsAt(words, i*width, width) + carry
		carry = 0
		switch {
		case digit > 1<<(width-1):
			carry = 1
			if digit = 1<<width - digit; digit > 0 {
				emit(i, uint32(digit), minus)
			}
		case digit > 0:
			emit(i, uint32(digit), 0)
		}
	}
}

// bitsAt returns bits from to from+width−1 of an integer, width being less than 64.
func bitsAt(words []uint64, from, width int) uint64 {
	word, shift := from/64, from%64
	if word >= len(words) {
		return 0
	}
	value := words[word] >> shift
	if shift+width > 64 && word+1 < len(words) {
		value |= words[word+1] << (64 - shift)
	}
	return value & (1<<width - 1)
}
