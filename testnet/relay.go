package testnet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

// Link describes a connection over a long, lossy path. Relays work on TCP streams, of
// which no byte can be dropped, so what loss does to a stream is modelled: a lost segment
// comes one retransmission later, and so does everything behind it, since a stream is
// delivered in order. A retransmission can be lost as well.
//
// Congestion control is not modelled: a sender's rate is bounded by Window for each round
// trip, not halved by loss. That is near to what BBR does at 2 % loss; Reno or CUBIC would
// be slower.
type Link struct {
	// Delay is one way.
	Delay time.Duration
	// Loss is the probability that a segment is lost, each time it is sent.
	Loss float64
	// Segment is how many bytes of the stream are lost together: what fits into a packet.
	Segment int
	// Retransmit is how long after a loss the segment is sent again.
	Retransmit time.Duration
	// Window bounds the bytes under way in one direction: a sender waits when it is full.
	Window int
}

// LongLink returns a path with a delay one way and a loss: packets of an Ethernet, Linux's
// retransmission timeout (a round trip and 200 ms), and a window of 4 MiB.
func LongLink(delay time.Duration, loss float64) Link {
	return Link{Delay: delay, Loss: loss, Segment: 1448, Retransmit: 2*delay + 200*time.Millisecond, Window: 4 << 20}
}

// maxLosses bounds how often in a row one segment is lost.
const maxLosses = 8

// course is one direction of a connection: it says when what is sent arrives.
type course struct {
	link   Link
	random *rand.Rand
	last   time.Time // of the latest arrival
}

// arrival returns when the last of n bytes sent now arrives, at the earliest when what was
// sent before did.
func (c *course) arrival(now time.Time, n int) time.Time {
	for ; n > 0; n -= c.link.Segment {
		at := now.Add(c.link.Delay + time.Duration(c.losses())*c.link.Retransmit)
		if at.After(c.last) {
			c.last = at
		}
	}
	return c.last
}

// losses draws how often a segment is lost before it arrives.
func (c *course) losses() int {
	n := 0
	for n < maxLosses && c.random.Float64() < c.link.Loss {
		n++
	}
	return n
}

const (
	// relayChunk is the most that is read at once.
	relayChunk = 32 << 10
	// smallChunk is how little is read at once, on average, where the number of chunks
	// bounds what is under way before their bytes do.
	smallChunk = 512
)

// chunk is what was read at once, and when it arrives.
type chunk struct {
	data []byte
	due  time.Time
}

// carry copies a stream as the link would, until src ends, which closes dst once all
// has arrived. Memory is bounded by the window.
func carry(dst io.WriteCloser, src io.Reader, link Link, random *rand.Rand) {
	window := int64(max(link.Window, relayChunk))
	room := semaphore.NewWeighted(window)
	under := make(chan chunk, window/smallChunk)
	var writing sync.WaitGroup
	writing.Go(func() {
		defer func() { _ = dst.Close() }()
		gone := false
		for c := range under {
			if !gone {
				time.Sleep(time.Until(c.due))
				gone = write(dst, c.data) != nil
			}
			room.Release(int64(len(c.data)))
		}
	})
	defer writing.Wait()
	defer close(under)
	read(under, room, src, &course{link: link, random: random})
}

// write writes what was read; at the end of a stream that is nothing.
func write(dst io.Writer, data []byte) error {
	if len(data) == 0 {
		return nil
	}
	_, err := dst.Write(data)
	return err
}

// read sends what comes from src under way.
func read(under chan<- chunk, room *semaphore.Weighted, src io.Reader, c *course) {
	buffer := make([]byte, relayChunk)
	for {
		_ = room.Acquire(context.Background(), relayChunk) // fails only when the context ends
		n, err := src.Read(buffer)
		room.Release(int64(relayChunk - n))
		under <- chunk{bytes.Clone(buffer[:n]), c.arrival(time.Now(), n)}
		if err != nil {
			return
		}
	}
}

// Relay listens for connections and carries them to a target over a link.
type Relay struct {
	listener net.Listener
	target   string
	link     Link
	seed     uint64

	mu      sync.Mutex
	turn    uint64            // guarded by mu
	streams map[net.Conn]bool // guarded by mu
	closed  bool              // guarded by mu
	done    sync.WaitGroup
}

// NewRelay listens at an address for connections to a target; the seed decides what is lost.
// Run carries them.
func NewRelay(ctx context.Context, address, target string, link Link, seed uint64) (*Relay, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for a relay to %s: %w", target, err)
	}
	return &Relay{listener: listener, target: target, link: link, seed: seed, streams: map[net.Conn]bool{}}, nil
}

// Run carries connections until Close is called.
func (r *Relay) Run() error {
	for {
		conn, err := r.listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			r.done.Wait()
			return nil
		case err != nil:
			return fmt.Errorf("relay to %s: %w", r.target, err)
		}
		r.done.Go(func() { r.serve(conn) })
	}
}

// serve carries one connection, both ways, until either side ends it.
func (r *Relay) serve(near net.Conn) {
	far, err := net.Dial("tcp", r.target)
	if err != nil {
		_ = near.Close()
		return
	}
	turn, ok := r.hold(near, far)
	if !ok {
		return
	}
	defer r.release(near, far)
	var both sync.WaitGroup
	both.Go(func() { carry(far, near, r.link, rand.New(rand.NewPCG(r.seed, 2*turn))) })
	both.Go(func() { carry(near, far, r.link, rand.New(rand.NewPCG(r.seed, 2*turn+1))) })
	both.Wait()
}

// hold notes the two ends of a connection, so that Close reaches them.
func (r *Relay) hold(ends ...net.Conn) (turn uint64, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, end := range ends {
		if r.closed {
			_ = end.Close()
			continue
		}
		r.streams[end] = true
	}
	r.turn++
	return r.turn, !r.closed
}

func (r *Relay) release(ends ...net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, end := range ends {
		_ = end.Close()
		delete(r.streams, end)
	}
}

// Close ends the relay and what it carries.
func (r *Relay) Close() error {
	r.mu.Lock()
	r.closed = true
	for end := range r.streams {
		_ = end.Close()
	}
	r.mu.Unlock()
	return r.listener.Close()
}
