package client_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
)

// TestLyingAboutInclusion has a node show the blob in a block of a chain that it made up, with
// all proofs, before the chain has it.
func TestLyingAboutInclusion(t *testing.T) {
	inWorld(t, []string{"honest"}, func(t *testing.T, w *world) {
		forged := newWorld("liar")
		w.strangers = forged.nodes
		ctx, cancel := context.WithCancel(t.Context())
		go forged.run(ctx)
		defer cancel()
		w.set("honest", func(n *node) { n.idle = true })
		cfg := w.config("liar", "honest")
		cfg.Trust = client.TrustSource(w.hashes)
		c := open(t, cfg)
		s, err := c.Submit(t.Context(), blobOf(1, "one"))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * blockTime)
		if s.State().State == client.Final {
			t.Error("a block of another chain makes it final")
		}
		w.set("honest", func(n *node) { n.idle = false })
		posted := finalWithin(t, s, time.Hour)
		w.once(t, s.IDs()...)
		if got, err := c.Get(t.Context(), posted[0].ID); err != nil || string(got.Data) != "one" {
			t.Errorf("read back: %v", err)
		}
	})
}

// TestLyingAboutAbsence has a node leave entries out of a namespace's list, and other bytes in
// a blob's place: the other node is asked, and without another one nothing is taken for true.
func TestLyingAboutAbsence(t *testing.T) {
	inWorld(t, []string{"liar", "honest"}, func(t *testing.T, w *world) {
		w.set("liar", func(n *node) {
			n.around = func(rw http.ResponseWriter, r *http.Request, handler http.Handler) {
				switch {
				case strings.HasPrefix(r.URL.Path, "/v1/namespaces/"):
					r = r.Clone(r.Context())
					r.URL.Path = strings.Replace(r.URL.Path, blobOf(1, "").Namespace.String(), blobOf(9, "").Namespace.String(), 1)
					handler.ServeHTTP(rw, r)
				case strings.HasSuffix(r.URL.Path, "/data"):
					_, _ = rw.Write([]byte("something else"))
				default:
					handler.ServeHTTP(rw, r)
				}
			}
		})
		both := open(t, w.config("liar", "honest"))
		submitMany(t, w, both, 4)
		id := submitOne(t, both, blobOf(1, "one more"))
		if got, err := both.Get(t.Context(), id); err != nil || string(got.Data) != "one more" {
			t.Errorf("read back: %v", err)
		}
		alone := open(t, w.config("liar"))
		if _, err := alone.Get(t.Context(), id); !errors.Is(err, da.ErrMismatch) {
			t.Errorf("the liar alone: %v", err)
		}
	})
}

// submitOne submits a blob and waits until it is final.
func submitOne(t *testing.T, c *client.Client, blob da.Blob) da.BlobID {
	t.Helper()
	s, err := c.Submit(t.Context(), blob)
	if err != nil {
		t.Fatal(err)
	}
	return finalWithin(t, s, time.Hour)[0].ID
}
