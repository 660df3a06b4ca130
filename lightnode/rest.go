package lightnode

import (
	"context"
	"sync"
	"time"
)

// greetTime is how long peers may take to answer after a rest.
const greetTime = 5 * time.Second

// wakefulness has parts of a node wait while it rests, and ends what they are at when a rest
// begins: a deadline that passes while nobody can be asked would say something about the
// node, not about the block. It is safe for concurrent use.
type wakefulness struct {
	mu    sync.Mutex
	awake context.Context // ended by a rest; guarded by mu, like the rest
	rest  context.CancelFunc
	woken chan struct{} // closed when the node is awake
	since time.Time     // of the last change, zero if there was none
}

func newWakefulness() *wakefulness {
	w := &wakefulness{woken: make(chan struct{})}
	w.awake, w.rest = context.WithCancel(context.Background())
	close(w.woken)
	return w
}

// set begins or ends a rest.
func (w *wakefulness) set(awake bool, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if awake == (w.awake.Err() == nil) {
		return
	}
	w.since = now
	if !awake {
		w.woken = make(chan struct{})
		w.rest()
		return
	}
	w.awake, w.rest = context.WithCancel(context.Background())
	close(w.woken)
}

// state returns whether the node is awake, and since when it is, or is not.
func (w *wakefulness) state() (awake bool, since time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.awake.Err() == nil, w.since
}

// await waits until the node is awake and returns a context that ends with ctx and when the
// node rests; false if ctx ended before.
func (w *wakefulness) await(ctx context.Context) (context.Context, context.CancelFunc, bool) {
	for {
		w.mu.Lock()
		awake, woken := w.awake, w.woken
		w.mu.Unlock()
		select {
		case <-ctx.Done():
			return ctx, func() {}, false
		case <-woken:
		}
		if awake.Err() == nil {
			ctx, cancel := context.WithCancel(ctx)
			stop := context.AfterFunc(awake, cancel)
			return ctx, func() { stop(); cancel() }, true
		}
	}
}

// obey rests and wakes as the ledger says.
func (n *Node) obey(ctx context.Context) {
	resting, until := n.strength.resting()
	if resting == n.host.Resting() {
		return
	}
	now := n.config.Now()
	if resting {
		n.wakefulness.set(false, now)
		err := n.host.Rest()
		n.config.Log.Info("resting: the data budget's credit is spent", "until", until.UTC(), "closing_connections", err)
		return
	}
	n.host.Resume()
	n.contact.Store(now.UnixNano())
	n.greet(ctx)
	n.wakefulness.set(true, now)
	n.config.Log.Info("awake: there is credit for more data")
}

// greet connects to some of the configured peers, as many as a header is compared among, and
// returns when all have answered or it has taken too long.
func (n *Node) greet(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, greetTime)
	defer cancel()
	var greetings sync.WaitGroup
	for _, address := range shuffled(n.config.Peers)[:min(len(n.config.Peers), n.config.Witnesses+1)] {
		greetings.Go(func() {
			if _, err := n.host.Connect(ctx, address); err != nil {
				n.config.Log.Debug("a peer is unreachable", "peer", address, "error", err)
			}
		})
	}
	greetings.Wait()
}

// staticPeers are those that the host is to stay connected to. A phone meets its peers when
// it wakes.
func (n *Node) staticPeers() []string {
	if n.phone != nil {
		return nil
	}
	return n.config.Peers
}
