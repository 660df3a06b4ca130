package httpserver

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// start serves a handler until stop is called.
func start(t *testing.T, drain bool, h http.HandlerFunc) (address string, stop func()) {
	t.Helper()
	s, err := New(t.Context(), Config{Address: "127.0.0.1:0", Handler: h, Drain: drain, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	return s.Addr().String(), func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestSlowHeadersAreCutOff(t *testing.T) {
	address, stop := start(t, false, func(http.ResponseWriter, *http.Request) {})
	defer stop()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.Write([]byte("GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(6 * headerTimeout)); err != nil {
		t.Fatal(err)
	}
	if answer, err := io.ReadAll(conn); err != nil || strings.Contains(string(answer), "200") {
		t.Errorf("the server waits for headers that do not come: %q, %v", answer, err)
	}
}

// TestStop stops a server while it answers: the request is ended, or is told and goes on.
func TestStop(t *testing.T) {
	for _, drain := range []bool{false, true} {
		arrived := make(chan struct{})
		address, stop := start(t, drain, func(w http.ResponseWriter, r *http.Request) {
			close(arrived)
			select {
			case <-r.Context().Done():
				_, _ = w.Write([]byte("ended"))
			case <-Stopping(r.Context()):
				_, _ = w.Write([]byte("told"))
			}
		})
		answer := make(chan string, 1)
		go func() {
			response, err := http.Get("http://" + address)
			if err != nil {
				answer <- err.Error()
				return
			}
			body, _ := io.ReadAll(response.Body)
			_ = response.Body.Close()
			answer <- string(body)
		}()
		<-arrived
		stop()
		if got, want := <-answer, map[bool]string{false: "ended", true: "told"}[drain]; got != want {
			t.Errorf("drain %v: %s", drain, got)
		}
	}
}
