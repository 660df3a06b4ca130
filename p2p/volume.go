package p2p

import (
	"context"
	"net"
	"sync"
	"sync/atomic"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/sec"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/quic-go/quic-go"
)

// What a packet carries besides what its connection counts: Ethernet's header, IPv4's, and
// those of UDP and of TCP with timestamps. IPv6's header is longer by ipv6More.
const (
	udpHeaders = 14 + 20 + 8
	tcpHeaders = 14 + 20 + 32
	ipv6More   = 20
	// tcpSegment is what a full segment carries; every second one is acknowledged.
	tcpSegment = 1448
)

// volume counts what connections carry all told: what secures and multiplexes streams
// included, and the headers of packets, which QUIC counts itself and which are reckoned from
// the sizes of reads and writes for TCP. What TCP sends again, and dials that come to
// nothing over QUIC, are not seen.
type volume struct {
	received, sent atomic.Int64 // of TCP, and of QUIC connections that ended
	streams        atomic.Int64 // what streams carried, both ways
	cells          atomic.Int64 // what streams that carry cells received

	mu   sync.Mutex
	quic map[network.Conn]*quic.Conn // that stand; guarded by mu
}

func newVolume() *volume { return &volume{quic: make(map[network.Conn]*quic.Conn)} }

// WireBytes returns how many bytes the host's connections have received and sent since it
// was made, the headers of Ethernet, IP, TCP and QUIC included.
func (h *Host) WireBytes() (received, sent int64) { return h.volume.total() }

// CellBytes returns how many of the bytes of WireBytes came with cells, what carries them
// included in proportion.
func (h *Host) CellBytes() int64 {
	streams := h.volume.streams.Load()
	if streams == 0 {
		return 0
	}
	received, sent := h.volume.total()
	return int64(float64(h.volume.cells.Load()) * float64(received+sent) / float64(streams))
}

func (v *volume) total() (received, sent int64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	received, sent = v.received.Load(), v.sent.Load()
	for conn, q := range v.quic {
		in, out := carried(conn, q)
		received, sent = received+in, sent+out
	}
	return received, sent
}

// collectors are the metrics of bytes, by direction.
func (v *volume) collectors() []prometheus.Collector {
	counter := func(direction string, value func() int64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name:        "ashlar_p2p_wire_bytes_total",
			Help:        "Bytes of connections all told, the headers of packets included.",
			ConstLabels: prometheus.Labels{"direction": direction},
		}, func() float64 { return float64(value()) })
	}
	return []prometheus.Collector{
		counter("received", func() int64 { received, _ := v.total(); return received }),
		counter("sent", func() int64 { _, sent := v.total(); return sent }),
	}
}

// carried returns what a QUIC connection has carried.
func carried(conn network.Conn, q *quic.Conn) (received, sent int64) {
	stats, headers := q.ConnectionStats(), int64(udpHeaders)
	if isIPv6(conn.RemoteMultiaddr().String()) {
		headers += ipv6More
	}
	return int64(stats.BytesReceived) + headers*int64(stats.PacketsReceived), int64(stats.BytesSent) + headers*int64(stats.PacketsSent)
}

func isIPv6(multiaddress string) bool { return len(multiaddress) > 5 && multiaddress[:5] == "/ip6/" }

// notifiee has a swarm tell of its connections.
func (v *volume) notifiee() network.Notifiee {
	return &network.NotifyBundle{
		ConnectedF:    func(_ network.Network, conn network.Conn) { v.connected(conn) },
		DisconnectedF: func(_ network.Network, conn network.Conn) { v.disconnected(conn) },
	}
}

func (v *volume) connected(conn network.Conn) {
	var q *quic.Conn
	if !conn.As(&q) {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.quic[conn] = q
}

func (v *volume) disconnected(conn network.Conn) {
	v.mu.Lock()
	defer v.mu.Unlock()
	q := v.quic[conn]
	if q == nil {
		return
	}
	delete(v.quic, conn)
	received, sent := carried(conn, q)
	v.received.Add(received)
	v.sent.Add(sent)
}

// countedSecurity secures TCP connections whose bytes are counted.
type countedSecurity struct {
	sec.SecureTransport
	volume *volume
}

// SecureInbound implements sec.SecureTransport.
func (s countedSecurity) SecureInbound(ctx context.Context, insecure net.Conn, p peer.ID) (sec.SecureConn, error) {
	return s.SecureTransport.SecureInbound(ctx, s.volume.count(insecure), p)
}

// SecureOutbound implements sec.SecureTransport.
func (s countedSecurity) SecureOutbound(ctx context.Context, insecure net.Conn, p peer.ID) (sec.SecureConn, error) {
	return s.SecureTransport.SecureOutbound(ctx, s.volume.count(insecure), p)
}

// countedConn is a TCP connection whose bytes are counted.
type countedConn struct {
	net.Conn
	volume  *volume
	headers int64 // of a packet
}

// handshake is how many packets each side sends before a connection is secured and when it
// ends: SYN, the choice of the security, FIN, and what acknowledges them.
const handshake = 5

// count begins to count a connection. What went before is reckoned.
func (v *volume) count(conn net.Conn) net.Conn {
	headers := int64(tcpHeaders)
	if remote, ok := conn.RemoteAddr().(*net.TCPAddr); ok && remote.IP.To4() == nil {
		headers += ipv6More
	}
	v.received.Add(handshake*headers + 2*20)
	v.sent.Add(handshake*headers + 2*20)
	return &countedConn{Conn: conn, volume: v, headers: headers}
}

// Read implements net.Conn.
func (c *countedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n <= 0 {
		return n, err
	}
	packets := packetsOf(int64(n))
	c.volume.received.Add(int64(n) + packets*c.headers)
	c.volume.sent.Add((packets*c.headers + 1) / 2)
	return n, err
}

// packetsOf returns how many packets a read has met. A record's length is read apart from the
// record.
func packetsOf(n int64) int64 {
	const length = 2 // of Noise's frames
	if n == length {
		return 0
	}
	return (n + length + tcpSegment - 1) / tcpSegment
}

// Write implements net.Conn.
func (c *countedConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	if n > 0 {
		packets := (int64(n) + tcpSegment - 1) / tcpSegment
		c.volume.sent.Add(int64(n) + packets*c.headers)
		c.volume.received.Add((packets*c.headers + 1) / 2)
	}
	return n, err
}
