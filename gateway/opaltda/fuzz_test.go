package opaltda

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ashlar-da/ashlar/gateway/gatewaytest"
)

// FuzzHandler asks the handler anything, with no chain behind it.
func FuzzHandler(f *testing.F) {
	f.Add("POST", "/put", []byte("x"))
	f.Add("POST", "/put/0x00"+strings.Repeat("ab", 32), []byte("x"))
	f.Add("GET", "/get/0x0161"+strings.Repeat("00", 40), []byte{})
	core, gate := gatewaytest.Alone(f)
	h := newHandler(core, gate, 0)
	f.Add("PUT", "/put/0x00"+strings.Repeat("ab", 32), []byte("x"))
	f.Add("GET", "/health", []byte{})
	f.Fuzz(func(t *testing.T, method, path string, body []byte) {
		if _, err := http.NewRequestWithContext(t.Context(), method, "http://gateway"+path, nil); err != nil {
			return
		}
		r := httptest.NewRequestWithContext(t.Context(), method, "http://gateway/", bytes.NewReader(body))
		r.URL.Path = path
		for way := range gatewaytest.Ways {
			gatewaytest.Post(r, body, way)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code == 200 || w.Code == 500 {
				t.Errorf("%s %q, %d: %d %s", method, path, way, w.Code, w.Body)
			}
		}
	})
}
