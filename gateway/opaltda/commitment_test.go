package opaltda

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/gateway"
)

func TestCommitments(t *testing.T) {
	ref := gateway.Ref{Height: 7, ID: da.BlobID{1, 2, 3}}
	encoded := encodeGeneric(ref)
	want := "01610000000000000007010203" + strings.Repeat("00", 29)
	if hex.EncodeToString(encoded) != want {
		t.Fatalf("%x, want %s", encoded, want)
	}
	decoded, err := decodeCommitment(encoded)
	if err != nil || !decoded.generic || decoded.ref != ref {
		t.Fatalf("%+v, %v", decoded, err)
	}
	keccak, err := decodeCommitment(append([]byte{keccakType}, ref.ID[:]...))
	if err != nil || keccak.generic || keccak.keccak != ref.ID {
		t.Fatalf("%+v, %v", keccak, err)
	}
	for name, bad := range map[string][]byte{
		"empty": nil, "type alone": {genericType}, "type and layer": {genericType, Layer},
		"short": encoded[:len(encoded)-1], "long": append(bytes.Clone(encoded), 0),
		"another type":  append([]byte{2}, encoded[1:]...),
		"another layer": append([]byte{genericType, 0x0c}, encoded[2:]...),
		"short keccak":  make([]byte, KeccakSize-1), "long keccak": make([]byte, KeccakSize+1),
	} {
		if _, err := decodeCommitment(bad); !errors.Is(err, gateway.ErrBadRequest) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzParse reads what a URL calls a commitment.
func FuzzParse(f *testing.F) {
	f.Add("0x" + hex.EncodeToString(encodeGeneric(gateway.Ref{Height: 1})))
	f.Add("00" + strings.Repeat("ab", 32))
	f.Fuzz(func(t *testing.T, text string) {
		decoded, err := parse(text)
		if err != nil {
			if !errors.Is(err, gateway.ErrBadRequest) {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		encoded := append([]byte{keccakType}, decoded.keccak[:]...)
		if decoded.generic {
			encoded = encodeGeneric(decoded.ref)
		}
		if hex.EncodeToString(encoded) != strings.ToLower(strings.TrimPrefix(text, "0x")) {
			t.Errorf("%q is read as %x", text, encoded)
		}
	})
}
