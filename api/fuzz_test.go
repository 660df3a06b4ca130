package api

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

func FuzzPaths(f *testing.F) {
	for _, r := range fullRequests() {
		f.Add(r.path, "")
	}
	f.Add("/v1/namespaces/"+goodNamespace+"/blobs?from=99", "7")
	h, err := NewHandler(fullConfig(newSquares(), new(fakeSubmitter)))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, target, lastID string) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel() // streams end after what is there
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://node"+target, nil)
		if err != nil {
			return
		}
		r.Header.Set("Last-Event-ID", lastID)
		checkAnswer(t, h, r)
	})
}

func FuzzBodies(f *testing.F) {
	f.Add("namespace="+goodNamespace, []byte("a blob"))
	f.Add("namespace="+goodNamespace+"&encoding=raw", make([]byte, 32))
	f.Add("wait=included", []byte("\x01\x0a\x01a"))
	f.Add("wait=x", []byte("\x01\x0a\x00\x12\x01b"))
	h, err := NewHandler(fullConfig(newSquares(), new(fakeSubmitter)))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, query string, body []byte) {
		for _, path := range []string{"/v1/blobs", "/v1/txs"} {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://node"+path+"?"+query, bytes.NewReader(body))
			if err != nil {
				return
			}
			checkAnswer(t, h, r)
		}
	})
}

// checkAnswer fails if a request brings out anything but an answer or an error of the API
// other than internal ones; rows 2 and 3 of the fake square are meant to.
func checkAnswer(t *testing.T, h http.Handler, r *http.Request) {
	t.Helper()
	w := &statusRecorder{recorder: recorder{header: http.Header{}}, status: 200}
	h.ServeHTTP(w, r)
	if w.status < 400 {
		return
	}
	var answer ErrorBody
	if err := json.Unmarshal(w.body.Bytes(), &answer); err != nil {
		t.Fatalf("status %d: %v: %q", w.status, err, w.body.String())
	}
	if answer.Error.Code == CodeInternal && !strings.Contains(r.URL.Path, "/cells/") {
		t.Errorf("%s %s: internal", r.Method, r.URL)
	}
}

type statusRecorder struct {
	recorder
	status int
}

func (r *statusRecorder) WriteHeader(status int) { r.status = status }
