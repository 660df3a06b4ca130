package api

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ashlar-da/ashlar/da"
)

// start runs a server until the test ends.
func start(t *testing.T, config Config) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s, err := New(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return "http://" + s.Addr().String()
}

// event is a server-sent event as a client sees it.
type event struct{ id, kind, data string }

// listen asks for a stream and returns a function that reads its next event.
func listen(t *testing.T, url, lastID string) (next func() event) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	if got := response.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Fatalf("status %d, content type %q", response.StatusCode, got)
	}
	lines := bufio.NewScanner(response.Body)
	return func() (e event) {
		for lines.Scan() && (lines.Text() != "" || e == event{}) {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch name {
			case "id":
				e.id = value
			case "event":
				e.kind = value
			case "data":
				e.data = value
			}
		}
		return e
	}
}

func TestNamespaceStreamResumesWithoutLoss(t *testing.T) {
	squares := newSquares()
	url := start(t, fullConfig(squares, new(fakeSubmitter))) + "/v1/namespaces/" + goodNamespace + "/blobs?from="
	next := listen(t, url+"3", "")
	for _, want := range []event{{id: "3", kind: "blobs"}, {id: "4", kind: "gap"}, {id: "5", kind: "blobs"}} {
		if got := next(); got.id != want.id || got.kind != want.kind {
			t.Fatalf("event %s %s, want %s %s", got.kind, got.id, want.kind, want.id)
		}
	}
	squares.grow()
	got := next()
	var blobs NamespaceBlobs
	if err := json.Unmarshal([]byte(got.data), &blobs); err != nil || got.id != "6" {
		t.Fatalf("event %s: %v", got.id, err)
	}
	checkComplete(t, &blobs)
	squares.grow()
	if again := listen(t, url+"3", "5"); again().id != "6" || again().id != "7" {
		t.Error("after event 5 come 6 and 7")
	}
	if latest := listen(t, url+"latest", ""); latest().id != "7" {
		t.Error("from=latest begins at height 7")
	}
}

// checkComplete verifies an answer's proof with nothing but the answer.
func checkComplete(t *testing.T, blobs *NamespaceBlobs) {
	t.Helper()
	proof := da.NamespaceProof{Start: blobs.Proof.Start, End: blobs.Proof.End, LeafHash: blobs.Proof.LeafHash}
	for _, node := range blobs.Proof.Nodes {
		proof.Nodes = append(proof.Nodes, node)
	}
	var encoded [][]byte
	for _, e := range blobs.Entries {
		encoded = append(encoded, e.Encoded)
	}
	if err := proof.Verify([da.IndexRootSize]byte(blobs.IndexRoot), blobs.Namespace, encoded); err != nil || len(encoded) != 2 {
		t.Errorf("%d entries: %v", len(encoded), err)
	}
}

func TestInclusionProofsHold(t *testing.T) {
	h := newHandler(t, fullConfig(newSquares(), new(fakeSubmitter)))
	var blob Blob
	if err := json.Unmarshal(ask(h, "GET", "/v1/blobs/"+testEntry(1, "two", 65).ID.String(), nil).Body.Bytes(), &blob); err != nil {
		t.Fatal(err)
	}
	if len(blob.Inclusions) != 2 || blob.Inclusions[0].Height != 5 || blob.Inclusions[1].Height != 3 {
		t.Fatalf("inclusions %+v", blob.Inclusions)
	}
	header, in := testHeader(), blob.Inclusions[0]
	proof := da.EntryProof{Index: in.EntryProof.Index}
	for _, node := range in.EntryProof.Nodes {
		proof.Nodes = append(proof.Nodes, node)
	}
	if err := proof.Verify(header.IndexRoot, blob.Namespace, in.Entry.Encoded); err != nil {
		t.Error(err)
	}
	var path da.BlobTreeProof
	for _, sibling := range in.BlobTreeProof {
		path = append(path, [da.HashSize]byte(sibling))
	}
	if err := path.Verify(header.BlobTreeRoot, blob.ID); err != nil {
		t.Error(err)
	}
}

// crowded has the blob of testEntry posted 20 times at each height by others, and at height 3 last
// by its first signer.
type crowded struct{ *fakeSquares }

func (c crowded) Index(_ context.Context, height uint64) (*da.Index, error) {
	var entries []da.Entry
	for i := range uint32(21) {
		e := testEntry(1, "two", 64+i)
		if height != 3 || i < 20 {
			e.Signer = [da.AddressSize]byte{8}
		}
		entries = append(entries, e)
	}
	return da.NewIndex(entries)
}

// TestOthersCannotHideAnInclusion looks for what one account posted among what others did.
func TestOthersCannotHideAnInclusion(t *testing.T) {
	squares := newSquares()
	for range 2 * maxInclusions {
		squares.grow()
	}
	config := fullConfig(squares, new(fakeSubmitter))
	config.Full.Squares = crowded{squares}
	h := newHandler(t, config)
	path := "/v1/blobs/" + testEntry(1, "two", 64).ID.String()
	mine := "signer=" + da.FormatAddress([da.AddressSize]byte{9})
	for _, test := range []struct {
		query  string
		status int
		shown  int
		height uint64
		says   string
	}{
		{"", 200, maxInclusions, 37, `"more":true`},
		{"?height=3", 200, maxInclusions, 3, `"more":true`},
		{"?height=3&" + mine, 200, 1, 3, `"more":false`},
		{"?before=4&" + mine, 200, 1, 3, `"more":false`},
		{"?before=19&" + mine, 200, 1, 3, `"more":true`},
		{"?" + mine, 404, 0, 0, "add before=22 "},
		{"?before=22&" + mine, 404, 0, 0, "add before=6 "},
		{"?before=6&" + mine, 200, 1, 3, `"more":false`},
	} {
		w := ask(h, "GET", path+test.query, nil)
		var blob Blob
		if err := json.Unmarshal(w.Body.Bytes(), &blob); err != nil {
			t.Fatal(err)
		}
		if w.Code != test.status || len(blob.Inclusions) != test.shown || !strings.Contains(w.Body.String(), test.says) {
			t.Errorf("%s: %d, %d inclusions, want %d saying %s: %.200s", test.query, w.Code, len(blob.Inclusions), test.shown, test.says, w.Body)
		}
		if test.shown > 0 && blob.Inclusions[0].Height != test.height {
			t.Errorf("%s: height %d, want %d", test.query, blob.Inclusions[0].Height, test.height)
		}
	}
}

func TestLightEventsResume(t *testing.T) {
	url := start(t, lightConfig()) + "/v1/events"
	next := listen(t, url, "")
	for _, want := range []string{"1", "2", "3", ""} { // the node closes the stream after three
		if got := next(); got.id != want {
			t.Errorf("event %q, want %q", got.id, want)
		}
	}
	if got := listen(t, url, "2")(); got.id != "3" || got.kind != "verdict" || got.data != `{"height":3,"verdict":"available"}` {
		t.Errorf("after event 2: %+v", got)
	}
	if w := ask(newHandler(t, lightConfig()), "GET", "/v1/events", nil, "Last-Event-ID", "x"); w.Code != http.StatusBadRequest {
		t.Errorf("a false Last-Event-ID: %d", w.Code)
	}
}

func TestSilentStreamBeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		squares := newSquares()
		h := newHandler(t, fullConfig(squares, new(fakeSubmitter)))
		ctx, cancel := context.WithCancel(t.Context())
		w := &recorder{header: http.Header{}}
		done := make(chan struct{})
		go func() {
			defer close(done)
			r, err := http.NewRequestWithContext(ctx, "GET", "/v1/namespaces/"+goodNamespace+"/blobs?from=6", nil)
			if err != nil {
				t.Error(err)
			}
			h.ServeHTTP(w, r)
		}()
		time.Sleep(2*heartbeat + time.Second)
		cancel()
		<-done
		if got := w.body.String(); got != ": alive\n\n: alive\n\n" {
			t.Errorf("a silent stream says %q", got)
		}
	})
}

// recorder is an answer that knows no deadlines.
type recorder struct {
	header http.Header
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(int)             {}
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }
func (r *recorder) Flush()                      {}

func TestOpenAPIIsWhatIsMounted(t *testing.T) {
	for name, config := range map[string]Config{"full": fullConfig(newSquares(), new(fakeSubmitter)), "light": lightConfig()} {
		h := newHandler(t, config)
		var document struct {
			Paths map[string]map[string]struct {
				Parameters []struct{ Name, In string }
			}
		}
		if err := json.Unmarshal(ask(h, "GET", "/openapi.json", nil).Body.Bytes(), &document); err != nil {
			t.Fatal(err)
		}
		resolved, err := config.resolve()
		if err != nil {
			t.Fatal(err)
		}
		routes := (&handler{config: resolved}).routes()
		described := 0
		for path, methods := range document.Paths {
			described += len(methods)
			for method, operation := range methods {
				checkMounted(t, h, strings.ToUpper(method), path)
				for _, p := range operation.Parameters {
					if inPath := strings.Contains(path, "{"+p.Name+"}"); inPath != (p.In == "path") {
						t.Errorf("%s %s: parameter %s is in %s", method, path, p.Name, p.In)
					}
				}
				if n := strings.Count(path, "{"); n > len(operation.Parameters) {
					t.Errorf("%s %s: %d parameters are described", method, path, len(operation.Parameters))
				}
			}
		}
		if described != len(routes) {
			t.Errorf("%s: %d endpoints are described, %d mounted", name, described, len(routes))
		}
	}
}

// checkMounted fails if a request to a described endpoint finds none.
func checkMounted(t *testing.T, h http.Handler, method, path string) {
	t.Helper()
	filled := strings.NewReplacer("{height}", "5", "{id}", noHash, "{row}", "0", "{col}", "0", "{namespace}", goodNamespace, "{address}", "x").Replace(path)
	if w := ask(h, method, filled, nil); strings.Contains(w.Body.String(), "there is no endpoint") {
		t.Errorf("%s %s is described and not mounted", method, path)
	}
}

func TestOriginsAreAllowedByList(t *testing.T) {
	h := newHandler(t, fullConfig(newSquares(), new(fakeSubmitter)))
	const posting = "/v1/blobs?namespace=" + goodNamespace
	tests := []struct {
		method, path, origin string
		status               int
		allowed              string
	}{
		{"GET", "/v1/status", "", 200, ""},
		{"GET", "/v1/status", "https://ours.example", 200, "https://ours.example"},
		{"GET", "/v1/status", "https://theirs.example", 200, ""},
		{"OPTIONS", posting, "https://ours.example", 204, "https://ours.example"},
		{"OPTIONS", posting, "https://theirs.example", 204, ""},
		{"POST", posting, "https://ours.example", 200, "https://ours.example"},
		{"POST", posting, "https://theirs.example", 401, ""},
		{"POST", posting, "null", 401, ""},
	}
	for _, test := range tests {
		header := []string{}
		if test.origin != "" {
			header = []string{"Origin", test.origin}
		}
		w := ask(h, test.method, test.path, []byte("blob"), header...)
		if w.Code != test.status || w.Header().Get("Access-Control-Allow-Origin") != test.allowed {
			t.Errorf("%+v: status %d, allowed %q", test, w.Code, w.Header().Get("Access-Control-Allow-Origin"))
		}
	}
}

func tokenLine(name, token, scope, expires string) string {
	return fmt.Sprintf(`{"name":%q,"sha256":"%x","scopes":[%q]%s}`, name, sha256.Sum256([]byte(token)), scope, expires)
}

func TestTokensGuardWrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokens.json")
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	write := func(lines ...string) {
		t.Helper()
		if err := os.WriteFile(path, []byte("["+strings.Join(lines, ",")+"]"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(tokenLine("all", "a", "*", ""), tokenLine("txs", "b", "/v1/txs", ""), tokenLine("june", "c", "*", `,"expires":"2026-06-02T00:00:00Z"`))
	config := fullConfig(newSquares(), new(fakeSubmitter))
	config.Tokens, config.Now = path, func() time.Time { return now }
	h := newHandler(t, config)
	check := func(name, authorization string, status int) {
		t.Helper()
		w := ask(h, "POST", "/v1/blobs?namespace="+goodNamespace, []byte("blob"), "Authorization", authorization)
		if w.Code != status {
			t.Errorf("%s: status %d, want %d: %s", name, w.Code, status, w.Body)
		}
	}
	check("no token", "", 401)
	check("an unknown token", "Bearer x", 401)
	check("another scheme", "Basic a", 401)
	check("an empty token", "Bearer ", 401)
	check("a hash for a token", "Bearer "+hex.EncodeToString(make([]byte, 32)), 401)
	check("a valid token", "Bearer a", 200)
	check("another scope", "Bearer b", 401)
	check("before it expires", "Bearer c", 200)
	now = now.Add(24 * time.Hour)
	check("once it expired", "Bearer c", 401)
	write(tokenLine("txs", "b", "/v1/txs", ""))
	check("once it is revoked", "Bearer a", 401)
	if w := ask(h, "GET", "/v1/status", nil); w.Code != 200 {
		t.Errorf("reading takes no token: %d", w.Code)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	check("without the file", "Bearer b", 500)
}

func TestNoServerWithoutItsTokenFile(t *testing.T) {
	config := fullConfig(newSquares(), new(fakeSubmitter))
	config.Tokens = filepath.Join(t.TempDir(), "missing")
	if _, err := New(t.Context(), config); err == nil {
		t.Error("a missing file: no error")
	}
}

func TestBodyOfUnknownLengthIsCapped(t *testing.T) {
	h := newHandler(t, fullConfig(newSquares(), new(fakeSubmitter)))
	endless := io.LimitReader(zeros{}, 1<<40)
	r, err := http.NewRequestWithContext(t.Context(), "POST", "/v1/txs", struct{ io.Reader }{endless})
	if err != nil {
		t.Fatal(err)
	}
	w := &recorder{header: http.Header{}}
	h.ServeHTTP(w, r)
	if !strings.Contains(w.body.String(), string(CodeTooLarge)) {
		t.Errorf("an endless body: %s", w.body.String())
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func TestConfigIsChecked(t *testing.T) {
	good := fullConfig(newSquares(), new(fakeSubmitter))
	tests := map[string]func(*Config){
		"no log":            func(c *Config) { c.Log = nil },
		"no node":           func(c *Config) { c.Full = nil },
		"two nodes":         func(c *Config) { c.Light = lightConfig().Light },
		"half a node":       func(c *Config) { c.Full = &Full{} },
		"an empty light":    func(c *Config) { c.Full, c.Light = nil, &Light{} },
		"no port":           func(c *Config) { c.Address = "localhost" },
		"a negative bound":  func(c *Config) { c.MaxStreams = -1 },
		"an address in use": func(c *Config) { c.Address = "256.0.0.1:1" },
	}
	for name, corrupt := range tests {
		config := good
		corrupt(&config)
		if s, err := New(t.Context(), config); err == nil {
			t.Errorf("%s: no error, listens on %s", name, s.Addr())
		}
	}
	s, err := New(t.Context(), good)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(s.Addr().String(), "127.0.0.1:") {
		t.Errorf("by default it listens on %s", s.Addr())
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
