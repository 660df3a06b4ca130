package gateway

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ashlar-da/ashlar/api/httpserver"
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
	// Guard is the Core's; nil: one that nobody counts by.
	Guard *Guard
	Log   *slog.Logger
}

// NewRequests makes the counter for ServerConfig.Requests.
func NewRequests() *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "ashlar_gateway_http_answers_total", Help: "HTTP answers by protocol and status.",
	}, []string{"protocol", "status"})
}

// Server serves one protocol. NewServer binds its address, Run serves.
type Server struct {
	config ServerConfig
	server *httpserver.Server
}

// NewServer reads the certificate, if there is one, and binds the address.
func NewServer(ctx context.Context, config ServerConfig) (*Server, error) {
	s := &Server{config: config}
	if s.config.Guard == nil {
		s.config.Guard = &Guard{Log: config.Log}
	}
	var handler http.Handler
	if config.Handler != nil {
		handler = s.watched()
	}
	var err error
	s.server, err = httpserver.New(ctx, httpserver.Config{
		Address: config.Address, Handler: handler, Certificate: config.Certificate, Key: config.Key, Drain: true, Log: config.Log,
	})
	if err != nil {
		return nil, fmt.Errorf("gateway: %s: %w", config.Protocol, err)
	}
	return s, nil
}

// Addr is the address bound.
func (s *Server) Addr() net.Addr { return s.server.Addr() }

// Close gives the address up if Run is not going to be called.
func (s *Server) Close() error { return s.server.Close() }

// Run serves until ctx ends, which is no error, then lets requests in flight end.
func (s *Server) Run(ctx context.Context) error {
	if err := s.server.Run(ctx); err != nil {
		return fmt.Errorf("gateway: %s: %w", s.config.Protocol, err)
	}
	return nil
}

// watched counts answers, and turns panics into answers. What another site's page has a browser post is refused: a gateway
// on loopback would pay for it. Who announces a body and sends none is not waited for, also where nobody reads it.
func (s *Server) watched() http.Handler {
	handler := refusePages(http.NewCrossOriginProtection().Handler(s.config.Handler))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		watched := &answer{ResponseWriter: w, status: http.StatusOK}
		w.Header().Set("X-Content-Type-Options", "nosniff")
		control := http.NewResponseController(w)
		_ = control.SetWriteDeadline(time.Time{}) // of the connection's answer before
		if r.ContentLength != 0 {
			_ = control.SetReadDeadline(time.Now().Add(bodyGrace))
		}
		err := s.config.Guard.Call(func() error {
			handler.ServeHTTP(watched, r)
			return nil
		})
		if err != nil {
			http.Error(watched, "internal error", http.StatusInternalServerError)
		}
		if s.config.Requests != nil {
			s.config.Requests.WithLabelValues(s.config.Protocol, strconv.Itoa(watched.status)).Inc()
		}
	})
}

// refusePages refuses what a page has a browser post, or open a WebSocket for, whose name somebody may have made to point here:
// to a browser it is a page of this gateway's own, and there are none.
func refusePages(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reads := (r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions) && r.Header.Get("Upgrade") == ""
		if origin := r.Header.Get("Origin"); !reads && origin != "" && !isAddress(origin) {
			http.Error(w, "a gateway takes nothing from web pages", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isAddress tells whether an origin is called by an address or localhost, which nobody can make point elsewhere.
func isAddress(origin string) bool {
	parsed, err := url.Parse(origin)
	if err != nil {
		return false
	}
	_, err = netip.ParseAddr(parsed.Hostname())
	return err == nil || strings.EqualFold(parsed.Hostname(), "localhost")
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
	_ = http.NewResponseController(a.ResponseWriter).SetWriteDeadline(time.Now().Add(timeFor(int64(len(part)))))
	return a.ResponseWriter.Write(part)
}

// Hijack implements http.Hijacker, for WebSocket.
func (a *answer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	a.status = http.StatusSwitchingProtocols
	return http.NewResponseController(a.ResponseWriter).Hijack()
}

// Unwrap is for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
