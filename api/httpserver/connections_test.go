package httpserver

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"
)

// TestConnectionsAreBounded opens more connections than a server takes: those that are idle make room, the longest idle first, and
// those in use do not.
func TestConnectionsAreBounded(t *testing.T) {
	busy, end := make(chan struct{}), make(chan struct{})
	s, err := New(t.Context(), Config{Address: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler), Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/busy" {
			busy <- struct{}{}
			<-end
		}
	})})
	if err != nil {
		t.Fatal(err)
	}
	s.most = 3
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	open := func(path string) net.Conn {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		_ = conn.SetDeadline(time.Now().Add(time.Minute))
		_, _ = io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n") // who is closed hears so when it reads
		return conn
	}
	answered := func(conn net.Conn) bool {
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		return err == nil && response.Body.Close() == nil
	}
	used := open("/busy")
	<-busy
	var idle [5]net.Conn
	for i := range idle {
		if idle[i] = open("/"); !answered(idle[i]) {
			t.Fatalf("connection %d is not served", i)
		}
	}
	for i := range idle[:3] {
		if _, err := idle[i].Read(make([]byte, 1)); err == nil {
			t.Errorf("connection %d is open", i)
		}
	}
	end <- struct{}{}
	if !answered(used) {
		t.Error("a connection in use was closed")
	}
	for range 3 {
		_ = open("/busy")
		<-busy
	}
	if answered(open("/")) {
		t.Error("a connection more than are taken, all of them in use")
	}
	close(end)
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
