package main

import (
	"bytes"
	"os"
	"testing"
)

func TestCommittedFileIsGenerated(t *testing.T) {
	want, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	have, err := os.ReadFile(committed)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, want) {
		t.Errorf("%s is not what this writes: run go generate ./erasure/kzg", committed)
	}
}
