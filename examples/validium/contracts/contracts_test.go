package contracts

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ashlar-da/ashlar/da"
)

// TestFresh: what is committed was compiled from the sources that are, Ashlar's among them. That the compiler
// makes the same bytes of them is for `make contracts-check` to show, which needs npm.
func TestFresh(t *testing.T) {
	files, err := filepath.Glob("out/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("out: %d files, %v", len(files), err)
	}
	for _, file := range files {
		artifact, err := Load(strings.TrimSuffix(filepath.Base(file), ".json"))
		if err != nil || len(artifact.Sources) == 0 {
			t.Fatalf("%s: %v", file, err)
		}
		for source, want := range artifact.Sources {
			name := source
			if rest, ours := strings.CutPrefix(source, "@ashlar/"); ours {
				name = filepath.Join("..", "..", "..", "contracts", "src", rest)
			} else if strings.HasPrefix(source, "@") {
				continue // npm's, of a version that the lock file pins
			}
			content, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if hash := da.Keccak256(content); "0x"+hex.EncodeToString(hash[:]) != want {
				t.Errorf("%s was compiled from another %s; run make contracts", file, source)
			}
		}
	}
	if _, err := Load("Nothing"); err == nil {
		t.Error("a contract that there is not was loaded")
	}
}
