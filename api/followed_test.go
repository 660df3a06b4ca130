package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/da/chain"
)

// fakeFollowed answers for a namespace with the errors of a script, in turn, and then with what
// the fake squares have.
type fakeFollowed struct {
	script map[uint64][]error
}

func (f fakeFollowed) Newest() uint64 { return 5 }

func (f fakeFollowed) Header(ctx context.Context, height uint64) (*chain.Header, error) {
	return fakeChain{newSquares()}.Header(ctx, height)
}

func (f fakeFollowed) Namespace(_ context.Context, ns da.Namespace, height uint64) (*NamespaceBlobs, error) {
	if left := f.script[height]; len(left) > 0 {
		f.script[height] = left[1:]
		return nil, left[0]
	}
	entries, proof, err := testIndex().Namespace(ns)
	return ShowNamespace(testHeader(), height, ns, entries, proof), err
}

func (f fakeFollowed) Blob(_ context.Context, height uint64, id da.BlobID) ([]byte, error) {
	return fmt.Appendf(nil, "%s of %d", id, height), nil
}

func followedConfig(script map[uint64][]error) Config {
	c := lightConfig()
	c.Light.Followed = fakeFollowed{script}
	return c
}

// lines are what a stream sent, without comments and bodies.
func lines(body string) (lines []string) {
	for line := range strings.Lines(body) {
		if strings.HasPrefix(line, "id: ") || strings.HasPrefix(line, "event: ") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

// TestFollowedStreamLeavesNothingOut has heights come late, for each reason there is, and one that
// never comes.
func TestFollowedStreamLeavesNothingOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		unavailable := fmt.Errorf("%w: unavailable", da.ErrNotFound)
		contradicted := fmt.Errorf("%w: contradicted", da.ErrInvalidProof)
		h := newHandler(t, followedConfig(map[uint64][]error{
			3: {da.ErrFutureHeight, da.ErrFutureHeight},
			4: {unavailable, unavailable, fmt.Errorf("%w: all silent", ErrNoPeer), unavailable},
			5: {context.DeadlineExceeded},
			6: {contradicted},
		}))
		w := ask(h, "GET", "/v1/namespaces/"+goodNamespace+"/blobs?from=2", nil)
		want := []string{
			"id: 2", "event: blobs", "id: 3", "event: blobs",
			"event: waits", "event: waits", "event: waits", "id: 4", "event: blobs",
			"event: waits", "id: 5", "event: blobs", "event: error",
		}
		if got := lines(w.Body.String()); w.Code != http.StatusOK || strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("%d\n have %q\n want %q", w.Code, got, want)
		}
		if !strings.Contains(w.Body.String(), `"code":"invalid_proof"`) {
			t.Errorf("the end does not say why: %s", w.Body)
		}
	})
}

func TestFollowedAnswers(t *testing.T) {
	script := func() map[uint64][]error {
		return map[uint64][]error{3: {da.ErrPruned}, 4: {da.ErrInvalidProof}, 5: {da.ErrFutureHeight}}
	}
	id := testIndex().Entries[0].ID.String()
	space := "/v1/namespaces/" + goodNamespace + "/blobs"
	for path, want := range map[string]struct {
		status int
		says   string
	}{
		space + "?height=2":                     {200, `"proof"`},
		space:                                   {404, "future_height"}, // of the newest
		space + "?height=3":                     {410, "pruned"},
		space + "?height=4":                     {422, "invalid_proof"},
		space + "?from=3":                       {410, "pruned"}, // nothing was sent yet
		space + "?from=x":                       {400, "bad_request"},
		space + "?from=2&height=2":              {400, "bad_request"},
		"/v1/namespaces/00/blobs":               {400, "bad_request"},
		"/v1/headers/4":                         {200, `"header_proof"`},
		"/v1/headers/latest":                    {200, `"height":5`},
		"/v1/blobs/" + id + "/data?height=4":    {200, id + " of 4"},
		"/v1/blobs/" + id + "/data":             {400, "height is missing"},
		"/v1/blobs/00/data?height=4":            {400, "bad_request"},
		"/v1/blobs/" + id + "/data?height=zero": {400, "bad_request"},
	} {
		w := ask(newHandler(t, followedConfig(script())), "GET", path, nil)
		if w.Code != want.status || !strings.Contains(w.Body.String(), want.says) {
			t.Errorf("%s: %d %.300s, want %d saying %s", path, w.Code, w.Body, want.status, want.says)
		}
	}
	if w := ask(newHandler(t, lightConfig()), "GET", space+"?height=2", nil); w.Code != http.StatusNotFound {
		t.Errorf("a node that follows nothing: %d", w.Code)
	}
}
