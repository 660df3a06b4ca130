package p2p

import (
	"slices"
	"testing"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	circuit "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
)

// relaying makes a host one that relays.
func relaying(c *Config) { c.Serve, c.Relay, c.Reachability = true, true, network.ReachabilityPublic }

// behindNAT makes a host one that nobody can dial, and that knows it.
func behindNAT(relay *Host, change ...func(*Config)) func(*Config) {
	return func(c *Config) {
		c.Listen, c.Reachability, c.Peers = nil, network.ReachabilityPrivate, []string{relay.Addresses()[0]}
		for _, ch := range change {
			ch(c)
		}
	}
}

// relayed waits until a host has a place with a relay, and returns its address there.
func relayed(t *testing.T, h, relay *Host) string {
	t.Helper()
	eventually(t, "a place with the relay", func() bool {
		info := relay.host.ConnManager().GetTagInfo(h.ID())
		return info != nil && info.Tags["relay-reservation"] > 0
	})
	return relay.Addresses()[0] + "/p2p-circuit/p2p/" + h.ID().String()
}

// TestCellsOverARelay has a host that listens nowhere serve one that never met it.
func TestCellsOverARelay(t *testing.T) {
	f := newFixture(t)
	relay := start(t, relaying)
	hidden := start(t, behindNAT(relay, serving(f, f)))
	address := relayed(t, hidden, relay)
	asker := start(t)
	id, err := asker.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	if state := asker.host.Network().Connectedness(id); state != network.Limited {
		t.Errorf("the connection is %v, want one with a relay's limits", state)
	}
	exerciseHeaders(t, asker, id, f)
	exerciseCells(t, asker, id, f)
	if hidden.Banned(asker.ID()) || asker.Banned(id) {
		t.Error("relayed requests led to a ban")
	}
}

// TestRelayIsLimited has a relay with one place and few bytes, and a host that is no relay.
func TestRelayIsLimited(t *testing.T) {
	f := newFixture(t)
	relay := start(t, relaying, func(c *Config) { c.Limits.RelayedPeers, c.Limits.RelayedBytes = 1, 64<<10 })
	hidden := start(t, behindNAT(relay, serving(f, f)))
	asker := start(t)
	id, err := asker.Connect(t.Context(), relayed(t, hidden, relay))
	if err != nil {
		t.Fatal(err)
	}
	most := slices.Repeat(f.coords, 1+MaxCells/len(f.coords))[:MaxCells]
	if _, err := asker.GetCells(t.Context(), id, 200, most); err == nil {
		t.Errorf("%d cells crossed a relay that carries %d bytes", len(most), 64<<10)
	}
	none := start(t, func(c *Config) { c.Serve, c.Reachability = true, network.ReachabilityPublic })
	for name, to := range map[string]*Host{"a full relay": relay, "a host that is no relay": none} {
		info, err := peer.AddrInfoFromString(to.Addresses()[0])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := circuit.Reserve(t.Context(), asker.host, *info); err == nil {
			t.Errorf("%s gave a place", name)
		}
	}
}
