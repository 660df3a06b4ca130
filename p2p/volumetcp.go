package p2p

import (
	"context"
	"net"
	"syscall"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/sec"
)

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

// count begins to count a connection.
func (v *volume) count(conn net.Conn) net.Conn {
	headers := int64(tcpHeaders)
	if remote, ok := conn.RemoteAddr().(*net.TCPAddr); ok && remote.IP.To4() == nil {
		headers += ipv6More
	}
	if measured := v.countMeasured(conn, headers); measured != nil {
		return measured
	}
	v.received.Add(handshake*headers + 2*20)
	v.sent.Add(handshake*headers + 2*20)
	return &reckonedConn{Conn: conn, volume: v, headers: headers}
}

// countMeasured begins to count a connection by the kernel's word, or returns nil where it gives none.
func (v *volume) countMeasured(conn net.Conn, headers int64) net.Conn {
	socket, ok := conn.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return nil
	}
	m := &measuredConn{Conn: conn, volume: v, raw: raw, headers: headers}
	if !m.measure() {
		return nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.tcp)%sweep == sweep-1 {
		v.measure()
	}
	v.tcp[m] = struct{}{}
	return m
}

// sweep is how many connections begin until those are looked for that were closed unseen: libp2p
// closes what it refuses beneath what secures it.
const sweep = 64

// measure returns what the standing TCP connections have carried, and takes leave of those
// that are closed. The volume is locked.
func (v *volume) measure() (received, sent int64) {
	for m := range v.tcp {
		if !m.measure() {
			v.leave(m)
			continue
		}
		received, sent = received+m.received, sent+m.sent
	}
	return received, sent
}

// leave keeps what a connection has carried that is no more. The volume is locked.
func (v *volume) leave(m *measuredConn) {
	if _, stands := v.tcp[m]; !stands {
		return
	}
	delete(v.tcp, m)
	v.received.Add(m.received + farewell*m.headers)
	v.sent.Add(m.sent + farewell*m.headers)
}

// farewell is how many packets each side sends once a connection is closed: FIN, and what acknowledges it.
const farewell = 2

// measuredConn is a TCP connection whose packets the kernel counts.
type measuredConn struct {
	net.Conn
	volume  *volume
	raw     syscall.RawConn
	headers int64 // of a packet

	received, sent int64 // when it was last measured; guarded by the volume's mu
}

// measure asks the kernel, and says whether it answered.
func (m *measuredConn) measure() bool {
	carried, ok := carriedTCP(m.raw)
	if ok {
		m.received = carried.received + m.headers*carried.packetsReceived
		m.sent = carried.sent + m.headers*carried.packetsSent
	}
	return ok
}

// Close implements net.Conn.
func (m *measuredConn) Close() error {
	m.volume.mu.Lock()
	m.measure()
	m.volume.leave(m)
	m.volume.mu.Unlock()
	return m.Conn.Close()
}

// segments is what a TCP connection has carried, by the kernel: bytes, those sent again included,
// and packets of any kind.
type segments struct {
	received, sent, packetsReceived, packetsSent int64
}

// reckonedConn is a TCP connection of which nobody tells how many packets it takes. What is sent
// again is not seen, and acknowledgements beyond one for two packets are not either.
type reckonedConn struct {
	net.Conn
	volume  *volume
	headers int64 // of a packet
}

// handshake is how many packets each side sends before a connection is secured and when it
// ends: SYN, the choice of the security, FIN, and what acknowledges them.
const handshake = 5

// tcpSegment is what a full segment carries; every second one is acknowledged.
const tcpSegment = 1448

// Read implements net.Conn.
func (c *reckonedConn) Read(b []byte) (int, error) {
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
func (c *reckonedConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	if n > 0 {
		packets := (int64(n) + tcpSegment - 1) / tcpSegment
		c.volume.sent.Add(int64(n) + packets*c.headers)
		c.volume.received.Add((packets*c.headers + 1) / 2)
	}
	return n, err
}
