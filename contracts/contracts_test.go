package contracts

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/sha3"
)

// TestFresh: what is committed was compiled from the sources that are. That the compiler makes the same bytes of them
// is for `make contracts-check` to show, which needs npm.
func TestFresh(t *testing.T) {
	files, err := filepath.Glob("out/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("out: %d files, %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		artifact, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if artifact.Contract != name || len(artifact.Sources) == 0 {
			t.Errorf("%s holds %q, of %d sources", file, artifact.Contract, len(artifact.Sources))
		}
		for source, want := range artifact.Sources {
			if strings.HasPrefix(source, "@") {
				continue // npm's, of a version that the lock file pins
			}
			content, err := os.ReadFile(source)
			if err != nil {
				t.Fatal(err)
			}
			hash := sha3.NewLegacyKeccak256()
			_, _ = hash.Write(content)
			if got := "0x" + hex.EncodeToString(hash.Sum(nil)); got != want {
				t.Errorf("%s was compiled from another %s; run make contracts", file, source)
			}
		}
	}
	if _, err := Load("Nothing"); err == nil {
		t.Error("a contract that there is not was loaded")
	}
}
