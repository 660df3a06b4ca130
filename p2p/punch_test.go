package p2p

import (
	"maps"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/p2p/protocol/holepunch"
	"github.com/libp2p/go-libp2p/p2p/transport/quicreuse"
)

// TestHolePunching has two hosts, each behind a firewall that lets in only whom it has sent
// something to, meet by way of a relay and end up with a direct connection.
func TestHolePunching(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	world := &internet{sockets: map[netip.AddrPort]*socket{}}
	relay := start(t, world.home("1.1.1.1", false), relaying)
	hidden := start(t, world.home("2.2.2.2", true), behindNAT(relay, serving(f, f)), onQUIC("2.2.2.2"))
	asker := start(t, world.home("3.3.3.3", true), behindNAT(relay), onQUIC("3.3.3.3"))
	for _, h := range []*Host{hidden, asker} {
		eventually(t, "readiness to punch holes", func() bool { return slices.Contains(h.host.Mux().Protocols(), holepunch.Protocol) })
	}
	id, err := asker.Connect(t.Context(), relayed(t, hidden, relay))
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "a direct connection", func() bool { return asker.host.Network().Connectedness(id) == network.Connected })
	if world.held() == 0 {
		t.Error("no firewall held anything up")
	}
	exerciseCells(t, asker, id, f)
}

// onQUIC makes a host listen at an address, for QUIC.
func onQUIC(ip string) func(*Config) {
	return func(c *Config) { c.Listen = []string{"/ip4/" + ip + "/udp/4001/quic-v1"} }
}

// internet carries packets between addresses within the process.
type internet struct {
	mu      sync.Mutex
	sockets map[netip.AddrPort]*socket // guarded by mu
	ports   uint16                     // handed out; guarded by mu
	stopped int                        // packets that a firewall held up; guarded by mu
}

// home is a host's address, behind a firewall or not.
func (n *internet) home(ip string, firewall bool) func(*Config) {
	at := netip.MustParseAddr(ip)
	return func(c *Config) {
		onQUIC(ip)(c)
		c.sockets = []quicreuse.Option{
			quicreuse.OverrideListenUDP(func(_ string, address *net.UDPAddr) (net.PacketConn, error) {
				return n.open(at, uint16(address.Port), firewall), nil
			}),
			quicreuse.OverrideSourceIPSelector(func() (quicreuse.SourceIPSelector, error) { return source4(at), nil }),
		}
	}
}

// source4 is a host's only address.
type source4 netip.Addr

// PreferredSourceIPForDestination implements quicreuse.SourceIPSelector.
func (s source4) PreferredSourceIPForDestination(*net.UDPAddr) (net.IP, error) {
	return netip.Addr(s).AsSlice(), nil
}

// open opens a socket; any port will do for 0.
func (n *internet) open(ip netip.Addr, port uint16, firewall bool) *socket {
	n.mu.Lock()
	defer n.mu.Unlock()
	if port == 0 {
		n.ports++
		port = 50000 + n.ports
	}
	s := &socket{
		net: n, at: netip.AddrPortFrom(ip, port), firewall: firewall, sentTo: map[netip.AddrPort]bool{},
		packets: make(chan packet, 1024), closed: make(chan struct{}), expired: make(chan struct{}),
	}
	n.sockets[s.at] = s
	return s
}

// carry takes a packet to its address, unless a firewall or a full queue is in the way.
func (n *internet) carry(from *socket, to netip.AddrPort, data []byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	from.sentTo[to] = true
	s := n.sockets[to]
	if s == nil {
		return
	}
	if s.firewall && !s.sentTo[from.at] {
		n.stopped++
		return
	}
	select {
	case s.packets <- packet{from.at, slices.Clone(data)}:
	default:
	}
}

func (n *internet) held() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.stopped
}

type packet struct {
	from netip.AddrPort
	data []byte
}

// socket is a net.PacketConn of an internet.
type socket struct {
	net      *internet
	at       netip.AddrPort
	firewall bool
	sentTo   map[netip.AddrPort]bool // guarded by net.mu
	packets  chan packet
	closed   chan struct{}
	once     sync.Once

	mu      sync.Mutex
	expired chan struct{} // closed when the deadline of reads has passed; guarded by mu
}

// ReadFrom implements net.PacketConn.
func (s *socket) ReadFrom(into []byte) (int, net.Addr, error) {
	s.mu.Lock()
	expired := s.expired
	s.mu.Unlock()
	select {
	case p := <-s.packets:
		return copy(into, p.data), net.UDPAddrFromAddrPort(p.from), nil
	case <-expired:
		return 0, nil, os.ErrDeadlineExceeded
	case <-s.closed:
		return 0, nil, net.ErrClosed
	}
}

// WriteTo implements net.PacketConn.
func (s *socket) WriteTo(data []byte, to net.Addr) (int, error) {
	address := to.(*net.UDPAddr).AddrPort()
	s.net.carry(s, netip.AddrPortFrom(address.Addr().Unmap(), address.Port()), data)
	return len(data), nil
}

// Close implements net.PacketConn.
func (s *socket) Close() error {
	s.once.Do(func() {
		close(s.closed)
		s.net.mu.Lock()
		defer s.net.mu.Unlock()
		maps.DeleteFunc(s.net.sockets, func(_ netip.AddrPort, other *socket) bool { return other == s })
	})
	return nil
}

// LocalAddr implements net.PacketConn.
func (s *socket) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(s.at) }

// SetDeadline implements net.PacketConn.
func (s *socket) SetDeadline(at time.Time) error { return s.SetReadDeadline(at) }

// SetReadDeadline implements net.PacketConn, for none and those that have passed.
func (s *socket) SetReadDeadline(at time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at.IsZero() {
		s.expired = make(chan struct{})
	} else {
		select {
		case <-s.expired:
		default:
			close(s.expired)
		}
	}
	return nil
}

// SetWriteDeadline implements net.PacketConn: writes do not wait.
func (s *socket) SetWriteDeadline(time.Time) error { return nil }
