package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"

	"github.com/cosmos/cosmos-sdk/crypto/keyring"
	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/fullnode"
)

// nodeGatewayPrefix begins the flags of `ashlar start` that are about rollups, and is their section of app.toml.
const nodeGatewayPrefix = "gateway."

// addNodeGatewayFlags adds them.
func addNodeGatewayFlags(f *pflag.FlagSet) {
	addGatewayFlags(f, nodeGatewayPrefix)
	f.String(nodeGatewayPrefix+"key", "", "name of the key that pays for what rollups put; not given: that of api.key, and then a put that meets the end of this process may be posted twice")
	f.String(nodeGatewayPrefix+tokenFlag, "", "token of this node's own API, where api.tokens asks for one")
}

// gatewayTemplate is the section of app.toml; its values are the flags' own defaults.
const gatewayTemplate = `
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

// runNode runs a node, and the gateway in it if the flags ask for one: when one ends, so does the other.
func runNode(ctx context.Context, node *fullnode.Node, g *runningGateway) error {
	if g == nil {
		return node.Run(ctx)
	}
	ctx, end := context.WithCancel(ctx)
	defer end()
	var group errgroup.Group
	group.Go(func() error {
		defer end()
		return node.Run(ctx)
	})
	group.Go(func() error {
		defer end()
		return errors.Join(g.Run(ctx), g.Close())
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
	return openGateway(ctx, o, c, dir, log, out)
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
