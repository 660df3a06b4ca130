package beacon

import (
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/gateway"
)

// FuzzHandler asks the handler anything, with no chain behind it.
func FuzzHandler(f *testing.F) {
	f.Add("/eth/v1/beacon/blobs/1", "versioned_hashes=0x01"+strings.Repeat("00", 31))
	f.Add("/eth/v1/beacon/blobs/head", "")
	f.Add("/eth/v1/beacon/blob_sidecars/7", "indices=1,2")
	c, err := client.New(f.Context(), client.Config{URL: "http://127.0.0.1:1"})
	if err != nil {
		f.Fatal(err)
	}
	core, err := gateway.New(gateway.Config{
		Client: c, Namespace: da.Namespace{28: 1, 27: 1}, Index: filepath.Join(f.TempDir(), "index"), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		f.Fatal(err)
	}
	gate, err := gateway.NewGate("", 0)
	if err != nil {
		f.Fatal(err)
	}
	h := New(core, gate)
	f.Fuzz(func(t *testing.T, path, query string) {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "http://gateway/", nil)
		r.URL.Path, r.URL.RawQuery = path, query
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code == 500 || w.Code >= 400 && !json.Valid(w.Body.Bytes()) {
			t.Errorf("%q?%q: %d %s", path, query, w.Code, w.Body)
		}
	})
}
