package cdk

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/ethereum/go-ethereum/common"
)

// octets is bytes that JSON shows as hex behind 0x. What is no hex is read as no bytes: the member does so as well, and
// no signature of the sequencer's is one of them.
type octets []byte

// MarshalText implements encoding.TextMarshaler.
func (o octets) MarshalText() ([]byte, error) { return hex.AppendEncode([]byte("0x"), o), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (o *octets) UnmarshalText(text []byte) error {
	if decoded, err := unhex(string(text)); err == nil {
		*o = decoded
	}
	return nil
}

// unhex reads hex that may lack 0x and a first zero.
func unhex(text string) ([]byte, error) {
	text = strings.TrimPrefix(text, "0x")
	if len(text)%2 != 0 {
		text = "0" + text
	}
	return hex.DecodeString(text)
}

// number is a number of 64 bits that JSON shows as hex.
type number uint64

// UnmarshalText implements encoding.TextUnmarshaler.
func (n *number) UnmarshalText(text []byte) error {
	value, err := strconv.ParseUint(strings.TrimPrefix(string(text), "0x"), 16, 64)
	*n = number(value)
	return err
}

// maxHash is the most hex digits of a hash that are read, more than anybody sends.
const maxHash = 256

// parseHash reads a hash, which may be short, as 0x00.
func parseHash(encoded json.RawMessage) (common.Hash, error) {
	var text string
	if err := json.Unmarshal(encoded, &text); err != nil {
		return common.Hash{}, err
	}
	if len(text) > maxHash {
		return common.Hash{}, errors.New("a hash has 64 hex digits")
	}
	decoded, err := unhex(text)
	return common.BytesToHash(decoded), err
}
