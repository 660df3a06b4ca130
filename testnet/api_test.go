package testnet

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestAPIErrorsNameCauseAndHint(t *testing.T) {
	for body, want := range map[string]APIError{
		`{"error":{"code":"fee_too_low","message":"m","hint":"h","retryable":true}}`: {400, "fee_too_low", "m", "h", true},
		`{"error":{}}`:           {400, "unknown", `{"error":{}}`, "", false},
		"404 page not found":     {400, "unknown", "404 page not found", "", false},
		strings.Repeat("x", 999): {400, "unknown", strings.Repeat("x", 199) + "…", "", false},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, body)
		}))
		_, err := API{server.URL}.BlobData(t.Context(), "id")
		server.Close()
		var have *APIError
		if !errors.As(err, &have) || *have != want {
			t.Errorf("%s: have %v", body, err)
		}
	}
}

func TestPostBlobSendsTheBytesAsTheyAre(t *testing.T) {
	data := []byte{0, 255, '\n', 1}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		have, _ := io.ReadAll(r.Body)
		query := r.URL.Query()
		if !bytes.Equal(have, data) || query.Get("namespace") != "ns" || query.Get("encoding") != "raw" || query.Get("wait") != "included" {
			http.Error(w, r.URL.String(), http.StatusTeapot)
			return
		}
		_, _ = io.WriteString(w, `{"id":"abc","status":"included","height":7}`)
	}))
	defer server.Close()
	posted, err := API{server.URL}.PostBlob(t.Context(), "ns", "raw", data)
	if err != nil || posted != (Posted{"abc", "included", 7}) {
		t.Errorf("have %v, %v", posted, err)
	}
}

func TestWait(t *testing.T) {
	errNotYet := errors.New("not yet")
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		ready := func(context.Context) (bool, error) { calls++; return calls == 4, nil }
		if err := Wait(t.Context(), time.Minute, "four calls", ready); err != nil || calls != 4 {
			t.Errorf("have %v after %d calls", err, calls)
		}
		never := func(context.Context) (bool, error) { return false, errNotYet }
		err := Wait(t.Context(), time.Minute, "what never comes", never)
		if !errors.Is(err, errNotYet) || !strings.Contains(err.Error(), "what never comes") {
			t.Errorf("have %v; want what was waited for and the last error", err)
		}
		ended, cancel := context.WithCancelCause(t.Context())
		cancel(ErrExited)
		if err := Wait(ended, time.Minute, "a node that is gone", never); !errors.Is(err, ErrExited) {
			t.Errorf("have %v; want why the network ended", err)
		}
	})
}
