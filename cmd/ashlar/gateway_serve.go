package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

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

// openGateway binds the addresses of all protocols that options ask for, and says where. payers are the addresses that the client
// posts by. It closes the client where it fails.
func openGateway(ctx context.Context, o gatewayOptions, c *client.Client, payers []string, dir string, log *slog.Logger, out io.Writer) (*runningGateway, error) {
	cfg, err := o.config()
	registry := prometheus.NewRegistry()
	g := &runningGateway{client: c}
	if err == nil {
		cfg.Payers, err = payersOf(o, cfg.Posters, payers)
	}
	if err == nil {
		cfg.Client, cfg.Index, cfg.Metrics, cfg.Log = c, filepath.Join(dir, "index"), registry, log
		g.core, err = gateway.New(cfg)
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	if err := g.bind(ctx, o, dir, registry, log, out); err != nil {
		for _, server := range g.servers {
			err = errors.Join(err, server.Close())
		}
		return nil, errors.Join(err, g.Close())
	}
	return g, nil
}

// payersOf reads the addresses that pay, which must be among the posters if there are such: nobody would find what they post.
func payersOf(o gatewayOptions, posters []gateway.Poster, addresses []string) ([]gateway.Poster, error) {
	payers, err := gateway.ParsePosters(strings.Join(addresses, ","))
	if err != nil || len(posters) == 0 {
		return payers, err
	}
	for i := range payers {
		if !slices.Contains(posters, payers[i]) {
			return nil, fmt.Errorf("--%s does not name the key that pays, %s: what it posts would not count", o.name(postersFlag), strings.Join(addresses, ", "))
		}
	}
	return payers, nil
}

func (g *runningGateway) bind(ctx context.Context, o gatewayOptions, dir string, registry *prometheus.Registry, log *slog.Logger, out io.Writer) error {
	requests := gateway.NewRequests()
	registry.MustRegister(requests)
	base := gateway.ServerConfig{Requests: requests, Guard: g.core.Guard(), Certificate: o.text("tls-cert"), Key: o.text("tls-key"), Log: log}
	add := func(base gateway.ServerConfig, name string, handler http.Handler) error {
		base.Protocol, base.Address, base.Handler = name, o.text(name), handler
		server, err := gateway.NewServer(ctx, base)
		if err != nil {
			return fmt.Errorf("--%s: %w", o.name(name), err)
		}
		g.servers = append(g.servers, server)
		warnOpen(log, o, name, server.Addr())
		_, err = fmt.Fprintf(out, "%s %s\n", o.name(name), server.Addr())
		return err
	}
	served := o.served()
	gates, err := o.gates(served)
	if err != nil {
		return err
	}
	for i, p := range served {
		handler, err := p.handler(&servedProtocol{o, dir, g.core, gates[i]})
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
	return add(gateway.ServerConfig{Guard: g.core.Guard(), Log: log}, metricsFlag, gatewayMetrics(g.core, registry))
}

// warnOpen tells who serves others than its own machine what that lets them do.
func warnOpen(log *slog.Logger, o gatewayOptions, name string, at net.Addr) {
	tcp, ok := at.(*net.TCPAddr)
	number := slices.IndexFunc(protocols(), func(p protocol) bool { return p.flag == name })
	if !ok || tcp.IP.IsLoopback() || number < 0 {
		return
	}
	if protocols()[number].posts && !o.guarded(name) {
		log.Warn("whoever reaches this address posts at this gateway's expense: guard it by --"+o.name("tokens"), "protocol", name, "address", at.String())
	}
	if o.text("tls-cert") == "" {
		log.Warn("what is sent to this address and from it, tokens too, can be read and changed on the way: encrypt it by --"+o.name("tls-cert"), "protocol", name, "address", at.String())
	}
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
