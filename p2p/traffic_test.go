package p2p

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

func TestBytesAreCountedByProtocol(t *testing.T) {
	f := newFixture(t)
	served, asked := prometheus.NewRegistry(), prometheus.NewRegistry()
	server, client := start(t, serving(f, f), metricsIn(served)), start(t, metricsIn(asked))
	id := connect(t, client, server)
	const n = 5
	if _, err := client.GetCells(t.Context(), id, 200, make([]erasure.Coord, n)); err != nil {
		t.Fatal(err)
	}
	cells := string(Cells.on(client.config.ChainID))
	least := n * (kzg.CellSize + kzg.PointSize)
	most := cellsLimit(n) + 128 // the client knows what the server speaks, and counts the agreement too
	if got := bytesIn(t, asked, cells, "received"); got < least || got > most {
		t.Errorf("received %d bytes for %d cells, want %d to %d", got, n, least, most)
	}
	if got := bytesIn(t, asked, cells, "sent"); got == 0 || got >= least {
		t.Errorf("sent %d bytes to ask for %d cells", got, n)
	}
	eventually(t, "the count of what comes before a protocol is agreed on", func() bool { return bytesIn(t, asked, negotiation, "received") > 0 })
	eventually(t, "the server's count", func() bool { return bytesIn(t, served, cells, "sent") >= least })
}

func metricsIn(registry *prometheus.Registry) func(*Config) {
	return func(c *Config) { c.Metrics = registry }
}

// bytesIn returns what a host's metrics say of a protocol.
func bytesIn(t *testing.T, registry *prometheus.Registry, protocol, direction string) int {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			labels := m.GetLabel() // in the order of their names
			if family.GetName() == "ashlar_p2p_stream_bytes_total" && labels[0].GetValue() == direction && labels[1].GetValue() == protocol {
				return int(m.GetCounter().GetValue())
			}
		}
	}
	return 0
}
