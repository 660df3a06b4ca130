package p2p

import (
	"io"
	"net"
	"testing"
)

// pair returns both ends of a TCP connection on loopback.
func pair(t *testing.T) (client, server net.Conn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	if client, err = net.Dial("tcp", listener.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if server, err = listener.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = client.Close(), server.Close() })
	return client, server
}

// TestWhatOneEndSendsTheOtherReceives has the kernel count small packets, each of which is answered,
// which nobody sees in the sizes of reads and writes.
func TestWhatOneEndSendsTheOtherReceives(t *testing.T) {
	volumes := []*volume{newVolume(), newVolume()}
	a, b := pair(t)
	a, b = volumes[0].count(a), volumes[1].count(b)
	const rounds = 100
	for range rounds {
		for _, ends := range [][2]net.Conn{{a, b}, {b, a}} {
			if _, err := ends[0].Write(make([]byte, 10)); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(ends[1], make([]byte, 10)); err != nil {
				t.Fatal(err)
			}
		}
	}
	const least = rounds * (10 + tcpHeaders)
	eventually(t, "both ends count the same", func() bool {
		received, sent := volumes[0].total()
		otherReceived, otherSent := volumes[1].total()
		// SYN comes before what a listener's socket counts.
		return received >= least && sent >= least && abs(received-otherSent) <= 2*tcpHeaders && abs(sent-otherReceived) <= 2*tcpHeaders
	})
}

func abs(n int64) int64 { return max(n, -n) }

// TestWhatIsClosedUnseenIsKept closes connections beneath what counts them, as libp2p does with
// those it refuses, and on the way that others take.
func TestWhatIsClosedUnseenIsKept(t *testing.T) {
	v := newVolume()
	unseen, _ := pair(t)
	seen, _ := pair(t)
	counted := v.count(seen)
	_ = v.count(unseen)
	received, sent := v.total()
	if received == 0 || sent == 0 {
		t.Fatalf("received %d, sent %d", received, sent)
	}
	if err := unseen.Close(); err != nil {
		t.Fatal(err)
	}
	if err := counted.Close(); err != nil {
		t.Fatal(err)
	}
	if in, out := v.total(); in <= received || out <= sent {
		t.Errorf("received %d, then %d; sent %d, then %d", received, in, sent, out)
	}
	if len(v.tcp) > 0 {
		t.Errorf("%d closed connections are still known", len(v.tcp))
	}
	for range 10 * sweep {
		conn, _ := pair(t)
		_ = v.count(conn)
		_ = conn.Close()
	}
	if len(v.tcp) > sweep {
		t.Errorf("%d closed connections are known, nobody having asked", len(v.tcp))
	}
}
