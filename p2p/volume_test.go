package p2p

import (
	"errors"
	"testing"

	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

func onAddress(address string) func(*Config) {
	return func(c *Config) { c.Listen = []string{address} }
}

// TestVolumeIsAllBytes counts what carries a known number of bytes, on both transports: more
// than the bytes, not by much.
func TestVolumeIsAllBytes(t *testing.T) {
	for _, address := range []string{"/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/udp/0/quic-v1"} {
		f := newFixture(t)
		server, client := start(t, serving(f, f), onAddress(address)), start(t)
		id := connect(t, client, server)
		before, _ := client.WireBytes()
		const rounds = 8
		for range rounds {
			if _, err := client.GetCells(t.Context(), id, 200, make([]erasure.Coord, MaxCells)); err != nil {
				t.Fatal(err)
			}
		}
		after, sent := client.WireBytes()
		const payload = rounds * MaxCells * (kzg.CellSize + kzg.PointSize)
		if got := after - before; got < payload*1005/1000 || got > payload*112/100 {
			t.Errorf("%s: received %d bytes for %d of cells and proofs", address, got, payload)
		}
		if sent == 0 || sent > payload/4 {
			t.Errorf("%s: sent %d bytes to ask for %d", address, sent, payload)
		}
		received, _ := client.WireBytes()
		if err := client.Close(); err != nil {
			t.Fatal(err)
		}
		if ended, _ := client.WireBytes(); ended < received {
			t.Errorf("%s: %d bytes, but %d before the connection ended", address, ended, received)
		}
	}
}

func TestWhoRestsMeetsNobody(t *testing.T) {
	f := newFixture(t)
	server, client := start(t, serving(f, f)), start(t)
	id := connect(t, client, server)
	if err := client.Rest(); err != nil || !client.Resting() {
		t.Fatal(err)
	}
	eventually(t, "nobody is connected", func() bool { return len(client.Peers()) == 0 && len(server.Peers()) == 0 })
	if _, err := client.Connect(t.Context(), server.Addresses()[0]); err == nil {
		t.Error("a host that rests connected to a peer")
	}
	if _, err := server.Connect(t.Context(), client.Addresses()[0]); err == nil && len(client.Peers()) > 0 {
		t.Error("a peer connected to a host that rests")
	}
	if _, err := client.GetCells(t.Context(), id, 200, make([]erasure.Coord, 1)); err == nil || errors.Is(err, ErrGarbage) {
		t.Errorf("asking while resting: %v", err)
	}
	client.Resume()
	connect(t, client, server)
	if _, err := client.GetCells(t.Context(), id, 200, make([]erasure.Coord, 1)); err != nil {
		t.Errorf("after the rest: %v", err)
	}
}
