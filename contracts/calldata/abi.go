package calldata

import "encoding/binary"

// wordSize is the size of what everything in Solidity's encoding is a multiple of.
const wordSize = 32

// value is a value as [Solidity's encoding] has it: in place if it is static, behind an offset if it is dynamic.
//
// [Solidity's encoding]: https://docs.soliditylang.org/en/v0.8.30/abi-spec.html#formal-specification-of-the-encoding
type value struct {
	bytes   []byte
	dynamic bool
}

// number is an unsigned integer of any width.
func number(n uint64) value {
	word := make([]byte, wordSize)
	binary.BigEndian.PutUint64(word[wordSize-8:], n)
	return value{bytes: word}
}

// left is a bytesN, at most 32 long: its bytes, then zeros.
func left(b []byte) value {
	return value{bytes: append(append([]byte(nil), b...), make([]byte, wordSize-len(b))...)}
}

// right is an address, or a number as big-endian bytes, at most 32 long.
func right(b []byte) value { return value{bytes: append(make([]byte, wordSize-len(b)), b...)} }

// word is a bytes32.
func word(w [32]byte) value { return value{bytes: w[:]} }

// dynamicBytes is a bytes.
func dynamicBytes(b []byte) value {
	encoded := append(number(uint64(len(b))).bytes, b...)
	return value{append(encoded, make([]byte, -len(b)&(wordSize-1))...), true}
}

// words is a bytes32[].
func words(list [][32]byte) value {
	encoded := number(uint64(len(list))).bytes
	for i := range list {
		encoded = append(encoded, list[i][:]...)
	}
	return value{encoded, true}
}

// tuple is a struct, or the arguments of a function.
func tuple(members ...value) value {
	head, dynamic := 0, false
	for _, m := range members {
		if m.dynamic {
			head, dynamic = head+wordSize, true
		} else {
			head += len(m.bytes)
		}
	}
	var heads, tails []byte
	for _, m := range members {
		if m.dynamic {
			heads, tails = append(heads, number(uint64(head+len(tails))).bytes...), append(tails, m.bytes...)
		} else {
			heads = append(heads, m.bytes...)
		}
	}
	return value{append(heads, tails...), dynamic}
}

// list is an array of structs.
func list[T any](items []T, encode func(*T) value) value {
	members := make([]value, len(items))
	for i := range items {
		members[i] = encode(&items[i])
	}
	return value{append(number(uint64(len(items))).bytes, tuple(members...).bytes...), true}
}
