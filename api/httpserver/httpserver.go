// Package httpserver serves HTTP at an address of its own, within bounds on what a slow or idle peer can hold, and lets
// requests in flight end before it stops. A node's API and the gateway's protocols are served by it.
package httpserver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
)

// What a slow or idle peer can hold of a connection, and how long requests in flight may take once the server stops.
const (
	headerTimeout  = 5 * time.Second
	idleTimeout    = 2 * time.Minute
	maxHeaderBytes = 16 << 10
	drainTimeout   = 5 * time.Second
)

// Config is what a Server is made of. Address, Handler and Log are required.
type Config struct {
	// Address is where to listen, host:port.
	Address string
	Handler http.Handler
	// Certificate and Key are files in PEM; both empty: the connection is not encrypted.
	Certificate, Key string
	// Drain has requests go on when the server stops, for as long as all may take to end, and Stopping tell them of it. Otherwise
	// their contexts end at once.
	Drain bool
	Log   *slog.Logger
}

// Server serves a handler. New binds its address, Run serves.
type Server struct {
	config   Config
	listener net.Listener
	most     int // connections
}

// New reads the certificate, if there is one, and binds the address.
func New(ctx context.Context, config Config) (*Server, error) {
	if config.Handler == nil || config.Log == nil {
		return nil, errors.New("a server needs Handler and Log")
	}
	encryption, err := encryptionOf(&config)
	if err != nil {
		return nil, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", config.Address)
	if err != nil {
		return nil, fmt.Errorf("listen, does something else there? %w", err)
	}
	if encryption != nil {
		listener = tls.NewListener(listener, encryption)
	}
	return Over(listener, config), nil
}

// Over serves over a listener of the caller's, which says what of the configuration does not matter: address and certificate.
func Over(listener net.Listener, config Config) *Server {
	return &Server{config, listener, maxConnections}
}

// encryptionOf reads the certificate, nil where there is none.
func encryptionOf(config *Config) (*tls.Config, error) {
	if config.Certificate == "" && config.Key == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(config.Certificate, config.Key)
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}, nil
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
		BaseContext: func(net.Listener) context.Context { return s.requests(serving) },
		Handler:     s.config.Handler, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
		ConnState: newConnections(s.most).note,
		ErrorLog:  slog.NewLogLogger(s.config.Log.Handler(), slog.LevelDebug),
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
			return fmt.Errorf("serve: %w", err)
		}
		return nil
	})
	return group.Wait()
}

type stoppingKey struct{}

// requests is the context of requests.
func (s *Server) requests(serving context.Context) context.Context {
	if !s.config.Drain {
		return serving
	}
	return context.WithValue(context.WithoutCancel(serving), stoppingKey{}, serving.Done())
}

// Stopping is closed when the server that a request came to stops, where that has Drain: connections that a handler took over
// are the handler's to end. Nil outside of such a server's requests.
func Stopping(ctx context.Context) <-chan struct{} {
	stopping, _ := ctx.Value(stoppingKey{}).(<-chan struct{})
	return stopping
}
