package client_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ashlar-da/ashlar/client"
)

// hashes is the source of a Trust in the world's blocks.
func (w *world) hashes(_ context.Context, height uint64) ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if height > uint64(len(w.blocks)) {
		return nil, fmt.Errorf("block %d is to come", height)
	}
	return w.blocks[height-1].header.Hash(), nil
}

// TestKeyUsedElsewhere has somebody else use up sequences of the account: what was signed at
// them is signed anew.
func TestKeyUsedElsewhere(t *testing.T) {
	for _, test := range []struct {
		name  string
		trust func(*world) client.Trust
	}{
		{"on the node's word", func(*world) client.Trust { return client.TrustNode() }},
		{"proven", func(w *world) client.Trust { return client.TrustSource(w.hashes) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			inWorld(t, []string{"a"}, func(t *testing.T, w *world) {
				for i := range 5 {
					time.AfterFunc(time.Duration(i)*blockTime*3/4, func() { w.use(testSigner().Address()) })
				}
				cfg := w.config("a")
				cfg.Trust, cfg.Expiry = test.trust(w), 30
				submitMany(t, w, open(t, cfg), 10)
			})
		})
	}
}

// TestTwoClientsOfOneKey has two clients post from the same account at once.
func TestTwoClientsOfOneKey(t *testing.T) {
	inWorld(t, []string{"a"}, func(t *testing.T, w *world) {
		first, second := open(t, w.config("a")), open(t, w.config("a"))
		var all []*client.Submission
		for i := range 10 {
			for name, c := range map[string]*client.Client{"first": first, "second": second} {
				s, err := c.Submit(t.Context(), blobOf(1, fmt.Sprintf("%s %d", name, i)))
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, s)
			}
		}
		for _, s := range all {
			finalWithin(t, s, time.Hour)
		}
		for _, s := range all {
			w.once(t, s.IDs()...)
		}
	})
}

// TestLyingAboutTheSequence has a node keep a transaction back, say that its sequence was used,
// and hand it to the chain much later: once it was signed at another sequence, if it ever was.
// Where headers are not taken on the node's word, its word on the sequence counts for nothing.
func TestLyingAboutTheSequence(t *testing.T) {
	inWorld(t, []string{"a"}, func(t *testing.T, w *world) {
		lying := true
		w.set("a", func(n *node) {
			n.idle = true
			n.around = func(rw http.ResponseWriter, r *http.Request, handler http.Handler) {
				switch {
				case !lying:
					handler.ServeHTTP(rw, r)
				case isPost(r):
					handler.ServeHTTP(discard{rw}, r)
					problem(rw, http.StatusConflict, client.CodeBadSequence)
				case strings.HasPrefix(r.URL.Path, "/v1/accounts/"):
					raiseSequence(rw, r, handler)
				default:
					handler.ServeHTTP(rw, r)
				}
			}
		})
		time.AfterFunc(20*blockTime, func() {
			w.set("a", func(n *node) { n.idle, lying = false, false })
		})
		cfg := w.config("a")
		cfg.Trust = client.TrustSource(w.hashes)
		submitMany(t, w, open(t, cfg), 3)
	})
}

// problem answers with an error of the API.
func problem(rw http.ResponseWriter, status int, code client.Code) {
	rw.WriteHeader(status)
	_ = json.NewEncoder(rw).Encode(map[string]any{"error": map[string]any{"code": code, "message": "made up"}})
}

// raiseSequence says of an account that its sequence is further than it is.
func raiseSequence(rw http.ResponseWriter, r *http.Request, handler http.Handler) {
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, r)
	var account client.AccountState
	if err := json.Unmarshal(answer.Body.Bytes(), &account); err != nil {
		panic(err)
	}
	account.Sequence += 3
	_ = json.NewEncoder(rw).Encode(account)
}
