package gateway_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/ashlar-da/ashlar/gateway"
	"github.com/ashlar-da/ashlar/gateway/celestia"
)

// socket is a client's end of a connection.
type socket struct {
	t    *testing.T
	conn *websocket.Conn
}

// frame is what comes over it.
type frame struct {
	ID     json.RawMessage
	Method string
	Params []json.RawMessage
	Result json.RawMessage
	Error  *struct {
		Code    int
		Message string
	}
}

func dialSocket(t *testing.T, h http.Handler, header http.Header) *socket {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return dialSocketAt(t, server.URL, header)
}

func dialSocketAt(t *testing.T, url string, header http.Header) *socket {
	t.Helper()
	conn, response, err := websocket.DefaultDialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(url, "http"), header)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	t.Cleanup(func() { _ = conn.Close() })
	return &socket{t, conn}
}

func (s *socket) send(format string, args ...any) {
	s.t.Helper()
	if err := s.conn.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, format, args...)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *socket) next() *frame {
	s.t.Helper()
	_ = s.conn.SetReadDeadline(time.Now().Add(time.Minute))
	var f frame
	if err := s.conn.ReadJSON(&f); err != nil {
		s.t.Fatal(err)
	}
	return &f
}

// problem is the next answer's error.
func (s *socket) problem() string {
	s.t.Helper()
	if f := s.next(); f.Error != nil {
		return fmt.Sprintf("%d %s", f.Error.Code, f.Error.Message)
	}
	return ""
}

func TestSocket(t *testing.T) {
	h := celestia.New(live(t), must(gateway.NewGate(gateway.GateConfig{})))
	s := dialSocket(t, h, nil)
	for name, c := range map[string]struct{ message, want string }{
		"no JSON":         {"{", "-32700"},
		"a batch":         {`[{"jsonrpc":"2.0","id":1,"method":"header.LocalHead"}]`, "-32600"},
		"another version": {`{"id":1,"method":"header.LocalHead"}`, "-32600"},
		"no method":       {`{"jsonrpc":"2.0","id":1,"method":"blob.Nothing"}`, "-32601"},
		"bad parameters":  {`{"jsonrpc":"2.0","id":1,"method":"blob.Subscribe","params":[7]}`, "-32602"},
		"a call":          {`{"jsonrpc":"2.0","id":1,"method":"header.LocalHead","params":[],"meta":{"SpanContext":"x"}}`, ""},
	} {
		s.send("%s", c.message)
		if problem := s.problem(); !strings.HasPrefix(problem, c.want) || c.want == "" && problem != "" {
			t.Errorf("%s: %s", name, problem)
		}
	}
	t.Run("subscription", func(t *testing.T) { subscription(t, s, h) })
	t.Run("cancel", func(t *testing.T) {
		s.send(`{"jsonrpc":"2.0","id":"w","method":"header.WaitForHeight","params":[9000000000]}`)
		s.send(`{"jsonrpc":"2.0","method":"xrpc.cancel","params":["w"]}`)
		if problem := s.problem(); !strings.Contains(problem, "given height is from the future") {
			t.Error(problem)
		}
	})
	t.Run("too many calls", func(t *testing.T) {
		for i := range 129 {
			s.send(`{"jsonrpc":"2.0","id":%d,"method":"header.WaitForHeight","params":[9000000000]}`, i)
		}
		if problem := s.problem(); !strings.Contains(problem, gateway.ErrBusy.Error()) {
			t.Error(problem)
		}
	})
	t.Run("too long a message", func(t *testing.T) {
		s := dialSocket(t, h, nil)
		s.send("%s", strings.Repeat(" ", 8<<20+1))
		if _, _, err := s.conn.ReadMessage(); err == nil {
			t.Error("the connection goes on")
		}
	})
}

// subscription hears of a blob that is submitted over the same connection, until it is cancelled.
func subscription(t *testing.T, s *socket, h http.Handler) {
	blob := newCelestiaBlob("alpha", "a blob to hear of")
	s.send(`{"jsonrpc":"2.0","id":7,"method":"blob.Subscribe","params":[%q]}`, b64(blob.Namespace))
	if f := s.next(); string(f.Result) != "1" {
		t.Fatalf("%+v", f)
	}
	height := submitted(t, h, blob)
	var event struct {
		Blobs  []celestiaBlob
		Height uint64
	}
	for event.Height < height {
		f := s.next()
		if f.Method != "xrpc.ch.val" || len(f.Params) != 2 || string(f.Params[0]) != "1" {
			t.Fatalf("%+v", f)
		}
		if err := json.Unmarshal(f.Params[1], &event); err != nil {
			t.Fatal(err)
		}
	}
	if event.Height != height || len(event.Blobs) != 1 || toJSON(event.Blobs[0]) != toJSON(blob) {
		t.Errorf("%+v at %d", event, height)
	}
	s.send(`{"jsonrpc":"2.0","method":"xrpc.cancel","params":[7]}`)
	for f := s.next(); f.Method != "xrpc.ch.close"; f = s.next() {
		if f.Method != "xrpc.ch.val" {
			t.Fatalf("%+v", f)
		}
	}
}

// TestSocketToken holds that what posts asks for the token that the connection was opened with.
func TestSocketToken(t *testing.T) {
	tokens := filepath.Join(t.TempDir(), "tokens")
	content := fmt.Appendf(nil, `[{"name":"sequencer","sha256":"%x","scopes":["blob.Submit"]}]`, sha256.Sum256([]byte("secret")))
	if err := os.WriteFile(tokens, content, 0o600); err != nil {
		t.Fatal(err)
	}
	core, _ := open(t, "http://127.0.0.1:1", t.TempDir(), nil)
	gate, err := gateway.NewGate(gateway.GateConfig{Tokens: tokens})
	if err != nil {
		t.Fatal(err)
	}
	h := celestia.New(core, gate)
	call := `{"jsonrpc":"2.0","id":1,"method":"blob.Submit","params":` + toJSON([]any{[]celestiaBlob{newCelestiaBlob("alpha", "x")}, nil}) + `}`
	for authorization, want := range map[string]string{"": "missing permission", "Bearer guess": "missing permission", "Bearer secret": gateway.ErrBehind.Error()} {
		s := dialSocket(t, h, http.Header{"Authorization": {authorization}})
		s.send("%s", call)
		if problem := s.problem(); !strings.Contains(problem, want) {
			t.Errorf("%q: %s, want %s", authorization, problem, want)
		}
	}
}

// TestLongID holds that the memory of a subscription's message is set aside for as long as its id is kept.
func TestLongID(t *testing.T) {
	gate := must(gateway.NewGate(gateway.GateConfig{Memory: gateway.NewMemory(256<<10, 1)}))
	s := dialSocket(t, celestia.New(live(t), gate), nil)
	namespace := celestiaNamespace("alpha")
	s.send(`{"jsonrpc":"2.0","id":%q,"method":"blob.Subscribe","params":[%q]}`, strings.Repeat("i", 40<<10), b64(namespace[:]))
	if f := s.next(); string(f.Result) != "1" {
		t.Fatalf("%+v", f)
	}
	if free, err := gate.Reserve(200 << 10); err == nil {
		free()
		t.Error("an id of 40 KiB is kept for nothing")
	}
}
