package beacon

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ashlar-da/ashlar/gateway/gatewaytest"
)

// FuzzHandler asks the handler anything, with no chain behind it.
func FuzzHandler(f *testing.F) {
	f.Add("/eth/v1/beacon/blobs/1", "versioned_hashes=0x01"+strings.Repeat("00", 31))
	f.Add("/eth/v1/beacon/blobs/head", "")
	f.Add("/eth/v1/beacon/blob_sidecars/7", "indices=1,2")
	core, gate := gatewaytest.Alone(f)
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
