package client_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ashlar-da/ashlar/client"
)

// TestAnchor verifies headers above and below an anchor, while the validators change.
func TestAnchor(t *testing.T) {
	inWorld(t, []string{"a"}, func(t *testing.T, w *world) {
		time.Sleep(60*blockTime + blockTime/2)
		cfg := w.config("a")
		cfg.Trust = client.TrustAnchor(w.anchor(20))
		c := open(t, cfg)
		for _, height := range []uint64{60, 20, 21, 3, 40, 59, 1, 60} {
			if header, err := c.Header(t.Context(), height); err != nil || uint64(header.Height()) != height {
				t.Errorf("height %d: %v", height, err)
			}
		}
		submitMany(t, w, c, 4)
		verification, err := c.Verify(t.Context(), submitOne(t, c, blobOf(2, "one more")))
		if err != nil {
			t.Fatal(err)
		}
		if last := verification.Checked[len(verification.Checked)-1]; !strings.Contains(last, "validators signed it") {
			t.Errorf("the last that was checked is %q", last)
		}
	})
}

// TestAnchorRefuses gives headers that the chain's validators did not sign.
func TestAnchorRefuses(t *testing.T) {
	for _, test := range []struct {
		name   string
		height uint64
		// with changes what is trusted, and what the node answers.
		with func(w *world, forged *world, a *client.Anchor)
	}{
		{"another chain's headers", 30, func(w, forged *world, a *client.Anchor) { a.Hash = must(forged.hashes(context.Background(), a.Height)) }},
		{"a chain of another name", 30, func(_, _ *world, a *client.Anchor) { a.ChainID = "another" }},
		{"an anchor that expired", 30, func(_, _ *world, a *client.Anchor) { a.Period = time.Second }},
		{"headers of other validators above", 30, func(w, forged *world, _ *client.Anchor) { swap(w, forged, 30) }},
		{"a header of the same validators that too few signed", 12, func(w, _ *world, _ *client.Anchor) { unsign(w, 12) }},
		{"another header below", 5, func(w, forged *world, _ *client.Anchor) { swap(w, forged, 5) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			inWorld(t, []string{"a"}, func(t *testing.T, w *world) {
				forged := newForged(t)
				time.Sleep(32 * blockTime)
				anchor := w.anchor(10)
				test.with(w, forged, &anchor)
				cfg := w.config("a")
				cfg.Trust = client.TrustAnchor(anchor)
				if _, err := open(t, cfg).Header(t.Context(), test.height); !errors.Is(err, client.ErrUntrusted) {
					t.Errorf("the header is taken: %v", err)
				}
			})
		})
	}
}

// TestAnchorSeesAFork holds what a node shows against what the others do.
func TestAnchorSeesAFork(t *testing.T) {
	for _, test := range []struct {
		name  string
		other func(w *world) *world // whose blocks the second node shows
		want  error
	}{
		{"the same", func(w *world) *world { return w }, nil},
		{"signed by the same validators", func(w *world) *world { return w.forkedAt(20, 40) }, client.ErrForked},
		{"signed by others", func(*world) *world { return newForged(t) }, nil},
		{"silent", func(*world) *world { return nil }, nil},
		{"shorter", func(w *world) *world {
			return &world{chainID: worldChain, secret: w.secret, blocks: w.blocks[:12]}
		}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			inWorld(t, []string{"a", "b"}, func(t *testing.T, w *world) {
				time.Sleep(40 * blockTime)
				w.mu.Lock()
				other := test.other(w)
				w.mu.Unlock()
				w.set("b", func(n *node) { n.around = silent })
				if other != nil {
					handler := other.asNode()
					w.set("b", func(n *node) {
						n.around = func(rw http.ResponseWriter, r *http.Request, _ http.Handler) { handler.ServeHTTP(rw, r) }
					})
				}
				cfg := w.config("a", "b")
				cfg.Trust = client.TrustAnchor(w.anchor(10))
				c := open(t, cfg)
				for range 2 { // what was refused is not remembered as verified
					if _, err := c.Header(t.Context(), 30); !errors.Is(err, test.want) {
						t.Errorf("have %v, want %v", err, test.want)
					}
				}
				if _, err := c.Header(t.Context(), 20); err != nil {
					t.Errorf("below the fork: %v", err)
				}
			})
		})
	}
}

// TestAnchorSeesAForkLater: whoever reads gives up before the other node has answered, and reads again.
func TestAnchorSeesAForkLater(t *testing.T) {
	inWorld(t, []string{"a", "b"}, func(t *testing.T, w *world) {
		time.Sleep(40 * blockTime)
		w.mu.Lock()
		handler := w.forkedAt(20, 40).asNode()
		w.mu.Unlock()
		const delay = 200 * time.Millisecond
		w.set("b", func(n *node) {
			n.around = func(rw http.ResponseWriter, r *http.Request, _ http.Handler) {
				time.Sleep(delay)
				handler.ServeHTTP(rw, r)
			}
		})
		cfg := w.config("a", "b")
		cfg.Trust = client.TrustAnchor(w.anchor(10))
		c := open(t, cfg)
		hasty, cancel := context.WithTimeout(t.Context(), delay/2)
		defer cancel()
		if _, err := c.Header(hasty, 30); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("in haste: have %v, want %v", err, context.DeadlineExceeded)
		}
		if _, err := c.Header(t.Context(), 30); !errors.Is(err, client.ErrForked) {
			t.Errorf("have %v, want %v", err, client.ErrForked)
		}
	})
}

// TestWhatIsVerifiedIsReadWhileOthersWait: while a node keeps one reader waiting, others read what was verified before at once,
// and those that have to wait for it do no longer than their contexts.
func TestWhatIsVerifiedIsReadWhileOthersWait(t *testing.T) {
	inWorld(t, []string{"a"}, func(t *testing.T, w *world) {
		time.Sleep(40 * blockTime)
		cfg := w.config("a")
		cfg.Trust = client.TrustAnchor(w.anchor(10))
		c := open(t, cfg)
		if _, err := c.Header(t.Context(), 20); err != nil {
			t.Fatal(err)
		}
		const delay = 5 * time.Second
		w.set("a", func(n *node) {
			n.around = func(rw http.ResponseWriter, r *http.Request, handler http.Handler) {
				if strings.HasPrefix(r.URL.Path, "/v1/validators/") {
					time.Sleep(delay)
				}
				handler.ServeHTTP(rw, r)
			}
		})
		began, slow := time.Now(), make(chan error)
		go func() {
			_, err := c.Header(t.Context(), 30)
			slow <- err
		}()
		time.Sleep(time.Second)
		if _, err := c.Header(t.Context(), 20); err != nil || time.Since(began) != time.Second {
			t.Errorf("what is verified is read after %v: %v", time.Since(began), err)
		}
		hasty, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.Header(hasty, 31); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 2*time.Second {
			t.Errorf("who waits gives up after %v: %v", time.Since(began), err)
		}
		if err := <-slow; err != nil || time.Since(began) != delay {
			t.Errorf("the first has its answer after %v: %v", time.Since(began), err)
		}
	})
}

// forkedAt is another chain that the same validators signed, after some blocks that both have. The
// caller holds mu.
func (w *world) forkedAt(common, height int) *world {
	fork := &world{chainID: worldChain, secret: w.secret, blocks: slices.Clone(w.blocks[:common])}
	for len(fork.blocks) < height {
		fork.blocks = append(fork.blocks, fork.newBlock(nil, nil))
	}
	return fork
}

// silent answers nothing for as long as it is waited for.
func silent(_ http.ResponseWriter, r *http.Request, _ http.Handler) { <-r.Context().Done() }

// newForged is a chain of the same name that other validators sign.
func newForged(t *testing.T) *world {
	t.Helper()
	forged := &world{chainID: worldChain, secret: "others"}
	for range 32 {
		forged.blocks = append(forged.blocks, forged.newBlock(nil, nil))
	}
	return forged
}

// swap has the node answer the forged chain's header of a height.
func swap(w, forged *world, height int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.blocks[height-1] = forged.blocks[height-1]
	w.nodes["a"].around = func(rw http.ResponseWriter, r *http.Request, handler http.Handler) {
		if r.URL.Path == "/v1/validators/30" {
			handler = forged.asNode()
		}
		handler.ServeHTTP(rw, r)
	}
}

// asNode is the handler of a node of a world that has none.
func (w *world) asNode() http.Handler {
	other := newWorld("other")
	other.secret, other.blocks = w.secret, w.blocks
	return other.nodes["other"].handler
}

// unsign takes all signatures but one from a header.
func unsign(w *world, height int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	signatures := w.blocks[height-1].header.Signed().Commit.Signatures
	for i := range signatures[1:] {
		signatures[i+1].BlockIDFlag, signatures[i+1].Signature, signatures[i+1].ValidatorAddress, signatures[i+1].Timestamp = 1, nil, nil, time.Time{}
	}
}
