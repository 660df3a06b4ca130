package main

import (
	"strings"
	"testing"
)

func TestHashesFitATerminal(t *testing.T) {
	t.Parallel()
	hash, st := strings.Repeat("4f0c", 15)+"9a1b", style{glyphs: &asciiGlyphs}
	for _, test := range []struct {
		name, text, want string
		columns          int
	}{
		{"it fits", "12 of " + hash, "12 of " + hash, 70},
		{"it does not", "12 of " + hash, "12 of 4f0c4f0c~4f0c9a1b", 69},
		{"two of them", hash + ", " + hash, "4f0c4f0c~4f0c9a1b, 4f0c4f0c~4f0c9a1b", 64},
		{"a namespace", hash[:58] + ", over HTTP", "4f0c4f0c~0c4f0c4f, over HTTP", 64},
		{"words stay", strings.Repeat("wide ", 20), strings.Repeat("wide ", 20), 64},
	} {
		if got := fitHashes(test.text, test.columns, st); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}
