package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
)

// What a slow or idle peer can hold of a connection.
const (
	headerTimeout  = 5 * time.Second
	idleTimeout    = 2 * time.Minute
	maxHeaderBytes = 16 << 10
	// drainTimeout is how long requests in flight may take once the server stops.
	drainTimeout = 5 * time.Second
)

// Server serves a node's HTTP API. New binds its address, Run serves.
type Server struct {
	config   Config
	listener net.Listener
	handler  http.Handler
}

// New checks the configuration, reads the token file and binds the address.
func New(ctx context.Context, config Config) (*Server, error) {
	config, err := config.resolve()
	if err != nil {
		return nil, err
	}
	handler, err := NewHandler(config)
	if err != nil {
		return nil, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", config.Address)
	if err != nil {
		return nil, fmt.Errorf("api: listen, is another node running? %w", err)
	}
	return &Server{config, listener, handler}, nil
}

// Addr is the address bound.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Close gives the address up if Run is not going to be called.
func (s *Server) Close() error { return s.listener.Close() }

// Run serves until ctx is cancelled, which is no error, then lets requests in flight end.
func (s *Server) Run(ctx context.Context) error {
	streams, endStreams := context.WithCancel(ctx)
	defer endStreams()
	server := &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		BaseContext:       func(net.Listener) context.Context { return streams },
		ErrorLog:          slog.NewLogLogger(s.config.Log.Handler(), slog.LevelDebug),
	}
	var group errgroup.Group
	group.Go(func() error {
		<-streams.Done()
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
		defer cancel()
		if err := server.Shutdown(drain); err != nil {
			return server.Close()
		}
		return nil
	})
	group.Go(func() error {
		defer endStreams()
		if err := server.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("api: serve: %w", err)
		}
		return nil
	})
	return group.Wait()
}
