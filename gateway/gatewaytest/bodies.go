package gatewaytest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// patience is how long a fuzzed request may take: some methods wait for what does not come.
const patience = 20 * time.Millisecond

// The ways of posting a body.
const (
	whole = iota
	truncated
	huge
	// Ways is how many there are.
	Ways
)

// FuzzBodies posts anything to a JSON-RPC handler: as it is, cut off before the length that was announced, and followed by blanks
// without end. status tells whether an answer to what is whole may have that HTTP status; check, if not nil, looks at the answer.
func FuzzBodies(f *testing.F, h http.Handler, calls [][]byte, status func(int) bool, check func(t *testing.T, body, answer []byte)) {
	for _, call := range calls {
		for way := range uint8(Ways) {
			f.Add(call, way)
		}
	}
	f.Fuzz(func(t *testing.T, body []byte, way uint8) {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, "http://gateway/", nil)
		Post(r, body, way%Ways)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		switch {
		case way%Ways == truncated && w.Code != http.StatusBadRequest, way%Ways == huge && w.Code != http.StatusRequestEntityTooLarge, way%Ways == whole && !status(w.Code):
			t.Errorf("%q, %d: %d %s", body, way%Ways, w.Code, w.Body)
		case w.Code == http.StatusOK && w.Body.Len() > 0 && !json.Valid(w.Body.Bytes()):
			t.Errorf("%q: %s", body, w.Body)
		}
		if check != nil {
			check(t, body, w.Body.Bytes())
		}
	})
}

// Post gives a request a body, posted in one of the ways.
func Post[N uint8 | int](r *http.Request, body []byte, way N) {
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	switch way {
	case truncated:
		r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), brokenOff{}))
		r.ContentLength = int64(len(body)) + 1
	case huge:
		r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), blanks{}))
		r.ContentLength = -1
	}
}

// brokenOff is what net/http reads where a connection ends within a body.
type brokenOff struct{}

func (brokenOff) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// blanks has no end.
type blanks struct{}

func (blanks) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = ' '
	}
	return len(b), nil
}

// OK is a status for FuzzBodies.
func OK(status int) bool { return status == http.StatusOK }
