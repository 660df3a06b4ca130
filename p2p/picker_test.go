package p2p

import (
	"slices"
	"testing"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
)

func listening(address string) func(*Config) {
	return func(c *Config) { c.Listen = []string{"/ip4/" + address + "/tcp/0"} }
}

// Peers whose addresses are in one subnet may be one adversary: they are told apart from others.
func TestAkinPeersShareASubnet(t *testing.T) {
	h := start(t)
	h.publicSubnet = func(address multiaddr.Multiaddr) string { // 127.0.x.y stands for a subnet x
		ip, err := address.ValueForProtocol(multiaddr.P_IP4)
		if err != nil {
			t.Error(err)
		}
		return ip[:len("127.0.1")]
	}
	a, b, c := connect(t, h, start(t, listening("127.0.1.1"))), connect(t, h, start(t, listening("127.0.1.2"))), connect(t, h, start(t, listening("127.0.2.1")))
	if akin := h.Akin([]peer.ID{a}); len(akin) != 2 || !slices.Contains(akin, a) || !slices.Contains(akin, b) {
		t.Errorf("akin to %s: %v; want it and %s", a, akin, b)
	}
	if akin := h.Akin([]peer.ID{c}); !slices.Equal(akin, []peer.ID{c}) {
		t.Errorf("akin to %s: %v", c, akin)
	}
	if akin := h.Akin(nil); len(akin) != 0 {
		t.Errorf("akin to nobody: %v", akin)
	}
}

func TestPublicSubnet(t *testing.T) {
	for address, want := range map[string]string{
		"/ip4/203.0.113.7/tcp/1":          "203.0.113.0/24",
		"/ip4/8.8.4.4/udp/1/quic-v1":      "8.8.4.0/24",
		"/ip6/2a00:1450:4001::5/tcp/1":    "2a00:1450:4001::/48",
		"/ip4/10.1.2.3/tcp/1":             "",
		"/ip4/192.168.1.4/udp/9/quic-v1":  "",
		"/ip4/127.0.0.1/tcp/1":            "",
		"/ip6/fd00::1/tcp/1":              "",
		"/dns4/node.example.org/tcp/2666": "",
	} {
		if got := publicSubnet(multiaddr.StringCast(address)); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}
