package relay

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ashlar-da/ashlar/da"
)

// answering serves the same answer to everything.
func answering(t testing.TB, status int, body string) *node {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body)) // who does not hear it is gone
	}))
	t.Cleanup(server.Close)
	n, err := newNode(server.URL, "")
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestNodeAnswersNonsense(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		body   string
		want   error
		says   string
	}{
		{"no JSON", 200, "<html>", da.ErrMalformed, "/v1/"},
		{"empty", 200, "{}", da.ErrMalformed, ""},
		{"no node", 404, "not found", nil, "is this the URL of an Ashlar node's HTTP API?"},
		{"an error", 404, `{"error":{"code":"not_attested","message":"height 5"}}`, nil, "not_attested: height 5"},
		{"too much", 200, strings.Repeat(" ", maxAnswer+1), nil, "exceeds"},
		{"elsewhere", 302, "", nil, "302"},
	} {
		n := answering(t, c.status, c.body)
		_, certificate := n.certificate(context.Background(), 5)
		_, rotation := n.rotation(context.Background(), 5)
		_, set := n.attesters(context.Background(), 5)
		for _, err := range []error{certificate, rotation} {
			if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: have %v, want %v, %q", c.name, err, c.want, c.says)
			}
		}
		if set == nil { // an answer without a set is one of epoch 0
			t.Errorf("%s: taken for a set", c.name)
		}
	}
}

func TestNodeURLs(t *testing.T) {
	for _, address := range []string{"", "localhost:26659", "ftp://localhost", "http://", "/x"} {
		if _, err := newNode(address, ""); err == nil {
			t.Errorf("%q is taken for a URL", address)
		}
	}
}

// FuzzAnswers: whatever a node answers, nothing panics, and what comes back has the shape that was asked for.
func FuzzAnswers(f *testing.F) {
	f.Add(`{"certificate":"00","epoch":1,"signers":"00","signature":"","attesters":[{"operator":"x","key":"00"}]}`)
	f.Add(`{"epoch":5,"total":3,"attesters":[]}`)
	f.Add(`[`)
	f.Fuzz(func(t *testing.T, body string) {
		n := answering(t, http.StatusOK, body)
		if c, err := n.certificate(context.Background(), 5); err == nil && c.Height != 5 {
			t.Errorf("the certificate of height %d", c.Height)
		}
		if s, err := n.attesters(context.Background(), 5); err == nil && s.Epoch != 5 {
			t.Errorf("the set of epoch %d", s.Epoch)
		}
		if r, err := n.rotation(context.Background(), 5); err == nil && r == nil {
			t.Error("no rotation")
		}
	})
}
