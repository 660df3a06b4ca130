package main

import (
	"context"
	"crypto/ecdsa"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/crypto"

	"github.com/ashlar-da/ashlar/testnet"
)

const (
	chainID    = "ashlar-conformance"
	startLimit = 2 * time.Minute
	// retention is how long the node that forgets keeps squares, and what its gateway takes for the chain's.
	retention = 20 * time.Second
	patience  = 10 * time.Second
)

// gatewayFlags are the protocols that gateways serve, by the part of a variable's name.
var gatewayFlags = []struct{ flag, name string }{
	{"op-alt-da", "OP"}, {"nitro", "NITRO"}, {"beacon", "BEACON"}, {"celestia", "CELESTIA"}, {"rollkit", "ROLLKIT"}, {"cdk", "CDK"},
}

// devnet is a chain and the gateways to it.
type devnet struct {
	chain    *testnet.Network
	ports    testnet.Ports
	gateways []*served
	lies     *lies
	control  *httptest.Server
	proxy    *httptest.Server
	// sequencer signs what the members of a CDK committee store, and member, in a file of out, signs that they have.
	sequencer, member *ecdsa.PrivateKey
	// secret is a file with that by which Nitro's client signs the calls that "guarded" takes.
	secret   string
	bin, out string
	fail     func(error)
}

// served is a gateway's process, and where it serves what.
type served struct {
	*testnet.Process
	name  string
	ports []int // as gatewayFlags, then that of metrics
}

// startDevnet starts the chain and its gateways: all that clients' cases need, or the two that are measured, which share
// processors with nothing else.
func startDevnet(ctx context.Context, o options) (*devnet, context.Context, error) {
	chain, ctx, err := testnet.New(ctx, testnet.Config{
		Dir: o.out, Bin: o.bin, ChainID: chainID, FirstPort: o.port,
		Validators: 2, CommitTimeout: 700 * time.Millisecond,
	})
	if chain == nil || err != nil {
		return nil, ctx, err
	}
	ctx, fail := context.WithCancelCause(ctx)
	d := &devnet{chain: chain, ports: testnet.Ports{Next: o.port + 200}, bin: o.bin, out: o.out, fail: fail}
	if err := d.makeKeys(); err != nil {
		return d, ctx, err
	}
	if err := chain.StartFullNodes(ctx, startLimit, 2); err != nil {
		return d, ctx, err
	}
	if o.puts > 0 {
		if err := d.startFirst(ctx); err != nil {
			return d, ctx, err
		}
		return d, ctx, d.startInside(ctx)
	}
	forgets, err := chain.AddFullNode(ctx, "forgets", filepath.Join(o.bin, "ashlar"), "start", "--retain", retention.String())
	if err != nil {
		return d, ctx, err
	}
	if err := forgets.Start(); err != nil {
		return d, ctx, err
	}
	return d, ctx, d.startGateways(ctx, forgets)
}

// makeKeys makes the keys of a CDK committee, and the secret of Nitro's nodes.
func (d *devnet) makeKeys() (err error) {
	if d.sequencer, err = crypto.GenerateKey(); err != nil {
		return err
	}
	if d.member, err = crypto.GenerateKey(); err != nil {
		return err
	}
	if d.secret, err = filepath.Abs(filepath.Join(d.out, "jwtsecret")); err != nil {
		return err
	}
	if err = os.WriteFile(d.secret, []byte(strings.Repeat("5e", 32)), 0o600); err != nil {
		return err
	}
	return os.WriteFile(d.memberFile(), fmt.Appendf(nil, "%x\n", crypto.FromECDSA(d.member)), 0o600)
}

func (d *devnet) memberFile() string { return filepath.Join(d.out, "member.key") }

// startGateways starts one at a validator, one in a node of its own, one at the node that forgets, one that is lied to, and
// one that takes signed calls.
func (d *devnet) startGateways(ctx context.Context, forgets *testnet.FullNode) error {
	if err := d.startFirst(ctx); err != nil {
		return err
	}
	second := d.chain.FullNodes[1]
	d.lies = &lies{to: d.chain.FullNodes[0].Base}
	d.proxy, d.control = httptest.NewServer(d.lies), httptest.NewServer(d.controls())
	for _, g := range []struct {
		name, node string
		flags      []string
	}{
		{"forgets", forgets.Base, []string{"--home", forgets.Home, "--retention", retention.String()}},
		{"lied-to", d.proxy.URL, []string{"--home", filepath.Join(d.out, "homes", "lied-to")}},
		{"guarded", second.Base, []string{"--home", second.Home, "--from", "operator", "--keyring-backend", "test", "--nitro-jwtsecret", d.secret}},
	} {
		if err := d.startProcess(ctx, g.name, g.node, g.flags...); err != nil {
			return err
		}
	}
	return d.startInside(ctx)
}

// startFirst starts the gateway that posts what most of the cases put, and everything that is measured.
func (d *devnet) startFirst(ctx context.Context) error {
	node := d.chain.FullNodes[0]
	return d.startProcess(ctx, "first", node.Base,
		"--home", node.Home, "--from", "operator", "--keyring-backend", "test", "--max-lag", "10s", "--put-timeout", "60s")
}

// startProcess starts a gateway that is a process of its own.
func (d *devnet) startProcess(ctx context.Context, name, node string, flags ...string) error {
	served := &served{name: name}
	args, err := d.gatewayFlags(served, "")
	if err != nil {
		return err
	}
	args = append([]string{"gateway", "--node", node}, append(args, flags...)...)
	served.Process = testnet.NewProcess("gateway-"+name, d.chain.Logs(), filepath.Join(d.bin, "ashlar"), args, d.fail)
	return d.startGateway(ctx, served)
}

// startInside starts a node with a gateway in it.
func (d *devnet) startInside(ctx context.Context) error {
	served := &served{name: "other"}
	args, err := d.gatewayFlags(served, "gateway.")
	if err != nil {
		return err
	}
	node, err := d.chain.AddFullNode(ctx, "other", filepath.Join(d.bin, "ashlar"), append([]string{"start", "--gateway.max-lag", "10s"}, args...)...)
	if err != nil {
		return err
	}
	served.Process = node.Process
	return d.startGateway(ctx, served)
}

// gatewayFlags says what a gateway serves, and where.
func (d *devnet) gatewayFlags(g *served, prefix string) ([]string, error) {
	flags := map[string]string{
		"namespace": testnet.Namespace("rollup"), "from-height": "1",
		"cdk-key": d.memberFile(), "cdk-sequencer": crypto.PubkeyToAddress(d.sequencer.PublicKey).Hex(),
	}
	for _, flag := range append(flagNames(), "metrics") {
		port, err := d.ports.Take()
		if err != nil {
			return nil, err
		}
		g.ports = append(g.ports, port)
		flags[flag] = address(port)
	}
	var args []string
	for flag, value := range flags {
		args = append(args, "--"+prefix+flag, value)
	}
	return args, nil
}

func (d *devnet) startGateway(ctx context.Context, g *served) error {
	d.gateways = append(d.gateways, g)
	return g.start(ctx)
}

func flagNames() []string {
	names := make([]string, len(gatewayFlags))
	for i := range gatewayFlags {
		names[i] = gatewayFlags[i].flag
	}
	return names
}

func address(port int) string { return net.JoinHostPort(testnet.Loopback, strconv.Itoa(port)) }

// start starts the gateway and waits until it takes puts.
func (g *served) start(ctx context.Context) error {
	if err := g.Start(); err != nil {
		return err
	}
	return g.wait(ctx)
}

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
	env := []string{
		"ASHLAR_CONTROL=" + d.control.URL, "ASHLAR_NODE=" + d.chain.FullNodes[1].Base, "ASHLAR_NAMESPACE=" + testnet.Namespace("rollup"),
		"ASHLAR_NITRO_SECRET=" + d.secret,
		fmt.Sprintf("ASHLAR_CDK_SEQUENCER=%x", crypto.FromECDSA(d.sequencer)), "ASHLAR_CDK_MEMBER=" + crypto.PubkeyToAddress(d.member.PublicKey).Hex(),
	}
	names := map[string]string{"first": "FIRST", "other": "OTHER", "forgets": "FORGETS", "lied-to": "LIED_TO", "guarded": "GUARDED"}
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
