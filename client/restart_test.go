package client_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
)

// TestRestart ends a client again and again, at any time, and goes on with its journal: the
// same content is the same submission, and in the chain once.
func TestRestart(t *testing.T) {
	inWorld(t, []string{"a"}, func(t *testing.T, w *world) {
		cfg := w.config("a")
		cfg.Journal = filepath.Join(t.TempDir(), "journal")
		var ids []da.BlobID
		for life := range 12 {
			c, err := client.New(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			for i := range life + 1 {
				s, err := c.Submit(t.Context(), blobOf(byte(1+i%2), fmt.Sprint("blob ", i)))
				if err != nil {
					t.Fatal(err)
				}
				if i == life {
					ids = append(ids, s.IDs()[0])
				}
				if life == 11 {
					finalWithin(t, s, time.Hour)
				}
			}
			time.Sleep(time.Duration(life) * 300 * time.Millisecond)
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
		}
		w.once(t, ids...)
	})
}

// TestRestartAtEveryRecord cuts a journal where a crash may have ended it, before anything of
// what is cut off was sent, and submits the same content again.
func TestRestartAtEveryRecord(t *testing.T) {
	whole := unsent(t)
	for size := 0; size <= len(whole); size += 40 {
		inWorld(t, []string{"a"}, func(t *testing.T, w *world) {
			cfg := w.config("a")
			cfg.Journal = filepath.Join(t.TempDir(), "journal")
			if err := os.WriteFile(cfg.Journal, whole[:size], 0o600); err != nil {
				t.Fatal(err)
			}
			submitMany(t, w, open(t, cfg), 3)
		})
	}
}

// unsent is the journal of a client whose node took nothing.
func unsent(t *testing.T) (journal []byte) {
	t.Helper()
	inWorld(t, []string{"a"}, func(t *testing.T, w *world) {
		w.set("a", func(n *node) {
			n.around = func(rw http.ResponseWriter, r *http.Request, handler http.Handler) {
				if isPost(r) {
					problem(rw, http.StatusServiceUnavailable, client.CodeSyncing)
					return
				}
				handler.ServeHTTP(rw, r)
			}
		})
		cfg := w.config("a")
		cfg.Journal = filepath.Join(t.TempDir(), "journal")
		c := open(t, cfg)
		for i := range 3 { // as submitMany has them
			if _, err := c.Submit(t.Context(), blobOf(byte(1+i%3), fmt.Sprintf("blob %d", i))); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		journal = must(os.ReadFile(cfg.Journal))
	})
	return journal
}

// TestJournalOfAnotherChain goes on with a journal whose transactions are of another chain: they
// fail, and can be submitted again.
func TestJournalOfAnotherChain(t *testing.T) {
	whole := unsent(t)
	inWorld(t, []string{"a"}, func(t *testing.T, w *world) {
		w.chainID = "world-2"
		cfg := w.config("a")
		cfg.Journal = filepath.Join(t.TempDir(), "journal")
		if err := os.WriteFile(cfg.Journal, whole, 0o600); err != nil {
			t.Fatal(err)
		}
		c := open(t, cfg)
		s, err := c.Submit(t.Context(), blobOf(1, "blob 0"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Wait(t.Context(), client.Final); client.CodeOf(err) != client.CodeWrongChain {
			t.Errorf("it ends with %v", err)
		}
		submitOne(t, c, blobOf(1, "blob 0"))
		w.once(t, s.IDs()...)
	})
}

const (
	childEnv   = "ASHLAR_CLIENT_TEST_CHILD"
	childBlobs = 24
)

// TestKilledProcess kills processes that post with one journal, without warning, until one of
// them is done.
func TestKilledProcess(t *testing.T) {
	if os.Getenv(childEnv) != "" {
		t.Skip("this is the child")
	}
	w := newWorld("a")
	server := httptest.NewServer(w.nodes["a"].handler)
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	go func() {
		for ctx.Err() == nil {
			time.Sleep(150 * time.Millisecond)
			w.commit()
		}
	}()
	journal := filepath.Join(t.TempDir(), "journal")
	for life := 0; ; life++ {
		bounded, kill := context.WithTimeout(ctx, time.Duration(100+life*200)*time.Millisecond)
		child := exec.CommandContext(bounded, os.Args[0], "-test.run=^TestChild$") // killed by SIGKILL
		child.Env = append(os.Environ(), childEnv+"="+server.URL+" "+journal)
		out, err := child.CombinedOutput()
		kill()
		if err == nil {
			t.Logf("%d processes were killed", life)
			break
		}
		if bounded.Err() == nil || ctx.Err() != nil {
			t.Fatalf("life %d: %v\n%s", life, err, out)
		}
	}
	for i := range childBlobs {
		w.once(t, idOf(t, blobOf(1, fmt.Sprint("child ", i))))
	}
}

func idOf(t *testing.T, blob da.Blob) da.BlobID {
	t.Helper()
	prepared, err := client.Prepare(testSetup(), []da.Blob{blob})
	if err != nil {
		t.Fatal(err)
	}
	return prepared.Blobs()[0].ID()
}

// TestChild is the process that TestKilledProcess kills.
func TestChild(t *testing.T) {
	var url, journal string
	if n, _ := fmt.Sscan(os.Getenv(childEnv), &url, &journal); n != 2 {
		t.Skip("nobody is to kill this process")
	}
	c, err := client.New(t.Context(), client.Config{URL: url, Journal: journal, Signer: testSigner(), Setup: testSetup()})
	if err != nil {
		t.Fatal(err)
	}
	var all []*client.Submission
	for i := range childBlobs {
		s, err := c.Submit(t.Context(), blobOf(1, fmt.Sprint("child ", i)))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	for _, s := range all {
		if _, err := s.Wait(t.Context(), client.Final); err != nil {
			t.Fatal(err)
		}
	}
}
