package client_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
)

// TestStates follows a submission from the start, and again from its end.
func TestStates(t *testing.T) {
	inWorld(t, []string{"a"}, func(t *testing.T, w *world) {
		c := open(t, w.config("a"))
		s, err := c.Submit(t.Context(), blobOf(1, "one"), blobOf(2, "two"))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second reader comes when all is over
			var states []client.State
			for u := range s.Updates(t.Context()) {
				states = append(states, u.State)
			}
			if got, want := fmt.Sprint(states), "[queued signed accepted included final]"; got != want {
				t.Errorf("the states are %s, want %s", got, want)
			}
		}
		posted := finalWithin(t, s, time.Minute)
		w.once(t, s.IDs()...)
		for i, p := range posted {
			if p.ID != s.IDs()[i] || p.Status != "final" || p.Height == 0 || p.Signer != testSigner().Address() || len(p.Tx) != 32 {
				t.Errorf("blob %d: %+v", i, p)
			}
		}
	})
}

// TestSubmitAsksNoNode has ids come from a client whose node is not there.
func TestSubmitAsksNoNode(t *testing.T) {
	inWorld(t, []string{"a"}, func(t *testing.T, w *world) {
		c := open(t, w.config("nowhere"))
		s, err := c.Submit(t.Context(), blobOf(1, "one"))
		if err != nil || s.IDs()[0] == (da.BlobID{}) {
			t.Fatal(err)
		}
		again, err := c.Submit(t.Context(), blobOf(1, "one"))
		if err != nil || again != s {
			t.Errorf("the same content is another submission: %v", err)
		}
		time.Sleep(time.Minute)
		if u := s.State(); u.State != client.Queued || u.Err == nil {
			t.Errorf("without a node it is %s, because of %v", u.State, u.Err)
		}
	})
}

// TestDroppedAcceptances has a node accept transactions and drop every other one at once.
func TestDroppedAcceptances(t *testing.T) {
	inWorld(t, []string{"a"}, func(t *testing.T, w *world) {
		count := 0
		w.set("a", func(n *node) {
			n.around = func(rw http.ResponseWriter, r *http.Request, handler http.Handler) {
				handler.ServeHTTP(rw, r)
				if isPost(r) {
					w.set("a", func(n *node) {
						if count++; count%2 == 1 && len(n.pool) > 0 {
							n.pool = n.pool[:len(n.pool)-1]
						}
					})
				}
			}
		})
		submitMany(t, w, open(t, w.config("a")), 10)
	})
}

// TestForgottenMempool has a node forget its whole mempool again and again, and say so when
// it is asked, or not know what it is asked.
func TestForgottenMempool(t *testing.T) {
	for name, around := range map[string]func(http.ResponseWriter, *http.Request, http.Handler){
		"which it tells": nil,
		"which it cannot tell": func(rw http.ResponseWriter, r *http.Request, handler http.Handler) {
			if r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/v1/txs/") {
				problem(rw, http.StatusNotFound, client.CodeNotFound)
				return
			}
			handler.ServeHTTP(rw, r)
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, []string{"a"}, func(t *testing.T, w *world) {
				for i := range 4 {
					time.AfterFunc(time.Duration(i)*3*blockTime+blockTime/2, func() { w.set("a", func(n *node) { n.pool = nil }) })
				}
				w.set("a", func(n *node) { n.idle, n.around = true, around })
				time.AfterFunc(9*blockTime, func() { w.set("a", func(n *node) { n.idle = false }) })
				submitMany(t, w, open(t, w.config("a")), 10)
			})
		})
	}
}

// TestConnectionBreaksAfterPosting has a node take transactions, and die before it says so.
func TestConnectionBreaksAfterPosting(t *testing.T) {
	inWorld(t, []string{"a"}, func(t *testing.T, w *world) {
		count := 0
		w.set("a", func(n *node) {
			n.around = func(rw http.ResponseWriter, r *http.Request, handler http.Handler) {
				if !isPost(r) {
					handler.ServeHTTP(rw, r)
					return
				}
				if count++; count%3 == 0 {
					handler.ServeHTTP(rw, r)
					return
				}
				handler.ServeHTTP(discard{rw}, r)
				rw.WriteHeader(dead)
			}
		})
		submitMany(t, w, open(t, w.config("a")), 10)
	})
}

// discard takes an answer that never arrives.
type discard struct{ http.ResponseWriter }

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}

// submitMany submits blobs at once and wants each in the chain once.
func submitMany(t *testing.T, w *world, c *client.Client, n int) {
	t.Helper()
	var all []*client.Submission
	for i := range n {
		s, err := c.Submit(t.Context(), blobOf(byte(1+i%3), fmt.Sprintf("blob %d", i)))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	for _, s := range all {
		finalWithin(t, s, time.Hour)
		w.once(t, s.IDs()...)
	}
}
