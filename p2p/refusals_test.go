package p2p

import (
	"fmt"
	"testing"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
	"github.com/prometheus/client_golang/prometheus"
)

// TestEveryRefusalIsCounted asks of a host's resources, for each limit, one time too many.
func TestEveryRefusalIsCounted(t *testing.T) {
	from, err := multiaddr.NewMultiaddr("/ip4/203.0.113.9/tcp/9")
	if err != nil {
		t.Fatal(err)
	}
	on := func(resources network.ResourceManager, from peer.ID, p Protocol) (network.StreamManagementScope, error) {
		s, err := resources.OpenStream(from, network.DirInbound)
		if err != nil {
			return nil, err
		}
		return s, s.SetProtocol(p.on(testChain))
	}
	for limit, again := range map[string]func(resources network.ResourceManager, i int) error{
		"connection": func(r network.ResourceManager, _ int) error {
			_, err := r.OpenConnection(network.DirInbound, true, from)
			return err
		},
		"stream": func(r network.ResourceManager, _ int) error {
			_, err := r.OpenStream("peer", network.DirInbound)
			return err
		},
		"protocol": func(r network.ResourceManager, i int) error {
			_, err := on(r, peer.ID([]byte{byte(i)}), Rows)
			return err
		},
		"protocol_peer": func(r network.ResourceManager, _ int) error {
			_, err := on(r, "peer", Rows)
			return err
		},
		"service_peer": func(r network.ResourceManager, i int) error {
			s, err := on(r, "peer", []Protocol{Headers, Cells, Rows, Namespaces, Evidences, Held}[i%6])
			if err == nil {
				err = s.SetService(serviceName)
			}
			return err
		},
		"peer": func(r network.ResourceManager, i int) error {
			elsewhere, err := multiaddr.NewMultiaddr(fmt.Sprintf("/ip4/203.0.%d.9/tcp/9", i%256)) // a subnet has few
			if err != nil {
				return err
			}
			c, err := r.OpenConnection(network.DirInbound, true, elsewhere)
			if err == nil {
				err = c.SetPeer("peer")
			}
			return err
		},
		"service": func(r network.ResourceManager, i int) error {
			s, err := on(r, peer.ID([]byte{byte(i)}), []Protocol{Headers, Cells, Rows, Namespaces, Held}[i%5])
			if err == nil {
				err = s.SetService(serviceName)
			}
			return err
		},
		"memory": func(r network.ResourceManager, _ int) error {
			s, err := on(r, "peer", Rows)
			if err == nil {
				err = s.ReserveMemory(1<<40, network.ReservationPriorityAlways)
			}
			return err
		},
	} {
		counted := newMetrics(func() float64 { return 0 })
		resources := boundedResources(t, refusals{counted.refused})
		for i := 0; again(resources, i) == nil; i++ {
			if i == 1<<12 {
				t.Fatalf("%s: no limit", limit)
			}
		}
		if n := countOf(t, counted.refused, limit); n != 1 {
			t.Errorf("%s: counted %v refusals, want 1", limit, n)
		}
	}
}

// boundedResources are of a host that allows little.
func boundedResources(t *testing.T, counted refusals) network.ResourceManager {
	t.Helper()
	resolved, err := testConfig(t, func(c *Config) {
		c.Limits = Limits{LowPeers: 1, HighPeers: 2, Connections: 64, ConnectionsPerSubnet: 3, Streams: 4, StreamsPerPeer: 2}
	}).resolve()
	if err != nil {
		t.Fatal(err)
	}
	resources, err := newResources(resolved, counted)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resources.Close() })
	return resources
}

// countOf returns a counter's value for a label.
func countOf(t *testing.T, counter prometheus.Collector, label string) float64 {
	t.Helper()
	registry := prometheus.NewRegistry()
	if err := registry.Register(counter); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if m.GetLabel()[0].GetValue() == label {
				return m.GetCounter().GetValue()
			}
		}
	}
	return 0
}
