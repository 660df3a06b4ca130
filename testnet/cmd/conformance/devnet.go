package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"time"

	"github.com/ashlar-da/ashlar/testnet"
)

const (
	chainID    = "ashlar-conformance"
	firstPort  = 27600
	startLimit = 2 * time.Minute
	// retention is how long the node that forgets keeps squares, and what its gateway takes for the chain's.
	retention = 20 * time.Second
	patience  = 10 * time.Second
)

// gatewayFlags are the protocols that gateways serve, by the part of a variable's name.
var gatewayFlags = []struct{ flag, name string }{
	{"op-alt-da", "OP"}, {"nitro", "NITRO"}, {"beacon", "BEACON"}, {"celestia", "CELESTIA"}, {"rollkit", "ROLLKIT"},
}

// devnet is a chain and the gateways to it.
type devnet struct {
	chain    *testnet.Network
	ports    testnet.Ports
	gateways []*served
	lies     *lies
	control  *httptest.Server
	proxy    *httptest.Server
	bin, out string
	fail     func(error)
}

// served is a gateway's process, and where it serves what.
type served struct {
	*testnet.Process
	name  string
	ports []int // as gatewayFlags, then that of metrics
}

func startDevnet(ctx context.Context, bin, out string) (*devnet, context.Context, error) {
	chain, ctx, err := testnet.New(ctx, testnet.Config{
		Dir: out, Bin: bin, ChainID: chainID, FirstPort: firstPort,
		Validators: 2, FullNodes: 1, CommitTimeout: 700 * time.Millisecond,
	})
	if chain == nil || err != nil {
		return nil, ctx, err
	}
	ctx, fail := context.WithCancelCause(ctx)
	d := &devnet{chain: chain, ports: testnet.Ports{Next: firstPort + 200}, bin: bin, out: out, fail: fail}
	if err := chain.StartFullNodes(ctx, startLimit, 2); err != nil {
		return d, ctx, err
	}
	forgets, err := chain.AddFullNode(ctx, "forgets", filepath.Join(bin, "ashlar"), "start", "--retain", retention.String())
	if err != nil {
		return d, ctx, err
	}
	if err := forgets.Start(); err != nil {
		return d, ctx, err
	}
	return d, ctx, d.startGateways(ctx, forgets)
}

// startGateways starts one at a validator, one at the other full node, one at the node that forgets, and one that
// is lied to.
func (d *devnet) startGateways(ctx context.Context, forgets *testnet.FullNode) error {
	first, other := d.chain.FullNodes[0], d.chain.FullNodes[2]
	d.lies = &lies{to: first.Base}
	d.proxy, d.control = httptest.NewServer(d.lies), httptest.NewServer(d.controls())
	pays := func(node *testnet.FullNode) []string {
		return []string{"--home", node.Home, "--from", "operator", "--keyring-backend", "test"}
	}
	for _, g := range []struct {
		name, node string
		flags      []string
	}{
		{"first", first.Base, append(pays(first), "--max-lag", "10s", "--put-timeout", "60s")},
		{"other", other.Base, append(pays(other), "--max-lag", "10s")},
		{"forgets", forgets.Base, []string{"--home", forgets.Home, "--retention", retention.String()}},
		{"lied-to", d.proxy.URL, []string{"--home", filepath.Join(d.out, "homes", "lied-to")}},
	} {
		if err := d.startGateway(ctx, g.name, append(g.flags, "--node", g.node)); err != nil {
			return err
		}
	}
	return nil
}

func (d *devnet) startGateway(ctx context.Context, name string, flags []string) error {
	args := append([]string{"gateway", "--namespace", testnet.Namespace("rollup"), "--from-height", "1"}, flags...)
	g := &served{name: name}
	for _, flag := range append(flagNames(), "metrics") {
		port, err := d.ports.Take()
		if err != nil {
			return err
		}
		g.ports = append(g.ports, port)
		args = append(args, "--"+flag, address(port))
	}
	g.Process = testnet.NewProcess("gateway-"+name, d.chain.Logs(), filepath.Join(d.bin, "ashlar"), args, d.fail)
	d.gateways = append(d.gateways, g)
	if err := g.Start(); err != nil {
		return err
	}
	return g.wait(ctx)
}

func flagNames() []string {
	names := make([]string, len(gatewayFlags))
	for i := range gatewayFlags {
		names[i] = gatewayFlags[i].flag
	}
	return names
}

func address(port int) string { return net.JoinHostPort(testnet.Loopback, strconv.Itoa(port)) }

// wait waits until the gateway takes puts.
func (g *served) wait(ctx context.Context) error {
	url := "http://" + address(g.ports[len(g.ports)-1]) + "/healthz"
	return testnet.Wait(ctx, startLimit, "gateway "+g.name, func(ctx context.Context) (bool, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return false, err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return false, err
		}
		defer func() { _ = response.Body.Close() }()
		body, _ := io.ReadAll(response.Body)
		if response.StatusCode != http.StatusOK {
			return false, fmt.Errorf("%s: %s", response.Status, body)
		}
		return true, nil
	})
}

// environment tells the modules' tests where everything is: ASHLAR_OP_FIRST is where the gateway "first" serves what
// the flag of OP says, and so on.
func (d *devnet) environment() []string {
	env := []string{"ASHLAR_CONTROL=" + d.control.URL, "ASHLAR_NODE=" + d.chain.FullNodes[1].Base, "ASHLAR_NAMESPACE=" + testnet.Namespace("rollup")}
	names := map[string]string{"first": "FIRST", "other": "OTHER", "forgets": "FORGETS", "lied-to": "LIED_TO"}
	for _, g := range d.gateways {
		for i := range gatewayFlags {
			env = append(env, fmt.Sprintf("ASHLAR_%s_%s=http://%s", gatewayFlags[i].name, names[g.name], address(g.ports[i])))
		}
	}
	return env
}

func (d *devnet) stop() {
	for _, g := range d.gateways {
		g.Stop(patience)
	}
	if d.control != nil {
		d.control.Close()
		d.proxy.Close()
	}
	d.chain.Remove()
}
