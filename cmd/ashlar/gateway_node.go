package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"strconv"

	"github.com/cosmos/cosmos-sdk/crypto/keyring"
	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/fullnode"
	"github.com/ashlar-da/ashlar/gateway"
)

// nodeGatewayPrefix begins the flags of `ashlar start` that are about rollups, and is their section of app.toml.
const nodeGatewayPrefix = "gateway."

// addNodeGatewayFlags adds them.
func addNodeGatewayFlags(f *pflag.FlagSet) {
	addGatewayFlags(f, nodeGatewayPrefix, nodeMemory)
	f.String(nodeGatewayPrefix+"key", "", "name of the key that pays for what rollups put; not given: that of api.key, and then a put that meets the end of this process may be posted twice")
	f.String(nodeGatewayPrefix+tokenFlag, "", "token of this node's own API, where api.tokens asks for one")
}

// gatewayTemplate is the section of app.toml; its values are the flags' own defaults.
func gatewayTemplate() string {
	return `
[gateway]
# Serve rollups by the protocols that they speak already, as ` + "`ashlar gateway`" + ` does: keys are its flags, docs/rollups.md has
# them. Empty addresses: not served. With any of them the namespace is needed.
op-alt-da = ""
nitro = ""
beacon = ""
celestia = ""
rollkit = ""
cdk = ""
metrics = ""
namespace = ""
# Addresses whose blobs alone count, with commas between them. Empty: everybody's.
posters = ""
# MiB that bodies, answers and blobs on their way may take, of all protocols together; memory-limit is raised by as much.
memory = ` + strconv.Itoa(nodeMemory) + `
# Name of the key, in this home's keyring, that pays for what rollups put. Empty: that of api.key.
key = ""
# Token of this node's own API, where api.tokens asks for one.
token = ""
# Token file that guards puts, and the certificate to serve with.
tokens = ""
tls-cert = ""
tls-key = ""
# File with the secret by which Nitro's nodes sign calls.
nitro-jwtsecret = ""
# The key of a member of a Polygon CDK committee, and the sequencer whose sequences it signs.
cdk-key = ""
cdk-password = ""
cdk-sequencer = ""
`
}

// runNode runs a node, and the gateway in it if the flags ask for one, which ends with it. The node goes on without the gateway:
// a chain is not to stop for a rollup's sake.
func runNode(ctx context.Context, node *fullnode.Node, g *runningGateway, log *slog.Logger) error {
	if g == nil {
		return node.Run(ctx)
	}
	return besides(ctx, node.Run, func(ctx context.Context) error { return errors.Join(g.Run(ctx), g.Close()) }, log)
}

// besides runs a gateway besides a node, until the node ends.
func besides(ctx context.Context, node, served func(context.Context) error, log *slog.Logger) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	guard := &gateway.Guard{Log: log}
	var group errgroup.Group
	group.Go(func() error {
		defer end()
		return node(ctx)
	})
	group.Go(func() error {
		if err := guard.Call(func() error { return served(ctx) }); err != nil {
			log.Error("the gateway in this node has ended, and serves nobody until the node is started again", "error", err)
		}
		return nil
	})
	return group.Wait()
}

// nodeGateway opens the gateway that flags ask of a node, nil where they ask for none. It speaks to the node by its HTTP API, over
// loopback: so it is bounded and verified as any client is, and neither has to know the other.
func nodeGateway(ctx context.Context, f *pflag.FlagSet, cfg *fullnode.Config, node *fullnode.Node, log *slog.Logger, out io.Writer) (*runningGateway, error) {
	o := gatewayOptions{f, nodeGatewayPrefix}
	if !o.wanted() {
		return nil, nil
	}
	dir, err := gatewayDir(o, cfg.Comet.RootDir)
	if err != nil {
		return nil, err
	}
	url, err := ownURL(node.APIAddress())
	if err != nil {
		return nil, err
	}
	settings := client.Config{URL: url, Token: o.text(tokenFlag)}
	if name := o.text("key"); name != "" {
		if settings.Signer, err = nodeSigner(cfg.Keyring, name); err != nil {
			return nil, err
		}
		settings.Journal = filepath.Join(dir, "journal")
	}
	c, err := client.New(ctx, settings)
	if err != nil {
		return nil, err
	}
	payers, err := nodePayers(cfg, c)
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return openGateway(ctx, o, c, payers, dir, log, out)
}

// nodePayers are the addresses that the gateway in a node posts by: the client's, or the node's own.
func nodePayers(cfg *fullnode.Config, c *client.Client) ([]string, error) {
	if accounts := c.Accounts(); len(accounts) > 0 || cfg.API.Key == "" {
		return accounts, nil
	}
	signer, err := client.KeyringSigner(cfg.Keyring, cfg.API.Key)
	if err != nil {
		return nil, err
	}
	return []string{signer.Address()}, nil
}

func nodeSigner(ring keyring.Keyring, name string) (*client.Signer, error) {
	if ring == nil {
		return nil, fmt.Errorf("%skey is %q but there is no keyring", nodeGatewayPrefix, name)
	}
	return client.KeyringSigner(ring, name)
}

// ownURL is where a node reaches itself, whose API listens there.
func ownURL(address string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", fmt.Errorf("a gateway asks its node by the HTTP API: set api.address (%w)", err)
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
		if ip.To4() == nil {
			host = "::1"
		}
	}
	return "http://" + net.JoinHostPort(host, port), nil
}
