package client_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
)

// hang answers nothing until who asks gives up.
func hang(rw http.ResponseWriter, r *http.Request, _ http.Handler) {
	<-r.Context().Done()
	rw.WriteHeader(dead)
}

// breakOff breaks every connection.
func breakOff(rw http.ResponseWriter, _ *http.Request, _ http.Handler) { rw.WriteHeader(dead) }

// TestSlowNode has the first node answer nothing: the second is asked in its place, and
// without a second one, an error says what it was that did not come.
func TestSlowNode(t *testing.T) {
	inWorld(t, []string{"slow", "b"}, func(t *testing.T, w *world) {
		w.set("slow", func(n *node) { n.around = hang })
		submitMany(t, w, open(t, w.config("slow", "b")), 4)
		began := time.Now()
		_, err := open(t, w.config("slow")).Status(t.Context())
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 20*time.Second {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
	})
}

// TestNodeDiesInTheMiddle has the node that accepted transactions die with them: they are sent
// to the other, the same bytes.
func TestNodeDiesInTheMiddle(t *testing.T) {
	inWorld(t, []string{"a", "b"}, func(t *testing.T, w *world) {
		w.set("a", func(n *node) { n.idle = true })
		time.AfterFunc(2*blockTime, func() { w.set("a", func(n *node) { n.around = breakOff }) })
		c := open(t, w.config("a", "b"))
		submitMany(t, w, c, 6)
		w.mu.Lock()
		defer w.mu.Unlock()
		for i, p := range w.nodes["a"].pool {
			if i >= len(w.nodes["b"].pool) || w.nodes["b"].pool[i].id != p.id {
				t.Errorf("transaction %d was signed again", i)
			}
		}
	})
}

// TestLaggingNode has the first node stay behind where it is.
func TestLaggingNode(t *testing.T) {
	inWorld(t, []string{"a", "b"}, func(t *testing.T, w *world) {
		w.set("a", func(n *node) { n.stuckAt = 1 })
		submitMany(t, w, open(t, w.config("a", "b")), 4)
	})
}

// TestNamespace follows a namespace over a node that fails, to the head and beyond.
func TestNamespace(t *testing.T) {
	inWorld(t, []string{"a", "b"}, func(t *testing.T, w *world) {
		c := open(t, w.config("a", "b"))
		first := submitOne(t, c, blobOf(1, "one"))
		w.set("a", func(n *node) { n.around = breakOff })
		time.AfterFunc(10*blockTime, func() { _ = submitOne(t, c, blobOf(1, "two")) })
		var found []da.BlobID
		next := uint64(1)
		for block, err := range c.Namespace(t.Context(), blobOf(1, "").Namespace, 1) {
			if err != nil {
				t.Fatal(err)
			}
			if block.Height != next || uint64(block.Header.Height()) != next {
				t.Fatalf("height %d follows %d", block.Height, next-1)
			}
			next++
			for i := range block.Blobs {
				found = append(found, block.Blobs[i].Entry.ID)
			}
			if len(found) == 2 {
				break
			}
		}
		if found[0] != first {
			t.Errorf("the first blob is %s, want %s", found[0], first)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*blockTime)
		defer cancel()
		for _, err := range c.Namespace(ctx, blobOf(5, "").Namespace, 0) {
			if err != nil && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("it ends with %v", err)
			}
		}
		if ctx.Err() == nil {
			t.Error("it ends before it is told to")
		}
	})
}

// TestClosedClient closes a client in the middle.
func TestClosedClient(t *testing.T) {
	inWorld(t, []string{"a"}, func(t *testing.T, w *world) {
		w.set("a", func(n *node) { n.idle = true })
		c := open(t, w.config("a"))
		s, err := c.Submit(t.Context(), blobOf(1, "one"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Wait(t.Context(), client.Accepted); err != nil {
			t.Fatal(err)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Wait(t.Context(), client.Final); err == nil {
			t.Error("what is waited for of a closed client comes")
		}
		if _, err := c.Submit(t.Context(), blobOf(1, "two")); err == nil {
			t.Error("a closed client takes blobs")
		}
	})
}
