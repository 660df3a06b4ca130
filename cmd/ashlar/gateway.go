package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/gateway"
	"github.com/ashlar-da/ashlar/gateway/beacon"
	"github.com/ashlar-da/ashlar/gateway/celestia"
	"github.com/ashlar-da/ashlar/gateway/nitro"
	"github.com/ashlar-da/ashlar/gateway/opaltda"
	"github.com/ashlar-da/ashlar/gateway/rollkit"
)

const (
	trustFlag   = "trust"
	metricsFlag = "metrics"

	nitroFlag       = "nitro"
	nitroSecretFlag = "nitro-jwtsecret"
)

// protocol is what a gateway can speak, and the flag that says where.
type protocol struct {
	flag, usage string
	handler     func(*gateway.Core, *gateway.Gate) http.Handler
}

func protocols() []protocol {
	return []protocol{
		{"op-alt-da", "where the OP Stack's alt-DA protocol is served, such as 127.0.0.1:3100", opaltda.New},
		{nitroFlag, "where Arbitrum Nitro's DA API is served, such as 127.0.0.1:3101", nitro.New},
		{"beacon", "where rows are served as an Ethereum beacon node serves blobs, such as 127.0.0.1:3102", beacon.New},
		{"celestia", "where a Celestia node's JSON-RPC is served, as ev-node speaks it, such as 127.0.0.1:3103", celestia.New},
		{"rollkit", "where the older JSON-RPC da.* of Rollkit is served, such as 127.0.0.1:3104", rollkit.New},
	}
}

func gatewayCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "gateway",
		Short: "Serve rollups that speak another layer's protocol",
		Long: "gateway posts what rollups hand it by the protocols they speak already, waits until it is final, and reads it back\n" +
			"verified. All gateways of a rollup take the same --namespace. docs/rollups.md says what each stack is to be told.",
		Args:              cobra.NoArgs,
		PersistentPreRunE: noPreparation,
		RunE:              func(cmd *cobra.Command, _ []string) error { return runGateway(cmd) },
	}
	f := cmd.Flags()
	for _, p := range protocols() {
		f.String(p.flag, "", p.usage)
	}
	f.String(nodeFlag, defaultNode, "URL of the node's HTTP API")
	f.String(tokenFlag, "", "token of the node's HTTP API, where it asks for one")
	f.String(namespaceFlag, "", "the rollup's namespace, 58 hex digits")
	f.Uint64("from-height", 0, "the rollup's first height, from which on its namespace is read; not given: the oldest that the node holds")
	f.Duration("retention", gateway.DefaultRetention, "how old a blob must be for its absence to be an answer; not more than what the nodes keep")
	f.Duration("put-timeout", gateway.DefaultPutTimeout, "how long a put waits to be final")
	f.Duration("max-lag", gateway.DefaultMaxLag, "how old the chain's newest block may be for puts to be taken")
	f.Int("max-puts", gateway.DefaultMaxPuts, "most blobs on their way at once")
	f.String(trustFlag, "", "header that somebody trustworthy vouches for, as height:hash: others are verified from it by who signed them; not given: headers are taken on the nodes' word")
	f.String("tokens", "", "token file that guards puts, as that of a node's API")
	f.String(nitroSecretFlag, "", "file with the secret, 32 bytes in hex, by which Nitro's nodes sign each call; replaces --tokens for Nitro, and guards reading too")
	f.String("tls-cert", "", "certificate to serve with, PEM")
	f.String("tls-key", "", "its key, PEM")
	f.String(metricsFlag, "", "where /metrics and /healthz are served")
	f.String(fromFlag, "", "key that pays; not given: the node's own, and then a put that meets the end of this process may be posted twice")
	addPayFlags(cmd)
	return cmd
}

func runGateway(cmd *cobra.Command) error {
	log, err := newLogger(cmd, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	dir, err := gatewayDir(cmd)
	if err != nil {
		return err
	}
	c, err := gatewayClient(cmd, dir)
	if err != nil {
		return err
	}
	registry := prometheus.NewRegistry()
	core, err := gatewayCore(cmd, c, dir, registry, log)
	if err != nil {
		return errors.Join(err, c.Close())
	}
	servers, err := gatewayServers(cmd, core, registry, log)
	if err == nil {
		err = serveGateway(cmd.Context(), core, servers)
	}
	return errors.Join(err, core.Close(), c.Close())
}

// gatewayDir is where the gateway of a namespace keeps its files.
func gatewayDir(cmd *cobra.Command) (string, error) {
	namespace, err := namespaceOf(cmd)
	if err != nil {
		return "", err
	}
	home, err := homeOf(cmd)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(home, "gateway", namespace.String())
	return dir, os.MkdirAll(dir, 0o700)
}

// gatewayClient makes the client that posts and reads.
func gatewayClient(cmd *cobra.Command, dir string) (*client.Client, error) {
	cfg, err := payerConfig(cmd)
	if err != nil {
		return nil, err
	}
	if cfg.Signer != nil && cfg.Journal == "" {
		cfg.Journal = filepath.Join(dir, "journal")
	}
	if cfg.Trust, err = trustOf(cmd, cfg); err != nil {
		return nil, err
	}
	return client.New(cmd.Context(), cfg)
}

// trustOf reads --trust; the chain id is the node's word, which the header must agree with.
func trustOf(cmd *cobra.Command, cfg client.Config) (client.Trust, error) {
	text, _ := cmd.Flags().GetString(trustFlag)
	if text == "" {
		return client.TrustNode(), nil
	}
	height, digits, _ := strings.Cut(text, ":")
	number, err := strconv.ParseUint(height, 10, 64)
	hash, hexErr := hex.DecodeString(digits)
	if err != nil || hexErr != nil || len(hash) != 32 {
		return client.Trust{}, fmt.Errorf("--%s %q: want a height and 64 hex digits, as 1:0f…", trustFlag, text)
	}
	asker, err := client.New(cmd.Context(), client.Config{URL: cfg.URL, Fallbacks: cfg.Fallbacks, Token: cfg.Token})
	if err != nil {
		return client.Trust{}, err
	}
	status, err := asker.Status(cmd.Context())
	if err = errors.Join(err, asker.Close()); err != nil {
		return client.Trust{}, fmt.Errorf("--%s: ask for the chain's id: %w", trustFlag, err)
	}
	return client.TrustAnchor(client.Anchor{ChainID: status.ChainID, Height: number, Hash: hash}), nil
}

func gatewayCore(cmd *cobra.Command, c *client.Client, dir string, registry *prometheus.Registry, log *slog.Logger) (*gateway.Core, error) {
	namespace, err := namespaceOf(cmd)
	if err != nil {
		return nil, err
	}
	f := cmd.Flags()
	cfg := gateway.Config{Client: c, Namespace: namespace, Index: filepath.Join(dir, "index"), Metrics: registry, Log: log}
	cfg.From, _ = f.GetUint64("from-height")
	cfg.Retention, _ = f.GetDuration("retention")
	cfg.PutTimeout, _ = f.GetDuration("put-timeout")
	cfg.MaxLag, _ = f.GetDuration("max-lag")
	cfg.MaxPuts, _ = f.GetInt("max-puts")
	return gateway.New(cfg)
}

// gatewayServers binds the addresses of all protocols that flags ask for, and says where.
func gatewayServers(cmd *cobra.Command, core *gateway.Core, registry *prometheus.Registry, log *slog.Logger) (_ []*gateway.Server, err error) {
	f := cmd.Flags()
	requests := gateway.NewRequests()
	registry.MustRegister(requests)
	base := gateway.ServerConfig{Requests: requests, Log: log}
	base.Certificate, _ = f.GetString("tls-cert")
	base.Key, _ = f.GetString("tls-key")
	var servers []*gateway.Server
	defer func() {
		for _, server := range servers {
			if err != nil {
				_ = server.Close()
			}
		}
	}()
	for _, p := range protocols() {
		address, _ := f.GetString(p.flag)
		if address == "" {
			continue
		}
		handler, err := gatewayHandler(cmd, p, core)
		if err != nil {
			return servers, err
		}
		if servers, err = addServer(cmd, servers, base, p.flag, address, handler); err != nil {
			return servers, err
		}
	}
	if len(servers) == 0 {
		return nil, errors.New("no protocol: say where one is to be served, such as --op-alt-da 127.0.0.1:3100")
	}
	if address, _ := f.GetString(metricsFlag); address != "" {
		return addServer(cmd, servers, gateway.ServerConfig{Log: log}, metricsFlag, address, gatewayMetrics(core, registry))
	}
	return servers, nil
}

// gatewayHandler makes a protocol's handler, behind tokens or, for Nitro, behind the secret that its nodes have.
func gatewayHandler(cmd *cobra.Command, p protocol, core *gateway.Core) (http.Handler, error) {
	tokens, _ := cmd.Flags().GetString("tokens")
	file, _ := cmd.Flags().GetString(nitroSecretFlag)
	if p.flag != nitroFlag || file == "" {
		gate, err := gateway.NewGate(tokens, 0)
		if err != nil {
			return nil, err
		}
		return p.handler(core, gate), nil
	}
	secret, err := nitro.ReadSecret(file)
	if err != nil {
		return nil, fmt.Errorf("--%s: %w", nitroSecretFlag, err)
	}
	gate, err := gateway.NewGate("", 0)
	if err != nil {
		return nil, err
	}
	return nitro.Authenticated(p.handler(core, gate), secret, time.Now), nil
}

func addServer(cmd *cobra.Command, servers []*gateway.Server, cfg gateway.ServerConfig, name, address string, handler http.Handler) ([]*gateway.Server, error) {
	cfg.Protocol, cfg.Address, cfg.Handler = name, address, handler
	server, err := gateway.NewServer(cmd.Context(), cfg)
	if err != nil {
		return servers, fmt.Errorf("--%s: %w", name, err)
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s %s\n", name, server.Addr())
	return append(servers, server), err
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

// serveGateway runs everything until the context or one of them ends.
func serveGateway(ctx context.Context, core *gateway.Core, servers []*gateway.Server) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return core.Run(ctx) })
	for _, server := range servers {
		group.Go(func() error { return server.Run(ctx) })
	}
	return group.Wait()
}
