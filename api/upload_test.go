package api

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ashlar-da/ashlar/api/httpserver"
)

// pipes is a listener whose connections are in memory, so that their deadlines follow the
// clock of a synctest bubble.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// dial opens a connection and begins a POST of length bytes on it.
func (p *pipes) dial(t *testing.T, path string, length int) net.Conn {
	t.Helper()
	near, far := net.Pipe()
	p.conns <- far
	if _, err := fmt.Fprintf(near, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", path, length); err != nil {
		t.Fatal(err)
	}
	return near
}

// servePipes runs a server in a bubble and calls test; all ends with it.
func servePipes(t *testing.T, config Config, test func(t *testing.T, p *pipes)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		config, err := config.resolve()
		if err != nil {
			t.Fatal(err)
		}
		p := &pipes{make(chan net.Conn), make(chan struct{})}
		s := &Server{httpserver.Over(p, httpserver.Config{Handler: newHandler(t, config), Log: config.Log})}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		test(t, p)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// answerTo reads an answer's status and body, and closes the connection.
func answerTo(t *testing.T, conn net.Conn) (int, string) {
	t.Helper()
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	return response.StatusCode, string(body)
}

const postPath = "/v1/blobs?namespace=" + goodNamespace

// TestSilentBodiesLoseTheirSlots begins as many uploads as there are slots and sends
// nothing: the next is refused, and taken a few seconds later.
func TestSilentBodiesLoseTheirSlots(t *testing.T) {
	servePipes(t, fullConfig(newSquares(), new(fakeSubmitter)), func(t *testing.T, p *pipes) {
		silent := make([]net.Conn, maxUploads)
		for i := range silent {
			silent[i] = p.dial(t, postPath, 1000)
		}
		synctest.Wait()
		if status, body := answerTo(t, p.dial(t, postPath, 1)); status != http.StatusTooManyRequests {
			t.Errorf("one upload too many: %d %s", status, body)
		}
		time.Sleep(bodyGrace)
		for _, conn := range silent {
			if status, body := answerTo(t, conn); status != http.StatusGatewayTimeout || !strings.Contains(body, "too slowly") {
				t.Errorf("a body that does not come: %d %s", status, body)
			}
		}
		conn := p.dial(t, postPath, 1)
		var sending sync.WaitGroup
		defer sending.Wait()
		sending.Go(func() { _, _ = conn.Write([]byte("x")) })
		if status, body := answerTo(t, conn); status != http.StatusOK {
			t.Errorf("after that: %d %s", status, body)
		}
	})
}

// TestBodiesMustKeepUp sends bodies in one piece a second.
func TestBodiesMustKeepUp(t *testing.T) {
	for _, test := range []struct {
		name          string
		piece, pieces int
		status        int
	}{
		{"as slow as may be", bodyRate, 28, http.StatusOK},
		{"half as fast", bodyRate / 2, 28, http.StatusGatewayTimeout},
		{"a byte at a time", 1, 28, http.StatusGatewayTimeout},
		{"a byte at a time, but soon done", 1, 4, http.StatusOK},
	} {
		t.Run(test.name, func(t *testing.T) {
			servePipes(t, fullConfig(newSquares(), new(fakeSubmitter)), func(t *testing.T, p *pipes) {
				conn := p.dial(t, postPath, test.piece*test.pieces)
				var sending sync.WaitGroup
				defer sending.Wait()
				sending.Go(func() {
					for range test.pieces {
						time.Sleep(time.Second)
						if _, err := conn.Write(make([]byte, test.piece)); err != nil {
							return
						}
					}
				})
				if status, body := answerTo(t, conn); status != test.status {
					t.Errorf("status %d, want %d: %s", status, test.status, body)
				}
			})
		})
	}
}

// TestWaitingForABlockHoldsNoUpload has more posts wait than may be uploaded at once.
func TestWaitingForABlockHoldsNoUpload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHandler(t, fullConfig(newSquares(), new(fakeSubmitter)))
		codes := make(chan int, maxPosts)
		for range maxPosts {
			go func() { codes <- ask(h, "POST", postPath+"&wait=included", []byte("never")).Code }()
			synctest.Wait()
		}
		if w := ask(h, "POST", postPath, []byte("x")); w.Code != http.StatusTooManyRequests {
			t.Errorf("one post too many: %d %s", w.Code, w.Body)
		}
		if w := ask(h, "GET", "/v1/status", nil); w.Code != http.StatusOK {
			t.Errorf("reading while all posts wait: %d", w.Code)
		}
		for range maxPosts {
			if code := <-codes; code != http.StatusGatewayTimeout {
				t.Errorf("a post whose block does not come: %d", code)
			}
		}
	})
}
