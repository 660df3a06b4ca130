package fullnode

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestResumeWhereTheStoreEnds puts a node where a crash between commit and follower
// leaves it: the chain has heights that the store of squares has not. It must store them
// before anything else, and serve what they include.
func TestResumeWhereTheStoreEnds(t *testing.T) {
	cfg := newValidator(t)
	squares := filepath.Join(cfg.Comet.RootDir, "data", "squares")
	earlier := filepath.Join(t.TempDir(), "squares")

	first := startNode(t, cfg)
	first.waitStored(t, 2)
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(earlier, os.DirFS(squares)); err != nil {
		t.Fatal(err)
	}

	second := startNode(t, cfg)
	blob := testBlob(t, 4, 100)
	second.waitStored(t, 3)
	id, height := second.post(t, blob)
	if err := second.stop(); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(squares); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(earlier, squares); err != nil {
		t.Fatal(err)
	}

	third := startNode(t, cfg)
	third.waitStored(t, height+1)
	if got := third.read(t, id, height); !bytes.Equal(got, blob.Data) {
		t.Errorf("after the crash %d bytes differ", len(got))
	}
}
