package links

import (
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// window is how many bytes may be under way in one direction of a connection.
const window = 1 << 20

// pipe is one direction of a connection.
type pipe struct {
	latency time.Duration
	rate    int

	mu      sync.Mutex
	packets []packet      // under way or arrived, in order; guarded by mu
	size    int           // of packets; guarded by mu
	idle    time.Time     // when all that was sent has left; guarded by mu
	closed  bool          // nothing more is sent; guarded by mu
	deaf    bool          // nothing more is read; guarded by mu
	changed chan struct{} // closed, and replaced, when any of this changes; guarded by mu
	reading time.Time     // until when to wait for bytes, zero: for ever; guarded by mu
	writing time.Time     // until when to wait for room; guarded by mu
}

// packet is what one Write sent.
type packet struct {
	arrives time.Time
	bytes   []byte
}

func newPipe(latency time.Duration, rate int) *pipe {
	return &pipe{latency: latency, rate: rate, changed: make(chan struct{})}
}

// change wakes whoever waits; mu must be held.
func (p *pipe) change() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// wait unlocks mu until something changes, or until a moment if it is not zero.
func (p *pipe) wait(until time.Time) {
	changed := p.changed
	p.mu.Unlock()
	defer p.mu.Lock()
	var due <-chan time.Time
	if !until.IsZero() {
		timer := time.NewTimer(time.Until(until))
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-changed:
	case <-due:
	}
}

// passed tells whether a deadline, of which a zero one is none, is over.
func passed(at time.Time) bool { return !at.IsZero() && !time.Now().Before(at) }

// earlier returns the earlier of two moments, of which a zero one is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func (p *pipe) read(into []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		var arrives time.Time
		if len(p.packets) > 0 {
			arrives = p.packets[0].arrives
		}
		switch {
		case p.deaf:
			return 0, net.ErrClosed
		case passed(p.reading):
			return 0, os.ErrDeadlineExceeded
		case len(p.packets) > 0 && !time.Now().Before(arrives):
			return p.receive(into), nil
		case len(p.packets) == 0 && p.closed:
			return 0, io.EOF
		}
		p.wait(earlier(arrives, p.reading))
	}
}

// receive takes bytes out of the first packet; mu must be held.
func (p *pipe) receive(into []byte) int {
	n := copy(into, p.packets[0].bytes)
	if p.packets[0].bytes = p.packets[0].bytes[n:]; len(p.packets[0].bytes) == 0 {
		p.packets = p.packets[1:]
	}
	p.size -= n
	p.change()
	return n
}

func (p *pipe) write(from []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	sent := 0
	for sent < len(from) {
		switch room := min(window-p.size, len(from)-sent); {
		case p.closed || p.deaf:
			return sent, io.ErrClosedPipe
		case passed(p.writing):
			return sent, os.ErrDeadlineExceeded
		case room > 0:
			p.send(append([]byte(nil), from[sent:sent+room]...))
			sent += room
		default:
			p.wait(p.writing)
		}
	}
	return sent, nil
}

// send puts bytes on their way; mu must be held.
func (p *pipe) send(bytes []byte) {
	if now := time.Now(); p.idle.Before(now) {
		p.idle = now
	}
	p.idle = p.idle.Add(time.Duration(len(bytes)) * time.Second / time.Duration(p.rate))
	p.packets = append(p.packets, packet{p.idle.Add(p.latency), bytes})
	p.size += len(bytes)
	p.change()
}

// end is one end of a connection.
type end struct {
	in, out       *pipe
	local, remote multiaddr.Multiaddr
}

var _ manet.Conn = (*end)(nil)

// Read implements net.Conn.
func (e *end) Read(into []byte) (int, error) { return e.in.read(into) }

// Write implements net.Conn.
func (e *end) Write(from []byte) (int, error) { return e.out.write(from) }

// Close implements net.Conn. What was written before arrives.
func (e *end) Close() error {
	e.in.set(func() { e.in.deaf = true })
	e.out.set(func() { e.out.closed = true })
	return nil
}

func (p *pipe) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
	p.change()
}

// SetDeadline implements net.Conn.
func (e *end) SetDeadline(at time.Time) error {
	_ = e.SetReadDeadline(at)
	return e.SetWriteDeadline(at)
}

// SetReadDeadline implements net.Conn.
func (e *end) SetReadDeadline(at time.Time) error {
	e.in.set(func() { e.in.reading = at })
	return nil
}

// SetWriteDeadline implements net.Conn.
func (e *end) SetWriteDeadline(at time.Time) error {
	e.out.set(func() { e.out.writing = at })
	return nil
}

// LocalAddr implements net.Conn.
func (e *end) LocalAddr() net.Addr { return netAddress{e.local} }

// RemoteAddr implements net.Conn.
func (e *end) RemoteAddr() net.Addr { return netAddress{e.remote} }

// LocalMultiaddr implements manet.Conn.
func (e *end) LocalMultiaddr() multiaddr.Multiaddr { return e.local }

// RemoteMultiaddr implements manet.Conn.
func (e *end) RemoteMultiaddr() multiaddr.Multiaddr { return e.remote }
