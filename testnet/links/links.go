// Package links is a simulated network for many libp2p hosts of one process: a transport
// whose connections are pipes in memory, each with a latency and a rate. Everything above
// it, security and multiplexing included, is what runs over TCP. It keeps time by package
// time alone, so that in a bubble of testing/synctest hours pass in moments.
package links

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/transport"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"github.com/ashlar-da/ashlar/p2p"
)

// Network joins the hosts whose transports it builds. It is safe for concurrent use.
type Network struct {
	// Latency is how long a byte travels, Rate how many bytes per second a connection
	// carries each way. They must not change while the network is used.
	Latency time.Duration
	Rate    int

	mu        sync.Mutex
	listeners map[string]*listener // by address; guarded by mu
	mute      int                  // hosts that dial without listening; guarded by mu
}

// New makes a network without hosts.
func New(latency time.Duration, rate int) *Network {
	return &Network{Latency: latency, Rate: rate, listeners: make(map[string]*listener)}
}

// suffix ends the network's addresses. No other transport of a host dials it.
const suffix = "/udp/1/utp"

// Address is the address of a host of a number from 0 to 65535, each in a subnet of its own.
func Address(number int) string { return address(10, number) }

func address(network, number int) string {
	return fmt.Sprintf("/ip4/%d.%d.%d.1%s", network, number>>8, number&255, suffix)
}

// Transport builds a host's transport: an element of p2p.Config.Transports.
func (n *Network) Transport(parts p2p.Parts) (transport.Transport, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.mute++
	from, err := multiaddr.NewMultiaddr(address(11, n.mute))
	return &wire{network: n, parts: parts, from: from}, err
}

// wire is one host's end of the network.
type wire struct {
	network *Network
	parts   p2p.Parts
	from    multiaddr.Multiaddr // what it dials from: where it listens, if it does; the network's mu guards it
}

var _ transport.Transport = (*wire)(nil)

// CanDial implements transport.Transport.
func (w *wire) CanDial(address multiaddr.Multiaddr) bool {
	_, err := address.ValueForProtocol(multiaddr.P_UTP)
	return err == nil
}

// Protocols implements transport.Transport.
func (w *wire) Protocols() []int { return []int{multiaddr.P_UTP} }

// Proxy implements transport.Transport.
func (w *wire) Proxy() bool { return false }

// Dial implements transport.Transport.
func (w *wire) Dial(ctx context.Context, to multiaddr.Multiaddr, id peer.ID) (transport.CapableConn, error) {
	scope, err := w.parts.Resources.OpenConnection(network.DirOutbound, false, to)
	if err != nil {
		return nil, err
	}
	connection, err := w.dial(ctx, to, id, scope)
	if err != nil {
		scope.Done()
		return nil, err
	}
	return connection, nil
}

func (w *wire) dial(ctx context.Context, to multiaddr.Multiaddr, id peer.ID, scope network.ConnManagementScope) (transport.CapableConn, error) {
	if err := scope.SetPeer(id); err != nil {
		return nil, err
	}
	raw, err := w.connect(ctx, to)
	if err != nil {
		return nil, err
	}
	return w.parts.Upgrader.Upgrade(ctx, w, raw, network.DirOutbound, id, scope)
}

// Listen implements transport.Transport.
func (w *wire) Listen(at multiaddr.Multiaddr) (transport.Listener, error) {
	l := &listener{network: w.network, at: at, backlog: make(chan manet.Conn, 64), closed: make(chan struct{})}
	w.network.mu.Lock()
	defer w.network.mu.Unlock()
	if w.network.listeners[at.String()] != nil {
		return nil, fmt.Errorf("links: %s is taken", at)
	}
	w.network.listeners[at.String()], w.from = l, at
	return w.parts.Upgrader.UpgradeGatedMaListener(w, w.parts.Upgrader.GateMaListener(l)), nil
}

var errRefused = errors.New("links: connection refused")

// connect makes a connection, which takes as long as a byte there and back.
func (w *wire) connect(ctx context.Context, to multiaddr.Multiaddr) (manet.Conn, error) {
	n := w.network
	n.mu.Lock()
	l, from := n.listeners[to.String()], w.from
	n.mu.Unlock()
	select {
	case <-time.After(2 * n.Latency):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if l == nil {
		return nil, errRefused
	}
	there, back := newPipe(n.Latency, n.Rate), newPipe(n.Latency, n.Rate)
	select {
	case l.backlog <- &end{in: there, out: back, local: to, remote: from}:
		return &end{in: back, out: there, local: from, remote: to}, nil
	case <-l.closed:
		return nil, errRefused
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// listener takes a host's incoming connections.
type listener struct {
	network *Network
	at      multiaddr.Multiaddr
	backlog chan manet.Conn
	closed  chan struct{}
	once    sync.Once
}

// Accept implements manet.Listener.
func (l *listener) Accept() (manet.Conn, error) {
	select {
	case connection := <-l.backlog:
		return connection, nil
	case <-l.closed:
		return nil, transport.ErrListenerClosed
	}
}

// Close implements manet.Listener.
func (l *listener) Close() error {
	l.once.Do(func() {
		close(l.closed)
		l.network.mu.Lock()
		defer l.network.mu.Unlock()
		delete(l.network.listeners, l.at.String())
	})
	return nil
}

// Multiaddr implements manet.Listener.
func (l *listener) Multiaddr() multiaddr.Multiaddr { return l.at }

// Addr implements manet.Listener.
func (l *listener) Addr() net.Addr { return netAddress{l.at} }

// netAddress is a multiaddress as package net knows addresses.
type netAddress struct{ multiaddr.Multiaddr }

// Network implements net.Addr.
func (a netAddress) Network() string { return "links" }
