package da

import (
	"bytes"
	"encoding/hex"
	"fmt"
)

const (
	// NamespaceSize is the length of a namespace in bytes: one of version, 28 of id.
	NamespaceSize = 29
	// NamespaceUserSize is how many trailing bytes of a version 0 namespace users choose.
	NamespaceUserSize = 10

	namespaceHexSize = 2 * NamespaceSize
	// reservedPrefix is how many leading bytes are zero in every reserved namespace.
	reservedPrefix = NamespaceSize - 1
)

// Namespace names who a blob is for: a version byte and a 28-byte id.
type Namespace [NamespaceSize]byte

// TxNamespace is the reserved namespace of the block's transactions.
func TxNamespace() Namespace { return Namespace{NamespaceSize - 1: 1} }

// NewNamespace returns the version 0 namespace that ends in user, at most 10 bytes, with
// zeros before them. It fails with ErrInvalidNamespace, also where the result is reserved.
func NewNamespace(user []byte) (Namespace, error) {
	var n Namespace
	if len(user) > NamespaceUserSize {
		return n, fmt.Errorf("%w: %d user bytes, at most %d are yours to choose", ErrInvalidNamespace, len(user), NamespaceUserSize)
	}
	copy(n[NamespaceSize-len(user):], user)
	return n, n.ValidateForBlob()
}

// ParseNamespace decodes the 58 hex digits of a namespace, reserved ones too. It fails with ErrInvalidNamespace.
func ParseNamespace(s string) (Namespace, error) {
	var n Namespace
	if len(s) != namespaceHexSize {
		return n, fmt.Errorf("%w: %d hex digits, write all %d: two of version, 56 of id", ErrInvalidNamespace, len(s), namespaceHexSize)
	}
	if _, err := hex.Decode(n[:], []byte(s)); err != nil {
		return n, fmt.Errorf("%w: %w", ErrInvalidNamespace, err)
	}
	return n, nil
}

// NamespaceFromBytes copies a namespace of exactly 29 bytes. It fails with ErrInvalidNamespace.
func NamespaceFromBytes(b []byte) (Namespace, error) {
	if len(b) != NamespaceSize {
		return Namespace{}, fmt.Errorf("%w: %d bytes, a namespace has %d", ErrInvalidNamespace, len(b), NamespaceSize)
	}
	return Namespace(b), nil
}

// ValidateForBlob tells whether users may post to the namespace: version 0, 18 zero bytes,
// ten of the user's choice, and not reserved. It fails with ErrInvalidNamespace.
func (n Namespace) ValidateForBlob() error {
	switch {
	case n[0] != 0:
		return fmt.Errorf("%w: version %d, only version 0 may be posted to", ErrInvalidNamespace, n[0])
	case !allZero(n[1 : NamespaceSize-NamespaceUserSize]):
		return fmt.Errorf("%w: %s: the 18 bytes after the version must be zero; only the last %d are yours to choose", ErrInvalidNamespace, n, NamespaceUserSize)
	case allZero(n[:reservedPrefix]):
		return fmt.Errorf("%w: %s is reserved; set one of the user bytes before the last", ErrInvalidNamespace, n)
	}
	return nil
}

// String returns the 58 hex digits that ParseNamespace takes.
func (n Namespace) String() string { return hex.EncodeToString(n[:]) }

// Compare orders namespaces as byte strings.
func (n Namespace) Compare(other Namespace) int { return bytes.Compare(n[:], other[:]) }

// MarshalText implements encoding.TextMarshaler with the form of String.
func (n Namespace) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler; it takes what ParseNamespace takes.
func (n *Namespace) UnmarshalText(text []byte) error {
	parsed, err := ParseNamespace(string(text))
	if err == nil {
		*n = parsed
	}
	return err
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
