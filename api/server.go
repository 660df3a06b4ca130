package api

import (
	"context"
	"fmt"
	"net"

	"github.com/ashlar-da/ashlar/api/httpserver"
)

// Server serves a node's HTTP API. New binds its address, Run serves.
type Server struct {
	server *httpserver.Server
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
	server, err := httpserver.New(ctx, httpserver.Config{Address: config.Address, Handler: config.guardName(handler), Log: config.Log})
	if err != nil {
		return nil, fmt.Errorf("api: is another node running? %w", err)
	}
	return &Server{server}, nil
}

// Addr is the address bound.
func (s *Server) Addr() net.Addr { return s.server.Addr() }

// Close gives the address up if Run is not going to be called.
func (s *Server) Close() error { return s.server.Close() }

// Run serves until ctx is cancelled, which is no error, then lets requests in flight end.
func (s *Server) Run(ctx context.Context) error {
	if err := s.server.Run(ctx); err != nil {
		return fmt.Errorf("api: %w", err)
	}
	return nil
}
