package gateway

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"
)

// What a slow or idle peer can hold of a connection, and how long requests in flight may take once the server stops.
const (
	headerTimeout  = 5 * time.Second
	idleTimeout    = 2 * time.Minute
	maxHeaderBytes = 16 << 10
	drainTimeout   = 5 * time.Second
)

// ServerConfig is what a Server is made of. Protocol, Address, Handler and Log are required.
type ServerConfig struct {
	// Protocol names what Handler speaks, in logs and metrics.
	Protocol string
	// Address is where to listen, host:port.
	Address string
	Handler http.Handler
	// Certificate and Key are files in PEM; both empty: the connection is not encrypted.
	Certificate, Key string
	// Requests counts answers by protocol and status; nil: nobody does.
	Requests *prometheus.CounterVec
	Log      *slog.Logger
}

// NewRequests makes the counter for ServerConfig.Requests.
func NewRequests() *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "ashlar_gateway_http_answers_total", Help: "HTTP answers by protocol and status.",
	}, []string{"protocol", "status"})
}

// Server serves one protocol. NewServer binds its address, Run serves.
type Server struct {
	config   ServerConfig
	listener net.Listener
}

// NewServer reads the certificate, if there is one, and binds the address.
func NewServer(ctx context.Context, config ServerConfig) (*Server, error) {
	if config.Handler == nil || config.Log == nil {
		return nil, errors.New("gateway: a server needs Handler and Log")
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", config.Address)
	if err != nil {
		return nil, fmt.Errorf("gateway: %s: listen: %w", config.Protocol, err)
	}
	if config.Certificate == "" && config.Key == "" {
		return &Server{config, listener}, nil
	}
	pair, err := tls.LoadX509KeyPair(config.Certificate, config.Key)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("gateway: %s: certificate: %w", config.Protocol, err), listener.Close())
	}
	listener = tls.NewListener(listener, &tls.Config{
		Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
	})
	return &Server{config, listener}, nil
}

// Addr is the address bound.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Close gives the address up if Run is not going to be called.
func (s *Server) Close() error { return s.listener.Close() }

// Run serves until ctx ends, which is no error, then lets requests in flight end.
func (s *Server) Run(ctx context.Context) error {
	serving, end := context.WithCancel(ctx)
	defer end()
	server := &http.Server{
		BaseContext: func(net.Listener) context.Context {
			return context.WithValue(context.Background(), stoppingKey{}, serving.Done())
		},
		Handler: s.watched(), ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
		ErrorLog: slog.NewLogLogger(s.config.Log.Handler(), slog.LevelDebug),
	}
	var group errgroup.Group
	group.Go(func() error {
		<-serving.Done()
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
		defer cancel()
		if err := server.Shutdown(drain); err != nil {
			return server.Close()
		}
		return nil
	})
	group.Go(func() error {
		defer end()
		if err := server.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("gateway: %s: serve: %w", s.config.Protocol, err)
		}
		return nil
	})
	return group.Wait()
}

type stoppingKey struct{}

// Stopping is closed when the server that a request came to stops: connections that a handler took over are the
// handler's to end. Nil outside of a Server's requests.
func Stopping(ctx context.Context) <-chan struct{} {
	stopping, _ := ctx.Value(stoppingKey{}).(<-chan struct{})
	return stopping
}

// watched counts answers, and turns panics into answers. What another site's page has a browser post is refused: a gateway
// on loopback would pay for it.
func (s *Server) watched() http.Handler {
	handler := http.NewCrossOriginProtection().Handler(s.config.Handler)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		watched := &answer{ResponseWriter: w, status: http.StatusOK}
		defer func() {
			if cause := recover(); cause != nil {
				s.config.Log.Error("panic in a request", "protocol", s.config.Protocol, "cause", cause, "stack", string(debug.Stack()))
				http.Error(watched, "internal error", http.StatusInternalServerError)
			}
			if s.config.Requests != nil {
				s.config.Requests.WithLabelValues(s.config.Protocol, strconv.Itoa(watched.status)).Inc()
			}
		}()
		w.Header().Set("X-Content-Type-Options", "nosniff")
		_ = http.NewResponseController(w).SetWriteDeadline(time.Time{}) // of the connection's answer before
		handler.ServeHTTP(watched, r)
	})
}

// answer remembers its status.
type answer struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter. Who reads nothing would hold what is set aside for the answer for ever.
func (a *answer) Write(part []byte) (int, error) {
	until := time.Now().Add(bodyGrace + time.Duration(len(part))*time.Second/bodyRate)
	_ = http.NewResponseController(a.ResponseWriter).SetWriteDeadline(until)
	return a.ResponseWriter.Write(part)
}

// Hijack implements http.Hijacker, for WebSocket.
func (a *answer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	a.status = http.StatusSwitchingProtocols
	return http.NewResponseController(a.ResponseWriter).Hijack()
}

// Unwrap is for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
