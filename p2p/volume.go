package p2p

import (
	"sync"
	"sync/atomic"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/quic-go/quic-go"
)

// What a packet carries besides what its connection counts: Ethernet's header, IPv4's, and
// those of UDP and of TCP with timestamps. IPv6's header is longer by ipv6More.
const (
	udpHeaders = 14 + 20 + 8
	tcpHeaders = 14 + 20 + 32
	ipv6More   = 20
)

// volume counts what connections carry all told: what secures and multiplexes streams
// included, and the headers of packets. QUIC counts its own; for TCP the kernel is asked, where it
// tells, else they are reckoned. Dials that come to nothing over QUIC are not seen.
type volume struct {
	received, sent atomic.Int64 // of connections that ended, and of TCP that is reckoned
	streams        atomic.Int64 // what streams carried, both ways
	cells          atomic.Int64 // what streams that carry cells received

	mu   sync.Mutex
	quic map[network.Conn]*quic.Conn // that stand; guarded by mu
	tcp  map[*measuredConn]struct{}  // that stand, or were closed unseen since last; guarded by mu
}

func newVolume() *volume {
	return &volume{quic: make(map[network.Conn]*quic.Conn), tcp: make(map[*measuredConn]struct{})}
}

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
	inTCP, outTCP := v.measure()
	received, sent = v.received.Load()+inTCP, v.sent.Load()+outTCP
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
