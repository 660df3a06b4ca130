package nitro

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// octets is bytes that JSON shows as hex behind 0x.
type octets []byte

// MarshalText implements encoding.TextMarshaler.
func (o octets) MarshalText() ([]byte, error) { return hex.AppendEncode([]byte("0x"), o), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (o *octets) UnmarshalText(text []byte) (err error) {
	if len(text) < 2 || text[0] != '0' || text[1]|0x20 != 'x' {
		return fmt.Errorf("hex without 0x")
	}
	*o, err = hex.AppendDecode(nil, text[2:])
	return err
}

// number is a number of 64 bits that JSON shows as hex behind 0x.
type number uint64

// MarshalText implements encoding.TextMarshaler.
func (n number) MarshalText() ([]byte, error) {
	return strconv.AppendUint([]byte("0x"), uint64(n), 16), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (n *number) UnmarshalText(text []byte) error {
	digits, ok := strings.CutPrefix(strings.ToLower(string(text)), "0x")
	value, err := strconv.ParseUint(digits, 16, 64)
	if !ok || err != nil {
		return fmt.Errorf("%.20q is no number in hex behind 0x", text)
	}
	*n = number(value)
	return nil
}

// hash is 32 bytes that JSON shows as hex behind 0x.
type hash [32]byte

// MarshalText implements encoding.TextMarshaler.
func (h hash) MarshalText() ([]byte, error) { return octets(h[:]).MarshalText() }

// UnmarshalText implements encoding.TextUnmarshaler.
func (h *hash) UnmarshalText(text []byte) error {
	var decoded octets
	if err := decoded.UnmarshalText(text); err != nil {
		return err
	}
	if len(decoded) != len(h) {
		return fmt.Errorf("%d bytes are no hash", len(decoded))
	}
	*h = hash(decoded)
	return nil
}
