package main

import (
	"bytes"
	"os"
	"testing"
)

func TestCommittedFilesAreGenerated(t *testing.T) {
	for path, generate := range committed {
		want, err := generate()
		if err != nil {
			t.Fatal(err)
		}
		have, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(have, want) {
			t.Errorf("%s is not what this writes: run go generate ./erasure/kzg", path)
		}
	}
}
