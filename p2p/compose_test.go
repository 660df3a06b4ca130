package p2p

import (
	"errors"
	"fmt"
	"testing"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/transport"
	"github.com/multiformats/go-multiaddr"
)

func resourcesOf(t *testing.T, change ...func(*Config)) network.ResourceManager {
	t.Helper()
	resolved, err := testConfig(t, change...).resolve()
	if err != nil {
		t.Fatal(err)
	}
	resources, err := newResources(resolved, refusals{newMetrics(func() float64 { return 0 }).refused})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resources.Close() })
	return resources
}

// admitted counts how many of n connections from different hosts of a subnet get in.
func admitted(t *testing.T, resources network.ResourceManager, subnet string, n int) (in int) {
	t.Helper()
	for i := range n {
		address, err := multiaddr.NewMultiaddr(fmt.Sprintf(subnet, i+1))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := resources.OpenConnection(network.DirInbound, false, address); err == nil {
			in++
		}
	}
	return in
}

func TestConnectionsAreCappedBySubnet(t *testing.T) {
	resources := resourcesOf(t, func(c *Config) { c.Limits.ConnectionsPerSubnet = 5 })
	for subnet, want := range map[string]int{
		"/ip4/203.0.113.%d/tcp/9":         5,
		"/ip4/203.0.114.%d/udp/9/quic-v1": 5,
		"/ip6/2001:db8:7:%d::1/tcp/9":     5,
		"/ip4/127.0.0.%d/tcp/9":           20,
	} {
		if in := admitted(t, resources, subnet, 20); in != want {
			t.Errorf("%s: %d of 20 connections got in, want %d", subnet, in, want)
		}
	}
}

func TestConnectionsAreCappedAltogether(t *testing.T) {
	resources := resourcesOf(t, func(c *Config) { c.Limits = Limits{LowPeers: 2, HighPeers: 4, Connections: 7} })
	if in := admitted(t, resources, "/ip4/127.0.0.%d/tcp/9", 20); in != 6 {
		t.Errorf("%d of 20 connections got in, want 6", in)
	}
	to, err := multiaddr.NewMultiaddr("/ip4/203.0.113.1/tcp/9")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := resources.OpenConnection(network.DirOutbound, false, to); err != nil {
		t.Errorf("strangers keep the host from whom it dials: %v", err)
	}
	if _, err := resources.OpenConnection(network.DirOutbound, false, to); err == nil {
		t.Error("an eighth connection is made")
	}
}

func TestMoreTransports(t *testing.T) {
	broken := errors.New("no such transport")
	var got Parts
	_, err := New(t.Context(), testConfig(t, func(c *Config) {
		c.Transports = []func(Parts) (transport.Transport, error){func(p Parts) (transport.Transport, error) {
			got = p
			return nil, broken
		}}
	}))
	if !errors.Is(err, broken) {
		t.Errorf("a transport that cannot be built: %v", err)
	}
	if got.Key == nil || got.Upgrader == nil || got.QUIC == nil || got.Gater == nil || got.Resources == nil {
		t.Errorf("a transport is to be built from %+v", got)
	}
}
