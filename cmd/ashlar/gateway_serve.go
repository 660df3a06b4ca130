package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/errgroup"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/gateway"
)

// runningGateway is a Core and what serves it.
type runningGateway struct {
	client  *client.Client
	core    *gateway.Core
	servers []*gateway.Server
}

// gatewayDir is where the gateway of a namespace keeps its files.
func gatewayDir(o gatewayOptions, home string) (string, error) {
	namespace, err := o.namespace()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(home, "gateway", namespace.String())
	return dir, os.MkdirAll(dir, 0o700)
}

// openGateway binds the addresses of all protocols that options ask for, and says where. It closes the client where it fails.
func openGateway(ctx context.Context, o gatewayOptions, c *client.Client, dir string, log *slog.Logger, out io.Writer) (*runningGateway, error) {
	cfg, err := o.config()
	registry := prometheus.NewRegistry()
	g := &runningGateway{client: c}
	if err == nil {
		cfg.Client, cfg.Index, cfg.Metrics, cfg.Log = c, filepath.Join(dir, "index"), registry, log
		g.core, err = gateway.New(cfg)
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	if err := g.bind(ctx, o, registry, log, out); err != nil {
		for _, server := range g.servers {
			err = errors.Join(err, server.Close())
		}
		return nil, errors.Join(err, g.Close())
	}
	return g, nil
}

func (g *runningGateway) bind(ctx context.Context, o gatewayOptions, registry *prometheus.Registry, log *slog.Logger, out io.Writer) error {
	requests := gateway.NewRequests()
	registry.MustRegister(requests)
	base := gateway.ServerConfig{Requests: requests, Certificate: o.text("tls-cert"), Key: o.text("tls-key"), Log: log}
	add := func(base gateway.ServerConfig, name string, handler http.Handler) error {
		base.Protocol, base.Address, base.Handler = name, o.text(name), handler
		server, err := gateway.NewServer(ctx, base)
		if err != nil {
			return fmt.Errorf("--%s: %w", o.name(name), err)
		}
		g.servers = append(g.servers, server)
		_, err = fmt.Fprintf(out, "%s %s\n", o.name(name), server.Addr())
		return err
	}
	for _, p := range protocols() {
		if o.text(p.flag) == "" {
			continue
		}
		gate, err := gateway.NewGate(o.text("tokens"), 0)
		if err != nil {
			return err
		}
		handler, err := p.handler(o, g.core, gate)
		if err != nil {
			return fmt.Errorf("--%s: %w", o.name(p.flag), err)
		}
		if err := add(base, p.flag, handler); err != nil {
			return err
		}
	}
	if o.text(metricsFlag) == "" {
		return nil
	}
	return add(gateway.ServerConfig{Log: log}, metricsFlag, gatewayMetrics(g.core, registry))
}

func gatewayMetrics(core *gateway.Core, registry *prometheus.Registry) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		if err := core.Health(); err != nil {
			http.Error(w, err.Error(), gateway.Status(err))
		}
	})
	return mux
}

// Run serves until the context or a part of it ends.
func (g *runningGateway) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return g.core.Run(ctx) })
	for _, server := range g.servers {
		group.Go(func() error { return server.Run(ctx) })
	}
	return group.Wait()
}

// Close lets go of what Run used.
func (g *runningGateway) Close() error { return errors.Join(g.core.Close(), g.client.Close()) }
