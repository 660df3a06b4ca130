package gateway_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/gateway"
	"github.com/ashlar-da/ashlar/gateway/opaltda"
)

// ask has a handler answer a request.
func ask(t testing.TB, h http.Handler, method, path string, body []byte, change ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(t.Context(), method, "http://gateway/", bytes.NewReader(body))
	r.URL.Path, r.RequestURI = path, path
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestOPAltDA(t *testing.T) {
	h := opaltda.New(live(t), must(gateway.NewGate(gateway.GateConfig{})))
	data := []byte("a batch")
	answer := ask(t, h, "POST", "/put", data)
	commitment := answer.Body.Bytes()
	if answer.Code != 200 || len(commitment) != opaltda.GenericSize || commitment[0] != 1 || commitment[1] != opaltda.Layer {
		t.Fatalf("put: %d %x", answer.Code, commitment)
	}
	keccak := da.Keccak256(data)
	other := bytes.Clone(commitment)
	other[len(other)-1] ^= 1
	early := append(append(bytes.Clone(commitment[:2]), make([]byte, 8)...), commitment[10:]...)
	far := append(append(bytes.Clone(commitment[:2]), 0, 0, 0, 1, 0, 0, 0, 0), commitment[10:]...)
	foreign := append([]byte{1, 0x0c}, commitment[2:]...)
	for _, c := range []struct {
		name, method, path string
		body               []byte
		status             int
		want               []byte
	}{
		{"the same by PUT", "PUT", "/put", data, 200, commitment},
		{"with a slash", "POST", "/put/", data, 200, commitment},
		{"generic", "GET", fmt.Sprintf("/get/0x%x", commitment), nil, 200, data},
		{"generic without 0x", "GET", fmt.Sprintf("/get/%x", commitment), nil, 200, data},
		{"keccak of what was put", "GET", fmt.Sprintf("/get/0x00%x", keccak), nil, 200, data},
		{"keccak mode", "POST", fmt.Sprintf("/put/0x00%x", keccak), data, 200, []byte{}},
		{"keccak mode, other bytes", "POST", fmt.Sprintf("/put/0x00%x", keccak), []byte("other"), 400, nil},
		{"put to a generic commitment", "POST", fmt.Sprintf("/put/0x%x", commitment), data, 400, nil},
		{"nothing", "POST", "/put", nil, 400, nil},
		{"too much", "POST", "/put", make([]byte, gateway.MaxSize+1), 413, nil},
		{"an id the block does not have", "GET", fmt.Sprintf("/get/0x%x", other), nil, 404, nil},
		{"height 0", "GET", fmt.Sprintf("/get/0x%x", early), nil, 404, nil},
		{"a height to come", "GET", fmt.Sprintf("/get/0x%x", far), nil, 503, nil},
		{"an unknown keccak", "GET", "/get/0x00" + strings.Repeat("ab", 32), nil, 404, nil},
		{"another layer's", "GET", fmt.Sprintf("/get/0x%x", foreign), nil, 400, nil},
		{"no hex", "GET", "/get/0xzz", nil, 400, nil},
		{"no commitment", "GET", "/get/0x", nil, 400, nil},
		{"an unknown path", "GET", "/", nil, 400, nil},
		{"another method", "DELETE", "/put", nil, 400, nil},
		{"health", "GET", "/health", nil, 200, []byte{}},
	} {
		w := ask(t, h, c.method, c.path, c.body)
		if w.Code != c.status || c.want != nil && !bytes.Equal(w.Body.Bytes(), c.want) {
			t.Errorf("%s: %d %.100q, want %d %x", c.name, w.Code, w.Body, c.status, c.want)
		}
	}
}

func TestOPAltDABounds(t *testing.T) {
	core, _ := open(t, "http://127.0.0.1:1", t.TempDir(), nil)
	h := opaltda.New(core, must(gateway.NewGate(gateway.GateConfig{Memory: gateway.NewMemory(1<<20, 1)})))
	endless := func(r *http.Request) { r.Body, r.ContentLength = io.NopCloser(zeros{}), -1 }
	if w := ask(t, h, "POST", "/put", nil, endless); w.Code != 503 {
		t.Errorf("an endless body that there is no memory for: %d", w.Code)
	}
	h = opaltda.New(core, must(gateway.NewGate(gateway.GateConfig{})))
	if w := ask(t, h, "POST", "/put", nil, endless); w.Code != 413 {
		t.Errorf("an endless body: %d", w.Code)
	}
	if w := ask(t, h, "POST", "/put", []byte("x")); w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("put with no chain: %d", w.Code)
	}
	if w := ask(t, h, "GET", "/health", nil); w.Code != 503 {
		t.Errorf("health with no chain: %d", w.Code)
	}
}

func TestTokensGuardPuts(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tokens")
	content := fmt.Sprintf(`[{"name":"batcher","sha256":"%x","scopes":["/put"]},{"name":"other","sha256":"%x","scopes":["daprovider_store"]}]`,
		sha256.Sum256([]byte("secret")), sha256.Sum256([]byte("other")))
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	core, _ := open(t, "http://127.0.0.1:1", t.TempDir(), nil)
	h := opaltda.New(core, must(gateway.NewGate(gateway.GateConfig{Tokens: file})))
	for name, c := range map[string]struct {
		change func(*http.Request)
		status int
	}{
		"none":             {func(*http.Request) {}, 401},
		"another scope":    {func(r *http.Request) { r.Header.Set("Authorization", "Bearer other") }, 401},
		"bearer":           {func(r *http.Request) { r.Header.Set("Authorization", "Bearer secret") }, 503},
		"in the URL":       {func(r *http.Request) { r.SetBasicAuth("op-batcher", "secret") }, 503},
		"a wrong password": {func(r *http.Request) { r.SetBasicAuth("secret", "x") }, 401},
	} {
		if w := ask(t, h, "POST", "/put", []byte("x"), c.change); w.Code != c.status {
			t.Errorf("%s: %d, want %d", name, w.Code, c.status)
		}
	}
	if w := ask(t, h, "GET", "/get/0x00"+strings.Repeat("ab", 32), nil); w.Code != 503 {
		t.Errorf("reading takes no token: %d", w.Code)
	}
}

// TestPruned has every node say that it has pruned what is younger, and then older, than the retention.
func TestPruned(t *testing.T) {
	honest := live(t)
	ref := put(t, honest, []byte("to be forgotten"))
	forgets := liar(t, func(r *http.Request, status int, body []byte) (int, []byte) {
		if strings.HasPrefix(r.URL.Path, "/v1/blobs/") {
			return 410, []byte(`{"error":{"code":"pruned","message":"gone"}}`)
		}
		return status, body
	})
	core, _ := open(t, forgets, t.TempDir(), func(_ *client.Config, c *gateway.Config) { c.Retention = time.Second })
	path := fmt.Sprintf("/get/0x0161%016x%s", ref.Height, ref.ID)
	h := opaltda.New(core, must(gateway.NewGate(gateway.GateConfig{})))
	ready(t, core)
	deadline := time.Now().Add(time.Minute)
	for w := ask(t, h, "GET", path, nil); w.Code != 404; w = ask(t, h, "GET", path, nil) {
		if w.Code != 503 || time.Now().After(deadline) {
			t.Fatalf("pruned: %d %s", w.Code, w.Body)
		}
		time.Sleep(50 * time.Millisecond)
	}
	keeps, _ := open(t, forgets, t.TempDir(), nil)
	ready(t, keeps)
	if w := ask(t, opaltda.New(keeps, must(gateway.NewGate(gateway.GateConfig{}))), "GET", path, nil); w.Code != 503 {
		t.Errorf("a node that pruned what it should keep: %d", w.Code)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }
