package gateway_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/gateway"
	"github.com/ashlar-da/ashlar/gateway/batch"
	"github.com/ashlar-da/ashlar/gateway/opaltda"
)

// nobody is where no node is.
const nobody = "http://127.0.0.1:1"

// TestPrunedByOneOfTwo has one node say that it has pruned what is older than the retention, and another, which may keep it, not be
// reached: that is no proof that it is gone.
func TestPrunedByOneOfTwo(t *testing.T) {
	ref := put(t, live(t), []byte("kept elsewhere"))
	forgets := liar(t, func(r *http.Request, status int, body []byte) (int, []byte) {
		if strings.HasPrefix(r.URL.Path, "/v1/blobs/") {
			return 410, []byte(`{"error":{"code":"pruned","message":"gone"}}`)
		}
		return status, body
	})
	gone := func(fallbacks ...string) *gateway.Core {
		core, _ := open(t, forgets, t.TempDir(), func(c *client.Config, g *gateway.Config) {
			g.Retention, c.Fallbacks = time.Second, fallbacks
		})
		ready(t, core)
		return core
	}
	alone, archived := gone(), gone(nobody)
	waitUntil(t, "never pruned", func() bool {
		_, err := alone.Get(t.Context(), ref)
		return gateway.Status(err) == http.StatusNotFound
	})
	last := must(alone.Newest())
	waitUntil(t, "the chain is not followed", func() bool { return must(archived.Newest()) >= last })
	if _, err := archived.Get(t.Context(), ref); !errors.Is(err, gateway.ErrUnavailable) {
		t.Errorf("%v", err)
	}
}

// TestGapByOneOfTwo has one node hold no more than the newest block, and another not be reached: what it may have is not left out
// of the index for good.
func TestGapByOneOfTwo(t *testing.T) {
	ready(t, live(t))
	var asked atomic.Int32
	forgets := liar(t, func(r *http.Request, status int, body []byte) (int, []byte) {
		switch {
		case r.URL.Path == "/v1/status":
			asked.Add(1)
			return status, []byte(strings.Replace(string(body), `"tail":1,`, `"tail":2,`, 1))
		case strings.HasSuffix(r.URL.RequestURI(), "height=1"):
			return 410, []byte(`{"error":{"code":"pruned","message":"gone"}}`)
		}
		return status, body
	})
	follow := func(fallbacks ...string) *gateway.Core {
		core, _ := open(t, forgets, t.TempDir(), func(c *client.Config, g *gateway.Config) { g.From, c.Fallbacks = 1, fallbacks })
		return core
	}
	ready(t, follow())
	patient := follow(nobody)
	before := asked.Load()
	waitUntil(t, "the node is not asked", func() bool { return asked.Load() > before+10 })
	if _, height := patient.Indexed(); height != 0 {
		t.Errorf("followed up to %d", height)
	}
}

// TestPagesPost has a browser post for a page whose name was made to point here, so that it is of the same origin.
func TestPagesPost(t *testing.T) {
	handler := gateway.Watched(gateway.ServerConfig{Protocol: "test", Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), Log: discard()})
	for _, c := range []struct {
		method, host, origin string
		upgrade              bool
		want                 int
	}{
		{http.MethodPost, "rebound.example:3100", "http://rebound.example:3100", false, http.StatusForbidden},
		{http.MethodPut, "rebound.example", "http://rebound.example", false, http.StatusForbidden},
		{http.MethodGet, "rebound.example", "http://rebound.example", true, http.StatusForbidden},
		{http.MethodPost, "127.0.0.1.example", "http://127.0.0.1.example", false, http.StatusForbidden},
		{http.MethodGet, "rebound.example", "http://rebound.example", false, http.StatusOK},
		{http.MethodPost, "gateway.example:3100", "", false, http.StatusOK},
		{http.MethodGet, "gateway.example:3100", "", true, http.StatusOK},
		{http.MethodPost, "[::1]:3100", "http://[::1]:3100", false, http.StatusOK},
		{http.MethodPost, "localhost:3100", "http://localhost:3100", false, http.StatusOK},
	} {
		request := httptest.NewRequestWithContext(t.Context(), c.method, "http://"+c.host+"/put", strings.NewReader("x"))
		if c.origin != "" {
			request.Header.Set("Origin", c.origin)
		}
		if c.upgrade {
			request.Header.Set("Upgrade", "websocket")
		}
		answer := httptest.NewRecorder()
		if handler.ServeHTTP(answer, request); answer.Code != c.want {
			t.Errorf("%s to %s from %q: %d, want %d", c.method, c.host, c.origin, answer.Code, c.want)
		}
	}
}

// TestNobodyPutsForAnother puts by OP's protocol what another protocol's clients would read as theirs.
func TestNobodyPutsForAnother(t *testing.T) {
	core := live(t)
	forged := must((&batch.Batch{Kind: batch.KindRollkit, Items: []batch.Item{{Label: []byte("rollup"), Data: []byte("forged")}}}).Encode())
	if answer := ask(t, opaltda.New(core, everybody()), "POST", "/put", forged); answer.Code != http.StatusBadRequest {
		t.Errorf("%d %s", answer.Code, answer.Body)
	}
}

// TestSmallItemsTakeMemory reads a blob of many items without bytes, which take far more memory than the blob.
func TestSmallItemsTakeMemory(t *testing.T) {
	core := live(t)
	ref := must(core.PutBatch(t.Context(), everybody(), must((&batch.Batch{Kind: batch.KindRollkit, Items: make([]batch.Item, batch.MaxItems)}).Encode())))
	held, full := int64(0), errors.New("full")
	reader := batch.NewReader(core, batch.KindRollkit, func(*batch.Item) (string, bool) { return "", true }, func(_ context.Context, size int64) error {
		if held += size; held > 1<<20 {
			return full
		}
		return nil
	})
	for _, name := range []string{"read", "cached"} {
		held = 0
		if _, err := reader.Batch(t.Context(), gateway.Sized{Ref: ref, Size: 1}); !errors.Is(err, full) {
			t.Errorf("%s: %v with %d bytes", name, err, held)
		}
	}
}
