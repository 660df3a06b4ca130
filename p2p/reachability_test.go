package p2p

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/network"
)

// TestAutoNATFindsOut has a full node dial back a host that has a firewall and one that has
// none: each learns what it is.
func TestAutoNATFindsOut(t *testing.T) {
	for firewall, want := range map[bool]network.Reachability{true: network.ReachabilityPrivate, false: network.ReachabilityPublic} {
		synctest.Test(t, func(t *testing.T) {
			world := &internet{sockets: map[netip.AddrPort]*socket{}}
			full := start(t, world.home("1.1.1.1", false), func(c *Config) { c.Serve = true })
			host := start(t, world.home("2.2.2.2", firewall), func(c *Config) { c.Peers = []string{full.Addresses()[0]} })
			told, err := host.host.EventBus().Subscribe(new(event.EvtLocalReachabilityChanged))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = told.Close() }()
			for {
				got := (<-told.Out()).(event.EvtLocalReachabilityChanged).Reachability
				if got == want {
					time.Sleep(time.Minute) // for the full node to be done with it
					return
				}
				if got != network.ReachabilityUnknown {
					t.Fatalf("firewall %v: the host takes itself for %v", firewall, got)
				}
			}
		})
	}
}
