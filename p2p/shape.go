package p2p

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// shape bounds the fields a message may have, by number. Two bytes of protobuf can
// make a decoder allocate an element of a hundred, so the fields are counted first.
type shape map[protowire.Number]field

// field bounds one field of a message.
type field struct {
	wire   protowire.Type
	count  int // how often the field may occur
	length int // of its bytes, each time
	inner  shape
}

var errShape = errors.New("malformed message")

func number() field                        { return field{wire: protowire.VarintType, count: 1} }
func data(length int) field                { return field{protowire.BytesType, 1, length, nil} }
func list(count, length int) field         { return field{protowire.BytesType, count, length, nil} }
func message(count, n int, in shape) field { return field{protowire.BytesType, count, n, in} }

// check reports a field that the shape does not know, that occurs too often, or that is
// too long.
func (s shape) check(encoded []byte) error {
	seen := make(map[protowire.Number]int, len(s))
	for len(encoded) > 0 {
		num, kind, n := protowire.ConsumeTag(encoded)
		if n < 0 {
			return fmt.Errorf("%w: %w", errShape, protowire.ParseError(n))
		}
		encoded = encoded[n:]
		bound, known := s[num]
		if seen[num]++; !known || kind != bound.wire || seen[num] > bound.count {
			return fmt.Errorf("%w: field %d of type %d, occurrence %d", errShape, num, kind, seen[num])
		}
		n, err := bound.check(encoded)
		if err != nil {
			return err
		}
		encoded = encoded[n:]
	}
	return nil
}

// check reports whether a field's value at the head of encoded is within its bounds,
// and its length.
func (f field) check(encoded []byte) (int, error) {
	if f.wire == protowire.VarintType {
		_, n := protowire.ConsumeVarint(encoded)
		if n < 0 {
			return 0, fmt.Errorf("%w: %w", errShape, protowire.ParseError(n))
		}
		return n, nil
	}
	value, n := protowire.ConsumeBytes(encoded)
	if n < 0 {
		return 0, fmt.Errorf("%w: %w", errShape, protowire.ParseError(n))
	}
	if len(value) > f.length {
		return 0, fmt.Errorf("%w: field of %d bytes, at most %d", errShape, len(value), f.length)
	}
	if f.inner == nil {
		return n, nil
	}
	return n, f.inner.check(value)
}
