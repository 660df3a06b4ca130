package client

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/da/chain"
)

const (
	// freshness is how old a head may be that a transaction is signed by.
	freshness = 2 * time.Second
	// stallTime is how long a node's head may stay where it is before others are asked.
	stallTime = 10 * time.Second
	// scansAtOnce bounds the namespaces that are looked through at the same time.
	scansAtOnce = 4
	// scanBatch bounds the heights that one look takes a namespace further.
	scanBatch = 64
)

// tracker looks for what was submitted: it goes through the blocks, height by height, and
// reads of each the namespaces that something is on its way to, proven to be complete. So it
// learns what each block has, and just as surely what it does not have. Its goroutine runs
// while something is on its way.
type tracker struct {
	client *Client

	mu      sync.Mutex
	watches map[da.Namespace]*watch // guarded by mu
	running bool                    // guarded by mu
	newest  uint64                  // newest height whose header is the chain's; guarded by mu
	asked   time.Time               // when it was last asked for; guarded by mu
	grown   time.Time               // when it last grew; guarded by mu
	headers map[headerKey]*chain.Header
}

// watch is a namespace that is looked through. A flight is looked for in its first blob's.
type watch struct {
	namespace da.Namespace
	cursor    uint64            // looked through up to here
	flights   map[*flight]*lane // those on their way
}

func newTracker(c *Client) *tracker {
	return &tracker{client: c, watches: make(map[da.Namespace]*watch)}
}

// add begins to look for a flight, from after f.since on.
func (t *tracker) add(f *flight, l *lane) {
	namespace := f.sub.infos[0].Namespace
	t.mu.Lock()
	defer t.mu.Unlock()
	w := t.watches[namespace]
	if w == nil {
		w = &watch{namespace: namespace, cursor: f.since, flights: make(map[*flight]*lane)}
		t.watches[namespace] = w
	}
	if _, known := w.flights[f]; !known {
		w.flights[f] = l
		w.cursor = min(w.cursor, f.since)
	}
	if !t.running {
		t.running = true
		t.client.tasks.Go(func() { t.run(t.client.life) })
	}
}

// remove ends looking for a flight.
func (t *tracker) remove(f *flight) {
	namespace := f.sub.infos[0].Namespace
	t.mu.Lock()
	defer t.mu.Unlock()
	if w := t.watches[namespace]; w != nil {
		delete(w.flights, f)
		if len(w.flights) == 0 {
			delete(t.watches, namespace)
		}
	}
}

// rewind looks again from a height on at which a node says that it included a flight.
func (t *tracker) rewind(f *flight, height uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if w := t.watches[f.sub.infos[0].Namespace]; w != nil && height > f.since {
		w.cursor = min(w.cursor, height-1)
	}
}

// head is the newest height that is known.
func (t *tracker) head() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.newest
}

// run looks for more blocks until nothing is on its way.
func (t *tracker) run(ctx context.Context) {
	for t.busy() {
		if err := t.look(ctx); err != nil && ctx.Err() == nil {
			t.hindered(err)
		}
		select {
		case <-time.After(pollInterval):
		case <-ctx.Done():
			return
		}
	}
}

func (t *tracker) busy() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running = len(t.watches) > 0
	return t.running
}

// hindered notes at what is waited for why nothing is learned of it.
func (t *tracker) hindered(cause error) {
	for _, w := range t.list() {
		for f := range t.of(w) {
			f.sub.hindered(cause)
		}
	}
}

func (t *tracker) list() []*watch {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := make([]*watch, 0, len(t.watches))
	for _, w := range t.watches {
		list = append(list, w)
	}
	return list
}

// of returns the flights of a watch at this time.
func (t *tracker) of(w *watch) map[*flight]*lane {
	t.mu.Lock()
	defer t.mu.Unlock()
	flights := make(map[*flight]*lane, len(w.flights))
	for f, l := range w.flights {
		flights[f] = l
	}
	return flights
}

// look goes through the blocks that are new.
func (t *tracker) look(ctx context.Context) error {
	head, err := t.advance(ctx)
	if err != nil {
		return err
	}
	var group errgroup.Group
	group.SetLimit(scansAtOnce)
	for _, w := range t.list() {
		group.Go(func() error { return t.scan(ctx, w, head) })
	}
	return group.Wait()
}

// trustedHead returns a height that the chain has reached, as of a moment ago.
func (t *tracker) trustedHead(ctx context.Context) (uint64, error) {
	t.mu.Lock()
	head, fresh := t.newest, t.newest > 0 && time.Since(t.asked) < freshness
	t.mu.Unlock()
	if fresh {
		return head, nil
	}
	return t.advance(ctx)
}

// advance asks for the newest height, whose header must be the chain's. Where a node's stays
// the same for long, all are asked, and the one that is furthest is asked first from then on.
func (t *tracker) advance(ctx context.Context) (uint64, error) {
	t.mu.Lock()
	stalled := len(t.client.nodes.all) > 1 && !t.grown.IsZero() && time.Since(t.grown) > stallTime
	t.mu.Unlock()
	if stalled {
		t.client.preferFurthest(ctx)
	}
	head, err := attempt(ctx, t.client, func(ctx context.Context, node *endpoint) (uint64, error) {
		status, err := getFrom[Status](ctx, t.client, node, "/v1/status")
		if err != nil || t.client.trust.onNode() || status.Head <= t.head() {
			return headOf(status), err
		}
		_, err = t.client.trustedFrom(ctx, node, status.Head)
		return status.Head, err
	})
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		return t.newest, err
	}
	t.asked = time.Now()
	if head > t.newest || stalled {
		t.newest, t.grown = max(head, t.newest), t.asked
	}
	return t.newest, nil
}

func headOf(status *Status) uint64 {
	if status == nil {
		return 0
	}
	return status.Head
}

// preferFurthest asks all nodes how far they are.
func (c *Client) preferFurthest(ctx context.Context) {
	var best *endpoint
	var furthest uint64
	for _, node := range c.nodes.order() {
		bounded, cancel := context.WithTimeout(ctx, c.timeout)
		status, err := getFrom[Status](bounded, c, node, "/v1/status")
		cancel()
		if err == nil && status.Head > furthest {
			best, furthest = node, status.Head
		}
	}
	if best != nil {
		c.nodes.prefer(best)
	}
}

// scan goes through a namespace up to a height.
func (t *tracker) scan(ctx context.Context, w *watch, head uint64) error {
	for range scanBatch {
		t.mu.Lock()
		height := w.cursor + 1
		t.mu.Unlock()
		if height > head {
			return nil
		}
		if err := t.scanHeight(ctx, w, height); err != nil {
			if errors.Is(err, da.ErrPruned) {
				t.lose(w, height, err)
				return nil
			}
			return fmt.Errorf("look for what was posted in block %d: %w", height, err)
		}
	}
	return nil
}

// lose gives up flights whose blocks no node holds any more.
func (t *tracker) lose(w *watch, height uint64, cause error) {
	for f, l := range t.of(w) {
		if f.since < height {
			l.fail(f, fmt.Errorf("it cannot be told whether the blob was posted: %w", cause))
		}
	}
}

// scanHeight reads a namespace at a height, proven to be complete under a header of the
// chain, and notes for each flight whether it is there.
func (t *tracker) scanHeight(ctx context.Context, w *watch, height uint64) error {
	flights := t.of(w)
	landed, err := attempt(ctx, t.client, func(ctx context.Context, node *endpoint) ([]*flight, error) {
		header, err := t.header(ctx, node, height)
		if err != nil {
			return nil, err
		}
		found, err := t.find(ctx, node, header, w.namespace, flights)
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			f.sub.included(height)
		}
		return found, t.client.trust.check(ctx, t.client, node, header)
	})
	if err != nil {
		return err
	}
	for _, f := range landed {
		t.remove(f)
		flights[f].landed(f, height)
		delete(flights, f)
	}
	t.passed(w, flights, height)
	return nil
}

// passed notes that a height has none of these flights. No height is left out: meanwhile one
// may have come that is to be looked for from earlier on.
func (t *tracker) passed(w *watch, flights map[*flight]*lane, height uint64) {
	for f, l := range flights {
		if f.absent.CompareAndSwap(height-1, height) {
			l.rouse()
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if w.cursor == height-1 {
		w.cursor = height
	}
}

// find returns the flights that a block has, as a node proves it.
func (t *tracker) find(ctx context.Context, node *endpoint, header *chain.Header, namespace da.Namespace, flights map[*flight]*lane) ([]*flight, error) {
	entries, err := t.client.listFrom(ctx, node, namespace, header)
	if err != nil {
		return nil, err
	}
	var found []*flight
	taken := make(map[uint32]bool)
	for f := range flights {
		if f.since >= uint64(header.Height()) {
			continue
		}
		tx, ok := f.posts(entries, namespace, taken)
		if !ok {
			continue
		}
		all, err := t.elsewhere(ctx, node, header, f, tx)
		if err != nil {
			return nil, err
		}
		if all {
			taken[tx] = true
			found = append(found, f)
		}
	}
	return found, nil
}

// elsewhere tells whether a transaction posts a flight's blobs of other namespaces too.
func (t *tracker) elsewhere(ctx context.Context, node *endpoint, header *chain.Header, f *flight, tx uint32) (bool, error) {
	seen := map[da.Namespace]bool{f.sub.infos[0].Namespace: true}
	for i := range f.sub.infos {
		namespace := f.sub.infos[i].Namespace
		if seen[namespace] {
			continue
		}
		seen[namespace] = true
		entries, err := t.client.listFrom(ctx, node, namespace, header)
		if err != nil || !f.matches(entries, namespace, tx) {
			return false, err
		}
	}
	return true, nil
}

// headerKey is what a header is remembered by.
type headerKey struct {
	node   *endpoint
	height uint64
}

// maxHeaders bounds the headers that are remembered.
const maxHeaders = 256

// header asks a node for a header, once.
func (t *tracker) header(ctx context.Context, node *endpoint, height uint64) (*chain.Header, error) {
	key := headerKey{node, height}
	t.mu.Lock()
	header := t.headers[key]
	t.mu.Unlock()
	if header != nil {
		return header, nil
	}
	header, err := t.client.headerFrom(ctx, node, height)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.headers) >= maxHeaders || t.headers == nil {
		t.headers = make(map[headerKey]*chain.Header)
	}
	t.headers[key] = header
	return header, nil
}
