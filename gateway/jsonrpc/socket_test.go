package jsonrpc_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/ashlar-da/ashlar/gateway"
	"github.com/ashlar-da/ashlar/gateway/gatewaytest"
	"github.com/ashlar-da/ashlar/gateway/jsonrpc"
)

// FuzzSocket sends anything over a connection, in two messages, and a call after them: either the connection has ended, or the call is
// answered, with all that came being JSON.
func FuzzSocket(f *testing.F) {
	_, gate := gatewaytest.Alone(f)
	h := jsonrpc.New(jsonrpc.Config{
		Methods: map[string]jsonrpc.Method{
			"last": {Call: func(context.Context, []json.RawMessage) (any, error) { return "last", nil }},
			"wait": {Call: func(ctx context.Context, _ []json.RawMessage) (any, error) { <-ctx.Done(); return nil, ctx.Err() }},
		},
		Streams: map[string]jsonrpc.Stream{"stream": func(_ context.Context, params []json.RawMessage) (func(context.Context) (any, error), error) {
			var left int
			if err := jsonrpc.Read(params, &left); err != nil {
				return nil, err
			}
			return func(context.Context) (any, error) {
				if left--; left < 0 || left > 3 {
					return nil, errors.New("the end")
				}
				return left, nil
			}, nil
		}},
		Gate: gate, Guard: &gateway.Guard{Log: slog.New(slog.DiscardHandler)}, Health: func() error { return nil }, MaxBody: 1 << 12,
	})
	server := httptest.NewServer(h)
	f.Cleanup(server.Close)
	for _, message := range []string{
		`{"jsonrpc":"2.0","id":1,"method":"wait"}`, `{"jsonrpc":"2.0","method":"xrpc.cancel","params":[1]}`, `{"jsonrpc":"2.0","id":"s","method":"stream","params":[3]}`,
		`{"jsonrpc":"2.0","id":1,"method":"stream","params":[`, `[]`, ``, `{"jsonrpc":"2.0","id":1,"method":"xrpc.ch.val","params":[1,2]}`, strings.Repeat(" ", 1<<12+1),
	} {
		f.Add([]byte(message), []byte(`{"jsonrpc":"2.0","method":"xrpc.cancel","params":["s"]}`))
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		conn, response, err := websocket.DefaultDialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(server.URL, "http"), nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		defer func() { _ = conn.Close() }()
		for _, message := range [][]byte{first, second, []byte(`{"jsonrpc":"2.0","id":"the last","method":"last"}`)} {
			_ = conn.WriteMessage(websocket.TextMessage, message) // the connection may have ended
		}
		_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
		for {
			_, message, err := conn.ReadMessage()
			if err != nil {
				if within(first) && within(second) {
					t.Errorf("%q, %q: the connection ends: %v", first, second, err)
				}
				return
			}
			if !json.Valid(message) {
				t.Errorf("%q, %q: %q", first, second, message)
			}
			if strings.Contains(string(message), `"the last"`) {
				return
			}
		}
	})
}

// within tells whether a message is within the bound.
func within(message []byte) bool { return len(message) <= 1<<12 }
