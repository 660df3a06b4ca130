package opaltda

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/gateway"
	"github.com/ashlar-da/ashlar/gateway/gatewaytest"
)

// answered has the handler answer, and returns the status and how long that took.
func answered(ctx context.Context, h http.Handler, method, path string, body io.Reader) (status int, took time.Duration) {
	began := time.Now()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, method, path, body))
	return w.Code, time.Since(began)
}

// TestRefusals has puts refused that may be tried again: they take a second, and nothing else does.
func TestRefusals(t *testing.T) {
	core, gate := gatewaytest.Alone(t)
	keccak := da.Keccak256([]byte("x"))
	mode := "/put/0x00" + da.BlobID(keccak).String()
	synctest.Test(t, func(t *testing.T) {
		h := New(core, gate)
		for name, c := range map[string]struct {
			method, path, body string
			status             int
			took               time.Duration
		}{
			"post":          {"POST", "/put", "x", 503, refusal},
			"put":           {"PUT", "/put", "x", 503, refusal},
			"keccak":        {"POST", mode, "x", 503, refusal},
			"other bytes":   {"POST", mode, "y", 400, 0},
			"an empty body": {"POST", "/put", "", 400, 0},
			"too much":      {"POST", "/put", strings.Repeat("x", gateway.MaxSize+1), 413, 0},
			"reading":       {"GET", "/get/" + strings.TrimPrefix(mode, "/put/"), "", 503, 0},
			"health":        {"GET", "/health", "", 503, 0},
		} {
			if status, took := answered(t.Context(), h, c.method, c.path, strings.NewReader(c.body)); status != c.status || took != c.took {
				t.Errorf("%s: %d after %s, want %d after %s", name, status, took, c.status, c.took)
			}
		}
	})
}

// TestRefusalsAreBounded has as many puts wait to be refused as may: none of their bodies is held, and who comes then, or goes,
// is not waited for.
func TestRefusalsAreBounded(t *testing.T) {
	core, _ := gatewaytest.Alone(t)
	const size = 1 << 20
	gate, err := gateway.NewGate(gateway.GateConfig{Memory: gateway.NewMemory(2*size, 1)})
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		h, body := New(core, gate), strings.Repeat("x", size/2)
		gone, leave := context.WithCancel(t.Context())
		for i := range maxRefusals {
			ctx, want := t.Context(), refusal
			if i == 0 {
				ctx, want = gone, refusal/4
			}
			go func() {
				if status, took := answered(ctx, h, "POST", "/put", strings.NewReader(body)); status != 503 || took != want {
					t.Errorf("put %d: %d after %s, want 503 after %s", i, status, took, want)
				}
			}()
			synctest.Wait()
		}
		if release, err := gate.Reserve(2 * size); err != nil {
			t.Errorf("bodies are held: %v", err)
		} else {
			release()
		}
		if status, took := answered(t.Context(), h, "POST", "/put", strings.NewReader(body)); status != 503 || took != 0 {
			t.Errorf("one more: %d after %s", status, took)
		}
		time.Sleep(refusal / 4)
		leave()
		synctest.Wait()
		if status, took := answered(t.Context(), h, "POST", "/put", strings.NewReader(body)); status != 503 || took != refusal {
			t.Errorf("when one is gone: %d after %s", status, took)
		}
	})
}
