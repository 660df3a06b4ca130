package da

import (
	"fmt"
	"strings"

	"github.com/cosmos/btcutil/bech32"
)

const (
	// AddressPrefix is the human-readable part of Ashlar's bech32 addresses.
	AddressPrefix = "ashlar"
	// AddressSize is the length of an account address in bytes.
	AddressSize = 20

	bech32Limit = 90 // characters, BIP 173
)

// ParseAddress decodes a bech32 account address. It fails with ErrMalformed.
func ParseAddress(s string) ([AddressSize]byte, error) {
	var address [AddressSize]byte
	if len(s) > bech32Limit {
		return address, fmt.Errorf("%w: an address of %d characters", ErrMalformed, len(s))
	}
	prefix, words, err := bech32.Decode(s, bech32Limit)
	if err != nil {
		return address, fmt.Errorf("%w: address %q: %w", ErrMalformed, s, err)
	}
	b, err := bech32.ConvertBits(words, 5, 8, false)
	if err != nil {
		return address, fmt.Errorf("%w: address %q: %w", ErrMalformed, s, err)
	}
	if prefix != AddressPrefix || len(b) != AddressSize || strings.ToLower(s) != s {
		return address, fmt.Errorf("%w: address %q: write %d bytes in lower case behind %q", ErrMalformed, s, AddressSize, AddressPrefix+"1")
	}
	return [AddressSize]byte(b), nil
}

// FormatAddress encodes an account address as bech32.
func FormatAddress(address [AddressSize]byte) string {
	words, _ := bech32.ConvertBits(address[:], 8, 5, true) // bytes of eight bits always convert
	s, _ := bech32.Encode(AddressPrefix, words)            // and words of five are always encoded
	return s
}
