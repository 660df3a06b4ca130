package celestia

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/ashlar-da/ashlar/da"
)

// TestCommitments holds commitments against those that go-square v3.0.2 makes of the same blobs: each line of the file has
// the share version, the size of the data, whose bytes count up from 0, and the commitment. The conformance module of
// ev-node compares more of them.
func TestCommitments(t *testing.T) {
	file, err := os.ReadFile("testdata/commitments.golden")
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for line := range strings.Lines(string(file)) {
		var version byte
		var size int
		var want string
		if _, err := fmt.Sscan(line, &version, &size, &want); err != nil {
			t.Fatal(err)
		}
		b := Blob{Namespace: da.Namespace{27: 1, 28: 2}, Version: version, Data: make([]byte, size)}
		if version == 1 {
			b.Signer = bytes.Repeat([]byte{7}, signerSize)
		}
		for i := range b.Data {
			b.Data[i] = byte(i)
		}
		if got, err := b.Commitment(); err != nil || fmt.Sprintf("%x", got) != want {
			t.Errorf("version %d, %d bytes: %x, %v, want %s", version, size, got, err, want)
		}
		lines++
	}
	if lines == 0 {
		t.Error("no commitments to compare")
	}
}
