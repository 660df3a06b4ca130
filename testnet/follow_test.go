package testnet

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
)

// buildBinaries builds the full node and the light node.
func buildBinaries(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if out, err := exec.Command("go", "build", "-o", dir, "../cmd/ashlar", "../cmd/ashlar-light").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return dir
}

// someBytes are random, the same for the same seed.
func someBytes(seed uint64, size int) []byte {
	data := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{byte(seed)}).Read(data) // it has no errors
	return data
}

// TestALightNodeFollowsANamespace has processes of a chain and of a light node that delivers one of
// two namespaces, is killed again and again, and is read over HTTP as a full node is.
func TestALightNodeFollowsANamespace(t *testing.T) {
	if testing.Short() {
		t.Skip("builds binaries and runs a chain for half a minute")
	}
	config := Standard(t.TempDir(), buildBinaries(t), "follow-test", 29000+rand.IntN(2000))
	config.Validators, config.FullNodes, config.CommitTimeout = 1, 0, 500*time.Millisecond
	network, ctx, err := New(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(network.Stop)
	s := scenario()
	s.Network = network
	if err := network.StartFullNodes(ctx, startLimit, 1); err != nil {
		t.Fatal(err)
	}
	full := network.FullNodes[0]
	ours, theirs := Namespace("ours"), Namespace("theirs")
	var receipts []Receipt
	post := func(namespace string, size int) {
		t.Helper()
		file := File{Name: fmt.Sprint(len(receipts)), Namespace: namespace, Encoding: "data", Data: someBytes(uint64(len(receipts)), size)}
		receipt, err := post(ctx, full, 0, file)
		if err != nil {
			t.Fatal(err)
		}
		receipts = append(receipts, receipt)
	}
	for i, size := range []int{1, 3000, 200_000, da.DataCellSize * 32} {
		post([]string{ours, theirs}[i%2], size)
	}
	followed, err := s.Follow(ctx, "light-follow", ours, receipts, full)
	if err != nil {
		t.Fatal(err)
	}
	for i, size := range []int{70_000, 5, 100} {
		followed.Kill()
		post([]string{ours, theirs}[i%2], size)
		if err := followed.Start(); err != nil {
			t.Fatal(err)
		}
	}
	if err := followed.WaitNext(ctx, receipts[len(receipts)-1].Height+1); err != nil {
		t.Fatal(err)
	}
	want := map[string][]byte{}
	for _, receipt := range receipts {
		if receipt.Namespace == ours {
			want[blobKey(receipt.Height, receipt.ID)] = receipt.Data
		}
	}
	if err := s.compare(followed, want, "all is delivered", 0); err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(filepath.Join(followed.Dir, ".unfinished-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("%v was left behind (%v)", left, err)
	}
	readByClient(t, followed, receipts)
	if t.Failed() {
		log, _ := os.ReadFile(followed.Log())
		t.Logf("the light node's log:\n%s", log)
	}
}

// readByClient reads the namespace from the light node as from a full node.
func readByClient(t *testing.T, followed *Followed, receipts []Receipt) {
	t.Helper()
	c, err := client.New(t.Context(), client.Config{URL: followed.Base})
	if err != nil {
		t.Fatal(err)
	}
	namespace, err := da.ParseNamespace(followed.Namespace)
	if err != nil {
		t.Fatal(err)
	}
	next := uint64(1)
	for block, err := range c.Namespace(t.Context(), namespace, 1) {
		if err != nil || block.Height != next {
			t.Fatalf("after height %d: %v, %v", next-1, block, err)
		}
		var posted []Receipt
		for _, receipt := range receipts {
			if receipt.Height == next && receipt.Namespace == followed.Namespace {
				posted = append(posted, receipt)
			}
		}
		if len(block.Blobs) != len(posted) || len(posted) == 1 && !bytes.Equal(block.Blobs[0].Data, posted[0].Data) {
			t.Errorf("height %d: %d blobs, want %d, or others", next, len(block.Blobs), len(posted))
		}
		if next++; next > receipts[len(receipts)-1].Height {
			return
		}
	}
}
